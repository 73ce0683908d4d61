"""Tables of retention: what is kept when fixes go, what may not go, where a purged log begins."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.patrol.models import County


class LegalHold(Base):
    """Nothing of these days is purged until it is released: of one inspector, or of everybody in the area."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint("NOT isempty(days)", name="days"),
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)",
            name="released",
        ),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    days: Mapped[Range[date]] = mapped_column(DATERANGE)
    reason: Mapped[str] = mapped_column(Text)
    document_no: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    release_reason: Mapped[str | None] = mapped_column(Text)


class FrozenExplanation(Base):
    """A day as it explained itself before its fixes went: zstd-compressed JSON, and the SHA-256 of that JSON.

    `purged_at` is null while the fixes are still there (an appeal or a hold came after the freezing).
    """

    __tablename__ = "frozen_explanation"
    __table_args__ = (
        Index(
            "ix_frozen_explanation_unpurged",
            "county_code",
            "service_day",
            postgresql_where=text("purged_at IS NULL"),
        ),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    service_day: Mapped[date] = mapped_column(Date, primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    input_version: Mapped[int] = mapped_column(BigInteger)
    rule_version: Mapped[str] = mapped_column(Text)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    frozen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    purged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class EventCheckpoint(Base):
    """Events `first_seq` to `seq` of a county were purged; `hash` is the last one's, the chain goes on from it."""

    __tablename__ = "event_checkpoint"
    __table_args__ = (CheckConstraint("first_seq >= 1 AND first_seq <= seq", name="range"),)

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    first_seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    purged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
