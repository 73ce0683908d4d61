"""The event log: one row for every write, in the writer's transaction, sealed afterwards in a hash chain.

Readers follow `seq`, which the sealing job gives to committed events only (docs/decisions/0002).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    Row,
    String,
    Text,
    select,
    text,
)
from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from uuid6 import uuid7

from app.kit.db import Base, driver_connection

ActorKind = Literal["account", "device", "partner", "system"]
SEAL_LOCK = 0x57414E47
SEAL_CHUNK = 5000
_ord = DatabaseSequence("event_ord_seq", cache=1, metadata=Base.metadata)


@dataclass(frozen=True, slots=True)
class EventActor:
    """Who did it."""

    kind: ActorKind
    id: UUID | None


SYSTEM = EventActor("system", None)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be recorded: `type` is "<subject>.<past participle>", `data` JSON without personal data."""

    type: str
    subject: tuple[str, UUID]
    data: Mapping[str, Any]
    area_id: UUID | None = None


class Event(Base):
    """One row of the log. Append-only: a trigger lets `seq` and `hash` go from null to a value, once."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_county_code_seq", "county_code", "seq"),
        Index("ix_event_county_code_area_id_seq", "county_code", "area_id", "seq"),
        Index("ix_event_unsealed", "county_code", "ord", postgresql_where=text("seq IS NULL")),
        Index("ix_event_county_code_subject", "county_code", "subject_type", "subject_id"),
        Index(
            "ix_event_inspectors",
            text("(data -> 'inspector_ids')"),
            postgresql_using="gin",
            postgresql_where=text("data ? 'inspector_ids'"),
        ),
        CheckConstraint("actor_kind IN ('account', 'device', 'partner', 'system')", name="actor_kind"),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    ord: Mapped[int] = mapped_column(BigInteger, _ord, server_default=_ord.next_value())
    seq: Mapped[int | None] = mapped_column(BigInteger)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    type: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    area_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class EventHead(Base):
    """Where each county's chain ends."""

    __tablename__ = "event_head"

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


# One statement and one parameter for any number of rows: arrays cost the driver more than JSON costs the database.
RECORD = """
INSERT INTO event (county_code, occurred_at, actor_kind, actor_id, id, type, subject_type, subject_id, area_id, data)
SELECT %s, %s, %s, %s, (e ->> 0)::uuid, e ->> 1, e ->> 2, (e ->> 3)::uuid, (e ->> 4)::uuid, (e -> 5)::jsonb
  FROM json_array_elements(%s::json) WITH ORDINALITY AS x(e, n)
 ORDER BY n
"""


async def record(
    session: AsyncSession,
    actor: EventActor,
    type_: str,
    subject: tuple[str, UUID],
    data: Mapping[str, Any],
    *,
    county_code: str,
    now: datetime,
    area_id: UUID | None = None,
) -> UUID:
    """Writes one event into the caller's transaction and returns its id.

    type_ is "<subject>.<past participle>" ("device.revoked"); `data` is JSON without personal data.
    Call it after the subject's row is written or locked: `ord` then puts causes before effects.
    """
    event = NewEvent(type_, subject, data, area_id)
    return (await record_many(session, actor, [event], county_code=county_code, now=now))[0]


async def record_many(
    session: AsyncSession, actor: EventActor, new: Sequence[NewEvent], *, county_code: str, now: datetime
) -> list[UUID]:
    """`record` for many events with one statement; their order is kept. Returns their ids."""
    if not new:
        return []
    await session.flush()  # the subjects' row locks are taken before `ord` is drawn
    ids: list[UUID] = [uuid7() for _ in new]
    rows = [
        [
            str(id_),
            event.type,
            event.subject[0],
            str(event.subject[1]),
            _text(event.area_id),
            dict(event.data),
        ]
        for id_, event in zip(ids, new, strict=True)
    ]
    connection = await driver_connection(session)
    await connection.execute(RECORD, [county_code, now, actor.kind, actor.id, json.dumps(rows)])
    return ids


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


async def seal(session: AsyncSession, *, limit: int = SEAL_CHUNK) -> int:
    """Gives up to `limit` committed events their `seq` and `hash`, in insertion order; returns how many.

    One sealer at a time (an advisory lock of the transaction); a second one returns 0 at once.
    """
    if not await session.scalar(select(text("pg_try_advisory_xact_lock(:key)")), {"key": SEAL_LOCK}):
        return 0
    rows = (
        await session.execute(
            select(Event.__table__)
            .where(Event.seq.is_(None))
            .order_by(Event.county_code, Event.ord)
            .limit(limit)
        )
    ).all()
    if not rows:
        return 0
    heads = {
        h.county_code: (h.seq, h.hash) for h in (await session.execute(select(EventHead.__table__))).all()
    }
    sealed = []
    for row in rows:
        seq, previous = heads.get(row.county_code, (0, b""))
        heads[row.county_code] = (seq + 1, link(previous, seq + 1, row))
        sealed.append((row, *heads[row.county_code]))
    await session.execute(
        text(
            "UPDATE event e SET seq = s.seq, hash = s.hash FROM unnest("
            "cast(:counties AS text[]), cast(:ids AS uuid[]), cast(:times AS timestamptz[]), "
            "cast(:seqs AS bigint[]), cast(:hashes AS bytea[])) AS s(county, id, at, seq, hash) "
            "WHERE e.county_code = s.county AND e.id = s.id AND e.occurred_at = s.at"
        ),
        {
            "counties": [r.county_code for r, _, _ in sealed],
            "ids": [r.id for r, _, _ in sealed],
            "times": [r.occurred_at for r, _, _ in sealed],
            "seqs": [s for _, s, _ in sealed],
            "hashes": [h for _, _, h in sealed],
        },
    )
    await session.execute(
        text(
            "INSERT INTO event_head (county_code, seq, hash) SELECT * FROM unnest("
            "cast(:counties AS text[]), cast(:seqs AS bigint[]), cast(:hashes AS bytea[])) "
            "ON CONFLICT (county_code) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
        ),
        {
            "counties": list(heads),
            "seqs": [seq for seq, _ in heads.values()],
            "hashes": [hash_ for _, hash_ in heads.values()],
        },
    )
    return len(rows)


def link(previous: bytes, seq: int, row: Row[Any]) -> bytes:
    """SHA-256 over the hash before, the place in the chain and every column that was recorded."""
    content = [
        seq,
        row.county_code,
        row.id,
        row.occurred_at.astimezone(UTC).isoformat(),
        row.actor_kind,
        row.actor_id,
        row.type,
        row.subject_type,
        row.subject_id,
        row.area_id,
        row.data,
    ]
    return hashlib.sha256(previous + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
