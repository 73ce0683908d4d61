"""What each of the three administrators may use: one table, asked at every request (docs/decisions/0012).

An administrator may use what is listed here and nothing else, whatever a router allows; everybody else is
bounded by the routers alone. So a new route is closed to administrators until somebody lists it.
"""

import re
from collections.abc import Iterable, Mapping

from app.identity.actor import ADMINISTRATORS, Role

API = "/api/v1"
OWN = (
    "GET /me",
    "PUT /me/password",
    "POST /auth/logout",
    "GET /me/totp",
    "POST /me/totp",
    "POST /me/totp/confirmation",
)
"""One's own account: never one's own role, area or rights."""
PLACES = (
    "GET /areas",
    "GET /areas/*",
    "GET /areas/*/ancestors",
    "GET /areas/*/codes",
    "GET /areas/*/coverage",
    "GET /areas/*/grids.geojson",
    "GET /areas/*/outline",
    "GET /grids",
    "GET /grids/*",
    "GET /grids/at",
    "GET /grids/*/versions",
)
"""Where things are: no personal data."""
RULES = (
    "GET /rules",
    "GET /rules/parameters",
    "GET /rules/decisions",
    "POST /rules/decisions",
    "GET /calendar",
)
ACCOUNTS = (
    "GET /accounts",
    "POST /accounts",
    "POST /accounts/searches",
    "GET /accounts/*",
    "PATCH /accounts/*",
    "PUT /accounts/*/password",
    "POST /accounts/*/approval",
)

DUTIES: Mapping[Role, tuple[str, ...]] = {
    Role.SYSTEM_ADMIN: (
        *OWN,
        *PLACES,
        *RULES,
        *ACCOUNTS,
        "POST /calendar/imports",
        "GET /imports",
        "POST /imports",
        "GET /imports/*",
        "GET /imports/*/rows",
        "POST /imports/*/confirmation",
        "POST /imports/*/cancellation",
        "POST /notices",
        "GET /devices",
        "POST /devices",
        "GET /devices/*",
        "GET /devices/*/bindings",
        "POST /devices/*/activation-codes",
        "POST /devices/*/handovers",
        "POST /devices/*/loans",
        "POST /devices/*/returns",
        "POST /devices/*/reinstatements",
        "POST /devices/*/revocations",
        "GET /quarantine",
        "GET /sync/state",
        "GET /operations/status",
        "GET /operations/jobs",
        "POST /operations/jobs/retries",
        "POST /operations/jobs/*/retries",
    ),
    Role.SECURITY_ADMIN: (
        *OWN,
        *PLACES,
        *RULES,
        *ACCOUNTS,
        "POST /accounts/*/totp-removal",
        "POST /accounts/*/unlocking",
        "POST /auth/signing-keys/rotations",
    ),
    Role.AUDIT_ADMIN: (
        *OWN,
        "GET /events",
        "GET /audit/verification",
        "GET /legal-holds",
        "GET /legal-holds/*",
    ),
}
"""`VERB /path` below the API's prefix: `*` is one part of a path.

Kinds of accounts and of rules are told apart where they are changed: `actor.MANAGES`, `approval`,
`rules.access`.
"""


def may_use(role: Role, verb: str, path: str) -> bool:
    """Whether a role may use `verb` on `path` (`/api/v1/accounts/…`)."""
    if role not in ADMINISTRATORS:
        return True
    asked = f"{'GET' if verb == 'HEAD' else verb} {path.removeprefix(API)}"
    return _TABLE[role].fullmatch(asked) is not None


def _pattern(duties: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(duty).replace(r"\*", "[^/]+") for duty in duties))


_TABLE = {role: _pattern(duties) for role, duties in DUTIES.items()}
