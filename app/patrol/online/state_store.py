"""SQL of `handheld_state`: one row a handheld; the newest state and the newest end of the app win, in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection


@dataclass(frozen=True, slots=True)
class StateRow:
    """A row of `handheld_state`."""

    county_code: str
    device_id: UUID
    batch_id: UUID
    state_at: datetime
    reported_at: datetime
    battery_pct: int | None
    charging: bool | None
    network: str | None
    location_permission: str | None
    power_saving: bool | None
    app_version: str | None
    android_version: str | None
    storage_free_mb: int | None
    waiting_batches: int | None
    exit_reason: str | None
    exit_at: datetime | None


def newest(rows: Iterable[StateRow]) -> list[StateRow]:
    """One row a handheld, sorted by key: the latest state with the latest end of the app."""
    found: dict[tuple[str, UUID], StateRow] = {}
    for row in rows:
        key = (row.county_code, row.device_id)
        found[key] = _newer(found[key], row) if key in found else row
    return [found[key] for key in sorted(found)]


def _newer(one: StateRow, other: StateRow) -> StateRow:
    state = max(one, other, key=lambda r: (r.state_at, r.batch_id))
    ends = [(r.exit_at, r.exit_reason) for r in (one, other) if r.exit_at and r.exit_reason]
    exit_at, exit_reason = max(ends, default=(None, None))
    return replace(state, exit_at=exit_at, exit_reason=exit_reason)


_COLUMNS = attrgetter(*StateRow.__slots__)
_STATE = ", ".join(name for name in StateRow.__slots__[2:] if not name.startswith("exit_"))


def _both(names: str) -> str:
    """The same columns of the row that is there and of the one that comes, as two rows."""
    columns = [name.strip() for name in names.split(",")]
    rows = (", ".join(f"{row}.{name}" for name in columns) for row in ("h", "excluded"))
    return "(VALUES ({}), ({}))".format(*rows) + f" AS x({names})"


UPSERT = f"""
INSERT INTO handheld_state AS h ({", ".join(StateRow.__slots__)})
SELECT * FROM unnest(%b::text[], %b::uuid[], %b::uuid[], %b::timestamptz[], %b::timestamptz[], %b::smallint[],
                     %b::bool[], %b::text[], %b::text[], %b::bool[], %b::text[], %b::text[], %b::int[], %b::int[],
                     %b::text[], %b::timestamptz[])
ON CONFLICT (county_code, device_id) DO UPDATE SET
    ({_STATE}) = (SELECT {_STATE} FROM {_both(_STATE)} ORDER BY state_at DESC, batch_id DESC LIMIT 1),
    (exit_reason, exit_at) = (SELECT * FROM {_both("exit_reason, exit_at")}
                               ORDER BY exit_at DESC NULLS LAST, exit_reason DESC LIMIT 1)
 WHERE (excluded.state_at, excluded.batch_id) > (h.state_at, h.batch_id)
    OR excluded.exit_at IS NOT NULL
       AND (h.exit_at IS NULL OR (excluded.exit_at, excluded.exit_reason) > (h.exit_at, h.exit_reason))
"""


async def store_states(session: AsyncSession, rows: Sequence[StateRow]) -> None:
    """Keeps what is newer than what is known of each handheld."""
    rows = newest(rows)
    if rows:
        columns = zip(*(_COLUMNS(row) for row in rows), strict=True)
        await (await driver_connection(session)).execute(UPSERT, [list(c) for c in columns])
