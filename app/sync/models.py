"""How far each handheld is in step."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base


class HandheldSync(Base):
    """When a handheld last pulled and pushed, to the minute; of its pull the event up to which it was told."""

    __tablename__ = "handheld_sync"
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    pulled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    pulled_seq: Mapped[int | None] = mapped_column(BigInteger)
    pushed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
