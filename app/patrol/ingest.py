"""Ingest: a group of uploads becomes receipts, batches and newer patrol days, in one transaction.

Appends only; figures are the folder's business. Everything is set-based: the number of statements does
not depend on the size of the group. Rows of every statement are sorted by key, against deadlocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.problems import LoginRevoked
from app.kit.clock import to_ms
from app.kit.problems import Problem
from app.patrol import batches, door, quarantine
from app.patrol.arrival import Arrival
from app.patrol.batch_rows import batch_rows
from app.patrol.batches import BatchKey, BatchRow, DayKey, DayNow, DayTouch, ReceiptRow
from app.patrol.context import Contexts, DeviceContext, load_contexts, load_duty
from app.patrol.door import Disposition
from app.patrol.online.state_store import StateRow, store_states
from app.patrol.online.states import judge_state, state_row
from app.patrol.placing import Binding, Duty, binding_at
from app.patrol.presses import Pressed, record_presses
from app.patrol.problems import BatchDiffers, DeviceNeeded, RevokedDeviceQuarantined
from app.patrol.quarantine import QuarantineRow, quarantine_row
from app.patrol.results import Result, result_for, result_of


@dataclass(slots=True)
class Answer:
    """What the handheld is told."""

    batch_id: UUID
    is_repetition: bool
    result: Result
    context: DeviceContext
    service_day: date | None
    day: DayNow | None


@dataclass(slots=True)
class _Group:
    """What the statements of one group write, by upload."""

    now: datetime
    zone: ZoneInfo
    fresh: dict[BatchKey, Arrival] = field(default_factory=dict)
    receipts: dict[BatchKey, ReceiptRow] = field(default_factory=dict)
    rows: dict[BatchKey, list[BatchRow]] = field(default_factory=dict)
    quarantined: list[QuarantineRow] = field(default_factory=list)

    def today(self) -> date:
        """The date on the wall."""
        return self.now.astimezone(self.zone).date()


async def ingest_group(
    session: AsyncSession,
    arrivals: Sequence[Arrival],
    *,
    now: datetime,
    zone: ZoneInfo,
    vouched: bool = False,
) -> list[Answer | Problem]:
    """One answer or refusal for each upload, in order; all of it holds once the transaction commits.

    now: when they were received. vouched: a supervisor releases them, so a revoked device is as good as any.
    """
    group = _Group(now, zone)
    known = await batches.find_receipts(session, [a.key for a in arrivals])
    logins = [(a.county_code, a.login_id) for a in arrivals if a.login_id is not None]
    contexts = await load_contexts(session, [a.device_key for a in arrivals], logins, today=group.today())
    if vouched:
        contexts = {key: replace(context, is_revoked=False) for key, context in contexts.items()}
    _sort_out(arrivals, known, contexts, group)
    fresh = list(group.fresh.values())
    pressed = await record_presses(session, fresh, contexts, now=now, zone=zone)
    duty = await load_duty(session, fresh, contexts, now=now, zone=zone)
    for arrival in fresh:
        _place(arrival, contexts[arrival.device_key], duty, pressed, group)
    known |= await _write(session, group)
    await batches.touch_days(session, _touches(arrivals, contexts, group, pressed), now)
    kept = await quarantine.keep(session, group.quarantined)
    wanted = [_day_of_interest(a, contexts, group) for a in arrivals]
    days = await batches.find_days(session, sorted({key for key in wanted if key}))
    await store_states(session, _states(arrivals, known, contexts, group))
    return [
        _answer(a, known, group, contexts, kept, day, days) for a, day in zip(arrivals, wanted, strict=True)
    ]


def _sort_out(
    arrivals: Sequence[Arrival], known: Mapping[BatchKey, ReceiptRow], contexts: Contexts, group: _Group
) -> None:
    """Finds what is to be written: not yet known, the first of its id, from an accepted device."""
    for arrival in arrivals:
        context = contexts.get(arrival.device_key)
        if context is None:
            continue
        if arrival.state is not None:
            judge_state(arrival, context.rules.believed_ms(group.now))
        if context.is_revoked:
            group.quarantined.append(_quarantined(arrival, context, "revoked_device", "", group.now))
        elif arrival.key not in known and arrival.login_id not in context.ended_logins:
            group.fresh.setdefault(arrival.key, arrival)


def _place(arrival: Arrival, context: DeviceContext, duty: Duty, pressed: Pressed, group: _Group) -> None:
    if context.rules.policy == "off":
        everything = np.ones(len(arrival.parcel.fixes), bool)
        arrival.parcel.refuse(everything, Disposition.POLICY_OFF)
    door.judge_times(arrival.parcel, context.rules.believed_ms(group.now))
    rows = group.rows[arrival.key] = batch_rows(arrival, context, duty, group.now)
    result = result_for(arrival, rows, pressed)
    group.receipts[arrival.key] = ReceiptRow(
        *arrival.key,
        arrival.device_id,
        group.now,
        arrival.digest,
        len(arrival.parcel.fixes),
        result.beats_stored,
        result.reports_stored,
        None if result.is_usual else msgspec.json.encode(result).decode(),
    )
    if (arrival.parcel.disposition == Disposition.INVALID).any():
        # fixes that nobody could read are kept as they came, for a person to look at
        group.quarantined.append(
            _quarantined(arrival, context, "invalid_fixes", msgspec.json.encode(result).decode(), group.now)
        )


def _quarantined(
    arrival: Arrival, context: DeviceContext, reason: str, detail: str, now: datetime
) -> QuarantineRow:
    return quarantine_row(
        arrival.county_code,
        context.area_id,
        arrival.device_id,
        arrival.batch_id,
        reason,
        detail,
        arrival.body,
        now,
        # a retry is sent at another time, so its body differs
        content=arrival.batch_id.bytes + arrival.digest,
    )


async def _write(session: AsyncSession, group: _Group) -> dict[BatchKey, ReceiptRow]:
    """Writes receipts, then the rows of those that are ours; returns receipts that another process won."""
    ours = await batches.insert_receipts(session, list(group.receipts.values()))
    lost = [key for key in group.receipts if key not in ours]
    for key in lost:
        del group.fresh[key], group.rows[key], group.receipts[key]
    await batches.insert_batches(session, [row for rows in group.rows.values() for row in rows])
    return await batches.find_receipts(session, lost) if lost else {}


def _touches(
    arrivals: Sequence[Arrival], contexts: Contexts, group: _Group, pressed: Pressed
) -> Sequence[DayTouch]:
    """Days with new inputs, and the minute in which the present holders were heard."""
    touches: dict[DayKey, DayTouch] = {}

    def at(new: DayTouch) -> DayTouch:
        return touches.setdefault((new.county_code, new.inspector_id, new.service_day), new)

    for county_code, inspector_id, area_id, day in pressed.days:
        at(DayTouch(county_code, inspector_id, day, area_id)).inputs += 1
    for rows in group.rows.values():
        for row in rows:
            touch = at(DayTouch(row.county_code, row.inspector_id, row.day, row.area_id))
            touch.inputs += 1
            if row.last is not None:
                touch.last = max(touch.last or row.last, row.last)
    local = group.now.astimezone(group.zone)
    for arrival in arrivals:
        holder = _holder(arrival, contexts, group.now)
        if holder is not None:
            heard = at(DayTouch(arrival.county_code, holder.inspector_id, local.date(), holder.area_id))
            heard.minute = local.hour * 60 + local.minute
    return list(touches.values())


def _states(
    arrivals: Sequence[Arrival],
    known: Mapping[BatchKey, ReceiptRow],
    contexts: Contexts,
    group: _Group,
) -> list[StateRow]:
    """What the handhelds tell of themselves, also with a repetition; nothing that comes with other content."""
    told = [a for a in arrivals if a.state is not None and _is_accepted(a, contexts)]
    rows = (state_row(a, group.now) for a in told if _is_same(a, known.get(a.key) or group.receipts[a.key]))
    return [row for row in rows if row is not None]


def _is_accepted(arrival: Arrival, contexts: Contexts) -> bool:
    """Whether the handheld exists, is not revoked, and its login has not ended."""
    context = contexts.get(arrival.device_key)
    return context is not None and not context.is_revoked and arrival.login_id not in context.ended_logins


def _is_same(arrival: Arrival, receipt: ReceiptRow) -> bool:
    return receipt.digest == arrival.digest and receipt.device_id == arrival.device_id


def _holder(arrival: Arrival, contexts: Contexts, now: datetime) -> Binding | None:
    """Whose handheld it is now; nobody's when it is revoked."""
    if not _is_accepted(arrival, contexts):
        return None
    return binding_at(contexts[arrival.device_key].bindings, to_ms(now))


def _day_of_interest(arrival: Arrival, contexts: Contexts, group: _Group) -> DayKey | None:
    """The day that the answer speaks of: the holder's latest in this upload, else the holder's today.

    Never a former holder's: after a handover the handheld still delivers his backlog, and shows none of it.
    """
    holder = _holder(arrival, contexts, group.now)
    if holder is None:
        return None
    days = [row.day for row in group.rows.get(arrival.key, ()) if row.inspector_id == holder.inspector_id]
    return arrival.county_code, holder.inspector_id, max(days, default=group.today())


def _answer(
    arrival: Arrival,
    known: Mapping[BatchKey, ReceiptRow],
    group: _Group,
    contexts: Contexts,
    kept: Mapping[tuple[UUID | None, bytes], UUID],
    day: DayKey | None,
    days: Mapping[DayKey, DayNow],
) -> Answer | Problem:
    context = contexts.get(arrival.device_key)
    if context is None:
        return DeviceNeeded()
    if context.is_revoked:
        digest = next(q.digest for q in group.quarantined if q.body is arrival.body)
        return RevokedDeviceQuarantined(quarantine_id=str(kept[arrival.device_id, digest]))
    if arrival.login_id in context.ended_logins:
        return LoginRevoked()
    receipt = known.get(arrival.key) or group.receipts[arrival.key]
    if not _is_same(arrival, receipt):
        return BatchDiffers(
            batch_id=str(arrival.batch_id),
            stored_digest=receipt.digest.hex(),
            sent_digest=arrival.digest.hex(),
        )
    is_repetition = group.fresh.get(arrival.key) is not arrival
    return Answer(
        arrival.batch_id,
        is_repetition,
        result_of(receipt),
        context,
        day[2] if day else None,
        days.get(day) if day else None,
    )
