"""Table of work intervals."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.patrol.models import County


class WorkInterval(Base):
    """A visit or submission [started_at, ended_at) that is credited to patrol days.

    id            of the visit or submission that proves it
    service_day   the local date it began on, for reading only: which day's duty holds it is found by the fold,
                  since shifts are corrected later and night shifts run past midnight
    withdrawn_at  what it came from was voided; kept, but read no more, and not credited again
    """

    __tablename__ = "work_interval"
    __table_args__ = (
        CheckConstraint("kind IN ('visit', 'submission')", name="kind"),
        CheckConstraint("started_at < ended_at", name="span"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    service_day: Mapped[date] = mapped_column(Date, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    credited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
