"""What a handheld may send in one upload, and how it is read: quickly when it is right, leniently when not.

One unreadable fix never costs the others: when the quick reading fails, every fix is read by itself.
"""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from app.patrol.fixes import PROVIDERS

FIXES_MAX = 2000
BEATS_MAX = 2000
PRESSES_MAX = 50
REPORTS_MAX = 200
REASON_MAX_CHARS = 200
CoordSys = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Cause = Literal[
    "no_permission",
    "killed",
    "no_signal",
    "battery",
    "reboot",
    "user_stop",
    "system_kill",
    "crash",
    "permission_revoked",
    "update",
]
Provider = Literal["unknown", "gps", "network", "fused", "passive", "beidou"]
assert Provider.__args__ == PROVIDERS  # type: ignore[attr-defined]  # noqa: S101

Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)] | Whole
"""RFC 3339 with offset, or Unix milliseconds."""
ClientId = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$(?!\n)")
]


class Fix(msgspec.Struct, gc=False):
    """One fix in the row form."""

    recorded_at: Instant
    longitude: float
    latitude: float
    accuracy_m: float
    time_source: Literal["gnss", "device"] = "gnss"
    speed_mps: float | None = None
    bearing_deg: float | None = None
    altitude_m: float | None = None
    battery_pct: float | None = None
    is_mock: bool = False
    provider: Provider = "unknown"
    elapsed_ms: Whole | None = None


class FixColumns(msgspec.Struct):
    """All fixes of a batch in the compact columnar form, for poor links.

    recorded_at_ms, longitude_e7 and latitude_e7 hold the first value and then the differences.
    A column of attributes has n values, or one value that holds for every fix, or is left out.
    """

    recorded_at_ms: list[Whole]
    longitude_e7: list[Whole]
    latitude_e7: list[Whole]
    accuracy_m: list[float | None]
    time_source: list[Literal["gnss", "device"]] = []
    speed_mps: list[float | None] = []
    bearing_deg: list[float | None] = []
    altitude_m: list[float | None] = []
    battery_pct: list[float | None] = []
    is_mock: list[bool] = []
    provider: list[Provider] = []
    elapsed_ms: list[Whole | None] = []


class Press(msgspec.Struct):
    """On or off duty, pressed on the handheld."""

    press_id: ClientId
    kind: Literal["on", "off"]
    pressed_at: Instant


class Report(msgspec.Struct):
    """Why fixes are missing around an instant, as far as the handheld knows."""

    at: Instant
    cause: Cause


class Envelope(msgspec.Struct, kw_only=True):
    """Everything of an upload but its fixes."""

    batch_id: ClientId
    coord_sys: CoordSys
    sent_at: Instant
    boot_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    sent_elapsed_ms: Whole | None = None
    clock_offset_ms: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)] = 0
    app_version: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    config_version: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    beats: Annotated[list[Instant], msgspec.Meta(max_length=BEATS_MAX)] = []
    presses: Annotated[list[Press], msgspec.Meta(max_length=PRESSES_MAX)] = []
    reports: Annotated[list[Report], msgspec.Meta(max_length=REPORTS_MAX)] = []
    state: Any = None  # read by itself (`online.state`): what is wrong in it must not cost the upload
    columns: FixColumns | None = None


class Upload(Envelope, kw_only=True):
    """An upload whose fixes are all readable."""

    fixes: list[Fix] = []


class LenientUpload(Envelope, kw_only=True):
    """An upload whose fixes are read one by one."""

    fixes: list[Any] = []


class Unreadable(ValueError):
    """The body is not JSON, or its envelope breaks the rules. `field` names the place, if it is known."""

    def __init__(self, reason: str, field: str = "") -> None:
        # it may quote what was sent: NUL bytes and lone surrogates fit neither the database nor an answer
        self.reason = "".join(c if c.isprintable() else "\ufffd" for c in reason)[:REASON_MAX_CHARS]
        self.field = field
        super().__init__(self.reason)


_decoder = msgspec.json.Decoder(Upload)
MISFITS = (msgspec.ValidationError, OverflowError, RecursionError, UnicodeEncodeError)
"""What converting raises: the last one for a lone surrogate where a word of a list is asked for."""


def read(body: bytes) -> tuple[Envelope, list[Fix | None], dict[int, str]]:
    """The envelope, the fixes (None where unreadable), and why, by index. Raises Unreadable."""
    upload: Upload | LenientUpload
    try:
        upload = _decoder.decode(body)
        fixes: list[Fix | None] = upload.fixes  # type: ignore[assignment]
        reasons: dict[int, str] = {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        upload, fixes, reasons = _read_leniently(body)
    if upload.columns is not None and fixes:
        raise Unreadable("fixes come in rows or in columns, not in both", "columns")
    return upload, fixes, reasons


def _read_leniently(body: bytes) -> tuple[LenientUpload, list[Fix | None], dict[int, str]]:
    try:
        # NaN and Infinity are not JSON, but Python and JavaScript handhelds send them: they become null
        raw = json.loads(body, parse_constant=lambda _name: None, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise Unreadable("JSON") from error
    try:
        upload = msgspec.convert(raw, LenientUpload)
    except MISFITS as error:
        reason, _, field = str(error).partition(" - at ")
        raise Unreadable(reason, field.strip("`").removeprefix("$").removeprefix(".")) from error
    fixes: list[Fix | None] = []
    reasons: dict[int, str] = {}
    for index, item in enumerate(upload.fixes[: FIXES_MAX + 1]):  # one too many is refused, unread
        try:
            fixes.append(msgspec.convert(item, Fix))
        except MISFITS as error:
            fixes.append(None)
            reasons[index] = str(error)
    return upload, fixes, reasons


def _whole(digits: str) -> int | float:
    """A whole number; one of more digits than Python reads is as good as infinite."""
    return int(digits) if len(digits) < 400 else float(digits)


def fix_count(upload: Envelope, fixes: list[Fix | None]) -> int:
    """Number of fixes in either form."""
    return len(upload.columns.recorded_at_ms) if upload.columns is not None else len(fixes)
