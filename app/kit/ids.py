"""Fixed ids of the demo county, so that examples in the API pages work on the first click.

New rows get `uuid6.uuid7()`; only the demo loader uses these.
"""

from datetime import date
from uuid import UUID, uuid5

DEMO_NAMESPACE = UUID("6f0c1a52-9d9b-5e0e-8f51-330921000000")


def demo_id(kind: str, name: str) -> UUID:
    """The id of a demo row: uuid5 of its kind ("area", "grid", "account", …) and its natural name."""
    return uuid5(DEMO_NAMESPACE, f"{kind}/{name}")


DEMO_COUNTY_CODE = "330921"
DEMO_TOWN_CODE = "330921100000"
DEMO_COMMUNITY_CODE = "330921100001"
DEMO_GRID_CODE = "330921100001001"
DEMO_BOAT_GRID_CODE = "330921106002006"

DEMO_CITY = demo_id("area", "330900000000")
DEMO_COUNTY = demo_id("area", "330921000000")
DEMO_TOWN = demo_id("area", DEMO_TOWN_CODE)
DEMO_COMMUNITY = demo_id("area", DEMO_COMMUNITY_CODE)
DEMO_GRID = demo_id("grid", DEMO_GRID_CODE)
DEMO_BOAT_GRID = demo_id("grid", DEMO_BOAT_GRID_CODE)
DEMO_INSPECTOR = demo_id("account", f"inspector/{DEMO_GRID_CODE}")
DEMO_DEVICE = demo_id("device", DEMO_GRID_CODE)
DEMO_BINDING = demo_id("binding", DEMO_GRID_CODE)
DEMO_APPOINTMENT = demo_id("appointment", DEMO_GRID_CODE)
DEMO_ABSENCE = demo_id("absence", DEMO_GRID_CODE)
"""A request for leave that waits for a decision."""
DEMO_EXEMPTION = demo_id("exemption", DEMO_COMMUNITY_CODE)
DEMO_SWAP = demo_id("grid_swap", DEMO_GRID_CODE)
DEMO_SPARE_APPOINTMENT = demo_id("appointment", "spare")
DEMO_SPARE_SHIFT = demo_id("shift", "spare")
"""Spare rows that visitors may change and cancel: the demo inspector goes on working."""
DEMO_DAY = date(2026, 10, 16)
"""The service day that the demo inspector has walked."""
DEMO_BATCH = demo_id("batch", DEMO_GRID_CODE)
DEMO_COMMUNITY_SUPERVISOR = demo_id("account", f"community/{DEMO_COMMUNITY_CODE}")
DEMO_TOWN_SUPERVISOR = demo_id("account", f"township/{DEMO_TOWN_CODE}")
DEMO_COUNTY_SUPERVISOR = demo_id("account", f"county/{DEMO_COUNTY_CODE}")
DEMO_FOREIGN_SUPERVISOR = demo_id("account", "county/440304")
DEMO_PENDING_ACCOUNT = demo_id("account", "inspector/pending")
"""Made by the demo's system administrator, waiting for approval."""
DEMO_SPARE_DEVICE = demo_id("device", "spare")
DEMO_SPARE_INSPECTOR = demo_id("account", "inspector/spare")
DEMO_SPARE_SERIAL_NO = "WG-330921-900000"
DEMO_ACTIVATION_CODE = "33092100"
DEMO_QUARANTINED = demo_id("quarantine", DEMO_GRID_CODE)
DEMO_APPEAL = demo_id("appeal", "330921102218002")
"""The appeal that waits for its decision, once the fortnight is loaded: of the tenth grid of its town."""
DEMO_HOLD = demo_id("legal_hold", DEMO_GRID_CODE)
DEMO_SIGNAL = demo_id("signal", DEMO_GRID_CODE)
DEMO_PERSON = demo_id("person", "resident")
"""A registered resident of the demo grid, living in DEMO_DWELLING of DEMO_BUILDING."""
DEMO_HOUSEHOLD = demo_id("household", "resident")
DEMO_DWELLING = demo_id("dwelling", "resident")
DEMO_BUILDING = demo_id("building", "1")
DEMO_ORGANIZATION = demo_id("organization", "1")
DEMO_COMPONENT = demo_id("component", "1")
DEMO_PLACE = demo_id("place", "1")
"""A key place of the demo grid."""
DEMO_ESTATE = demo_id("place", "estate")
"""The estate that the demo buildings are part of."""
DEMO_LINK = demo_id("link", "1")
"""DEMO_ORGANIZATION owns DEMO_BUILDING, as an office entered it."""
DEMO_DUPLICATE = demo_id("duplicate", "1")
"""DEMO_PERSON entered a second time; waits for a decision."""
DEMO_MERGE = demo_id("merge", "1")
"""DEMO_COMPONENT entered a second time and merged."""
DEMO_STATE = demo_id("state", "1")
"""That DEMO_PERSON moved, which may be voided."""
DEMO_SUBMISSION = demo_id("submission", "1")
DEMO_CONFLICT = uuid5(demo_id("submission", "late"), "education")
"""The id that a conflict of this field of this submission has (`submissions.writing`)."""
DEMO_TASK = demo_id("task", "1")
DEMO_VISIT = demo_id("visit", "1")
DEMO_KEY_SUBJECT = demo_id("key_subject", "1")
"""The designation of DEMO_PLACE."""
DEMO_UPLOAD = demo_id("upload", "1")
DEMO_AFFAIR = demo_id("affair", "1")
DEMO_DECLARATION = demo_id("declaration", "1")
"""Waits for its verification, which is DEMO_TASK."""
DEMO_DECLARATION_TOKEN = "33092100DEM0DEC1ARAT10N001"  # noqa: S105 - printed on a poster
"""In the address of the demo grid's public page: /declare/33092100DEM0DEC1ARAT10N001"""
DEMO_TIP = demo_id("tip", "1")
"""Waits for the weekly meeting."""
