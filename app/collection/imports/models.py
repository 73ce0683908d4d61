"""Tables of imports."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.collection.imports.states import KIND_LIST, STATE_LIST
from app.kit.db import Base

County = String(6, collation="C")
INSTANT = DateTime(timezone=True)
ZERO = text("0")


class ImportJob(Base):
    """A file that somebody wants imported, what the dry run found, and how far the import is.

    target   item code of the form, or code of the code table; empty for divisions
    area_id  where rows without a place of their own belong, and whose scope it is
    digest   SHA-256 of the file: the ids of its rows are made from it
    counts   of the dry run until it is confirmed, of the import afterwards
    """

    __tablename__ = "import_job"
    __table_args__ = (
        CheckConstraint(f"kind IN ({KIND_LIST})", name="kind"),
        CheckConstraint(f"state IN ({STATE_LIST})", name="state"),
        CheckConstraint(
            "state NOT IN ('queued', 'running', 'done') OR confirmed_at IS NOT NULL", name="confirmed"
        ),
        Index("ix_import_job_created_at", "county_code", "created_at", "id"),
        Index("ix_import_job_kept", "expires_at", postgresql_where=text("file_key IS NOT NULL")),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    kind: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    file_name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    file_key: Mapped[str | None] = mapped_column(Text)
    stored_bytes: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    rows_total: Mapped[int] = mapped_column(Integer, server_default=ZERO)
    rows_done: Mapped[int] = mapped_column(Integer, server_default=ZERO)
    count_new: Mapped[int] = mapped_column(Integer, server_default=ZERO)
    count_changed: Mapped[int] = mapped_column(Integer, server_default=ZERO)
    count_unchanged: Mapped[int] = mapped_column(Integer, server_default=ZERO)
    count_refused: Mapped[int] = mapped_column(Integer, server_default=ZERO)
    checked_at: Mapped[datetime | None] = mapped_column(INSTANT)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(INSTANT)
    finished_at: Mapped[datetime | None] = mapped_column(INSTANT)
    expires_at: Mapped[datetime] = mapped_column(INSTANT)
    failure: Mapped[str | None] = mapped_column(Text)


class ImportRow(Base):
    """A row of a file about which there is something to say: why it is refused, or what was put right.

    `errors`: [{"column", "code", "zh", "en", "is_warning"}], never the cell's content.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "import_id"], ["import_job.county_code", "import_job.id"], ondelete="CASCADE"
        ),
        CheckConstraint("row_no > 0", name="row_no"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    outcome: Mapped[str] = mapped_column(Text)
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
