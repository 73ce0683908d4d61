"""Tables of the rule book and the working calendar. Small, shared reference tables without county_code."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base


class Edition(Base):
    """Which edition of the rules, the calendar, the catalogue or the areas is current.

    `stamp` changes with every edition and never comes back, not even after a rollback or a restore, so
    processes may keep what they read for as long as it stays the same. Triggers begin editions of the last two.
    """

    __tablename__ = "rule_book"
    __table_args__ = (CheckConstraint("book IN ('rules', 'calendar', 'catalogue', 'areas')", name="book"),)

    book: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    stamp: Mapped[UUID]


class RuleValue(Base):
    """One decision about one parameter. Append-only (trigger): a change is a new row.

    `value` null hands the parameter back to what the wider area says. `decided_by` is an account; it has no
    foreign key, because accounts lie above the rules.
    """

    __tablename__ = "rule_value"
    __table_args__ = (
        UniqueConstraint("version"),
        CheckConstraint("effective_to > effective_from", name="effective_order"),
        CheckConstraint("source <> ''", name="source"),
        Index("ix_rule_value_parameter_key_version", "parameter_key", "version"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parameter_key: Mapped[str] = mapped_column(String(80, collation="C"))
    area_id: Mapped[UUID | None] = mapped_column(ForeignKey("area.id"))
    effective_from: Mapped[date] = mapped_column(Date)
    effective_to: Mapped[date | None] = mapped_column(Date)
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    source: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger)


class ListedDay(Base):
    """A day that differs from the plain week, everywhere (`area_id` null) or in one area."""

    __tablename__ = "work_calendar"
    __table_args__ = (
        UniqueConstraint("day", "area_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("kind IN ('workday', 'makeup_workday', 'holiday', 'closure')", name="kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    area_id: Mapped[UUID | None] = mapped_column(ForeignKey("area.id"))
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    provisional: Mapped[bool]


class PublishedYear(Base):
    """A year whose official list of holidays and make-up workdays is stored; all others are provisional."""

    __tablename__ = "work_calendar_year"
    __table_args__ = (CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),)

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
