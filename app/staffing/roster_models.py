"""Tables of what changes the plan: absences, area-wide exemptions, swaps of grids.

The view `effective_shift` (migration 0007) lays absences and exemptions over the shifts; whoever asks what holds
of the plan reads it, not `shift`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

COUNTY_CODE = String(6, collation="C")
CODE = String(20, collation="C")
INSTANT = DateTime(timezone=True)
BOUNDED = (
    "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND lower_inc(during) "
    "AND NOT upper_inc(during)"
)


class Absence(Base):
    """An inspector is away during `during`: leave, training, meeting, … Counts once `approved`."""

    __tablename__ = "absence"
    __table_args__ = (
        ExcludeConstraint(
            ("county_code", "="),
            ("inspector_id", "="),
            ("during", "&&"),
            name="ex_absence_inspector",
            using="gist",
            where=text("state IN ('requested', 'approved')"),
        ),
        CheckConstraint(BOUNDED, name="during"),
        CheckConstraint("state IN ('requested', 'approved', 'refused', 'withdrawn')", name="state"),
        CheckConstraint(
            "(state = 'requested') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name="decided",
        ),
        Index(
            "ix_absence_approved",
            "county_code",
            "inspector_id",
            postgresql_where=text("state = 'approved'"),
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    kind: Mapped[str] = mapped_column(CODE, ForeignKey("day_kind.code"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(CODE)
    requested_by: Mapped[UUID]
    requested_at: Mapped[datetime] = mapped_column(INSTANT)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(INSTANT)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)


class Exemption(Base):
    """Nobody below `area_id` is expected as planned during `during`: base station down, ferries stopped, …"""

    __tablename__ = "exemption"
    __table_args__ = (
        ExcludeConstraint(
            ("area_id", "="),
            ("during", "&&"),
            name="ex_exemption_area",
            using="gist",
            where=text("cancelled_at IS NULL"),
        ),
        CheckConstraint(BOUNDED, name="during"),
        CheckConstraint(
            "num_nonnulls(cancelled_at, cancelled_by, cancel_reason) IN (0, 3)", name="cancelled"
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    kind: Mapped[str] = mapped_column(CODE, ForeignKey("day_kind.code"))
    reason: Mapped[str] = mapped_column(Text)
    document_no: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    cancelled_at: Mapped[datetime | None] = mapped_column(INSTANT)
    cancelled_by: Mapped[UUID | None]
    cancel_reason: Mapped[str | None] = mapped_column(Text)


class GridSwap(Base):
    """Two inspectors exchange grids, or one takes over the other's, during `during`.

    The appointments themselves say who serves what. `replaced` is what they were before (JSON list, see
    `swap_record`), `made` the ids of the new ones: together they undo it.
    """

    __tablename__ = "grid_swap"
    __table_args__ = (
        CheckConstraint(BOUNDED, name="during"),
        CheckConstraint("mode IN ('swap', 'substitution')", name="mode"),
        CheckConstraint("inspector_id <> other_id", name="two"),
        CheckConstraint("num_nonnulls(undone_at, undone_by) IN (0, 2)", name="undone"),
        Index("ix_grid_swap_inspector_id", "inspector_id"),
        Index("ix_grid_swap_other_id", "other_id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(CODE)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    other_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    reason: Mapped[str] = mapped_column(Text)
    replaced: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    made: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    undone_at: Mapped[datetime | None] = mapped_column(INSTANT)
    undone_by: Mapped[UUID | None]
