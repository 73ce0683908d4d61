"""What the worker leaves behind for those who ask whether it is well."""

from datetime import datetime

from sqlalchemy import DateTime, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base


class WorkerSweep(Base):
    """A sweep of the worker ("seal", "fold"): when it last ran, and when it last found nothing left to do.

    Of several workers the latest counts.
    """

    __tablename__ = "worker_sweep"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    caught_up_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
