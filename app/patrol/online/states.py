"""From the `state` of an upload to the row that is kept of its handheld. Pure."""

from datetime import datetime

from app.kit.clock import from_ms
from app.patrol.arrival import Arrival
from app.patrol.door import instant_ms
from app.patrol.online.state_store import StateRow


def judge_state(arrival: Arrival, believed_ms: tuple[int, int]) -> None:
    """Refuses what the arrival's state tells of times that the door does not believe. Twice is the same as once."""
    state = arrival.state
    if state is None:
        return
    if state.exit is not None and not _is_within(_corrected_ms(arrival, state.exit[1]), believed_ms):
        state.refuse_exit()
    if not _is_within(_corrected_ms(arrival, arrival.envelope.sent_at), believed_ms):
        state.refuse("sent_at")


def state_row(arrival: Arrival, now: datetime) -> StateRow | None:
    """What to keep of a judged state; None where there is none, or its own time cannot be believed."""
    state, envelope = arrival.state, arrival.envelope
    if state is None or {"state", "sent_at"} & set(state.refused):
        return None
    told = state.told
    reason, exit_at = state.exit or (None, None)
    return StateRow(
        county_code=arrival.county_code,
        device_id=arrival.device_id,
        batch_id=arrival.batch_id,
        state_at=from_ms(_corrected_ms(arrival, envelope.sent_at)),
        reported_at=now,
        battery_pct=None if told.battery_pct is None else round(told.battery_pct),
        charging=told.charging,
        network=told.network,
        location_permission=told.location_permission,
        power_saving=told.power_saving,
        # it comes from outside unread: what cannot be shown cannot be stored either
        app_version=envelope.app_version if (envelope.app_version or "").isprintable() else None,
        android_version=told.android_version,
        storage_free_mb=told.storage_free_mb,
        waiting_batches=told.waiting_batches,
        exit_reason=reason,
        exit_at=None if exit_at is None else from_ms(_corrected_ms(arrival, exit_at)),
    )


def server_skew_ms(arrival: Arrival, now: datetime, noted_ms: int) -> int | None:
    """The handheld's corrected clock minus ours, ms, within 31 bits; None when smaller than `noted_ms`."""
    skew_ms = _corrected_ms(arrival, arrival.envelope.sent_at) - round(now.timestamp() * 1000)
    return None if abs(skew_ms) < noted_ms else max(-(2**31), min(skew_ms, 2**31 - 1))


def _corrected_ms(arrival: Arrival, instant: datetime | int) -> int:
    return instant_ms(instant) + arrival.envelope.clock_offset_ms


def _is_within(at_ms: int, believed_ms: tuple[int, int]) -> bool:
    return believed_ms[0] <= at_ms <= believed_ms[1]
