"""Table of exports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.collection.exports.states import STATE_LIST
from app.kit.db import Base

INSTANT = DateTime(timezone=True)


class ExportJob(Base):
    """An export of a ledger: what was asked, by whom and why, who approved it, and the file that came of it.

    area_id            what is exported: this area and everything below it
    requester_area_id  whose superiors may fetch the file, too
    file_key, stored_bytes  the sealed file in the store; null until it is done, and when it has expired
    size_bytes, digest      length and SHA-256 of the plain file
    """

    __tablename__ = "export_job"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATE_LIST})", name="state"),
        CheckConstraint("format IN ('xlsx', 'ndjson', 'csv')", name="format"),
        CheckConstraint("is_masked OR state <> 'queued' OR decided_by IS NOT NULL", name="approved"),
        CheckConstraint("decided_by <> requested_by", name="two_people"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "state <> 'done' OR (file_key IS NOT NULL AND stored_bytes IS NOT NULL AND digest IS NOT NULL)",
            name="file",
        ),
        CheckConstraint("rows_done >= 0 AND rows_total >= 0", name="progress"),
        Index("ix_export_job_requested_at", "county_code", "requested_at", "id"),
        Index("ix_export_job_expires_at", "expires_at", postgresql_where=text("file_key IS NOT NULL")),
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    requester_area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    requested_at: Mapped[datetime] = mapped_column(INSTANT)
    ledger: Mapped[str] = mapped_column(Text)
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    format: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    is_masked: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(INSTANT)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    rows_total: Mapped[int] = mapped_column(Integer)
    rows_done: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    started_at: Mapped[datetime | None] = mapped_column(INSTANT)
    finished_at: Mapped[datetime | None] = mapped_column(INSTANT)
    expires_at: Mapped[datetime | None] = mapped_column(INSTANT)
    failure: Mapped[str | None] = mapped_column(Text)
    file_key: Mapped[str | None] = mapped_column(Text)
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
