"""What a handheld tells of itself in the `state` of an upload, and how it is read. Pure.

A value that makes no sense costs only itself, never the rest of the state, let alone the fixes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

Network = Literal["none", "2g", "3g", "4g", "5g", "wifi"]
LocationPermission = Literal["none", "foreground", "background"]
ExitReason = Literal["user_stop", "system_kill", "crash", "reboot", "permission_revoked", "update", "unknown"]
UNTOLD: Final = "unknown"
"""An end of the app of which the system told no reason: it explains no gap."""
Whole31 = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
_Instant = Annotated[datetime, msgspec.Meta(tz=True)] | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class ToldState(msgspec.Struct):
    """The handheld as it is when it sends; every field may be left out.

    exit_reason, exit_at  the last end of the app's process, as Android's ApplicationExitInfo tells it; both or
                          neither. Unlike the rest it is an input of the day: it says why fixes are missing.
    """

    battery_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    charging: bool | None = None
    network: Network | None = None
    location_permission: LocationPermission | None = None
    power_saving: bool | None = None
    android_version: Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[ -~]*$(?!\n)")] | None = None
    storage_free_mb: Whole31 | None = None
    waiting_batches: Whole31 | None = None
    exit_reason: ExitReason | None = None
    exit_at: _Instant | None = None


_TYPES = {f.name: f.type for f in msgspec.structs.fields(ToldState)}
_MISFITS = (msgspec.ValidationError, OverflowError, RecursionError, UnicodeEncodeError)


@dataclass(slots=True)
class ReadState:
    """A state and the names of its fields that could not be read; `state` where it is no object at all."""

    told: ToldState
    refused: list[str]

    @property
    def exit(self) -> tuple[ExitReason, datetime | int] | None:
        """Reason and instant of the app's last end, device clock; None when not told."""
        if self.told.exit_reason is None or self.told.exit_at is None:
            return None
        return self.told.exit_reason, self.told.exit_at

    def refuse(self, name: str) -> None:
        """Names a field as refused, once."""
        if name not in self.refused:
            self.refused.append(name)

    def refuse_exit(self) -> None:
        """Takes the end of the app for untold: its time cannot be believed."""
        self.told.exit_reason = self.told.exit_at = None
        self.refuse("exit_at")


def read_state(raw: Any) -> ReadState | None:
    """The state in an upload, field by field; None where none was sent."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return ReadState(ToldState(), ["state"])
    try:
        read = ReadState(msgspec.convert(raw, ToldState), [])
    except _MISFITS:
        read = _field_by_field(raw)
    for name, other in (("exit_reason", "exit_at"), ("exit_at", "exit_reason")):
        if getattr(read.told, name) is None and getattr(read.told, other) is not None:
            setattr(read.told, other, None)
            read.refuse(name)
    return read


def _field_by_field(raw: dict[str, Any]) -> ReadState:
    read = ReadState(ToldState(), [])
    for name, kind in _TYPES.items():
        if name in raw:
            try:
                setattr(read.told, name, msgspec.convert(raw[name], kind))
            except _MISFITS:
                read.refused.append(name)
    return read
