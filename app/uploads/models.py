"""Tables of uploads: what a sender carries over, the content that is kept once, and what it belongs to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.kit.geo import Geometry

County = String(6, collation="C")
Instant = DateTime(timezone=True)
METRES = Numeric(12, 1, asdecimal=False)
NO_FLAGS = text("'{}'")
STATES = ("uploading", "received", "complete", "refused", "terminated", "expired", "purged")


class StoredFile(Base):
    """Content that rests in the file store, once per county however often it was uploaded.

    digest         SHA-256 of the content, 32 bytes
    key            where in the store; never given again, so that a purge cannot hit what came meanwhile
    thumbnail_key  a JPEG beside it; None until it is made, and where none can be made
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        CheckConstraint("length_bytes > 0", name="length_bytes"),
        CheckConstraint("thumbnail_state IN ('pending', 'made', 'none', 'failed')", name="thumbnail_state"),
        CheckConstraint("(thumbnail_state = 'made') = (thumbnail_key IS NOT NULL)", name="thumbnail_key"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"))
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(Text(collation="C"))
    thumbnail_state: Mapped[str] = mapped_column(Text(collation="C"))
    thumbnail_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    stored_at: Mapped[datetime] = mapped_column(Instant)


class Upload(Base):
    """One file on its way from a sender, or arrived. `id` is made by the sender.

    account_id      whose it is: who held the handheld when it was taken, else who announced it
    device_id       the handheld that sends it and alone may go on, whoever holds it now; None: the account
    offset_bytes    what is safely on disk; the file is cut to it before it grows
    state           uploading → received (all bytes there) → complete | refused; terminated by the sender,
                    expired unfinished, purged after it belonged to nothing for long
    taken_at, geom  the sender's claim; `exif_…` what the file itself says, None where it is silent
    flags           `position_differs`, `time_differs`: for a person to look at
    """

    __tablename__ = "upload"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "digest"], ["stored_file.county_code", "stored_file.digest"]),
        CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
        CheckConstraint("offset_bytes BETWEEN 0 AND length_bytes", name="offset_bytes"),
        CheckConstraint("octet_length(claimed_sha256) = 32", name="claimed_sha256"),
        CheckConstraint("(state = 'complete') = (digest IS NOT NULL)", name="digest"),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refusal"),
        CheckConstraint("state NOT IN ('received', 'complete') OR offset_bytes = length_bytes", name="whole"),
        Index("ix_upload_county_code_account_id", "county_code", "account_id", "created_at"),
        Index("ix_upload_county_code_area_id", "county_code", "area_id", "id"),
        Index("ix_upload_county_code_digest", "county_code", "digest"),
        Index(
            "ix_upload_unfinished",
            "touched_at",
            postgresql_where=text("state IN ('uploading', 'received', 'refused')"),
        ),
        Index("ix_upload_completed_at", "completed_at", postgresql_where=text("state = 'complete'")),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    state: Mapped[str] = mapped_column(Text(collation="C"))
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger)
    claimed_type: Mapped[str | None] = mapped_column(Text(collation="C"))
    claimed_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str | None] = mapped_column(Text(collation="C"))
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    geom: Mapped[BaseGeometry | None] = mapped_column(Geometry("Point"))
    exif_taken_at: Mapped[datetime | None] = mapped_column(Instant)
    exif_geom: Mapped[BaseGeometry | None] = mapped_column(Geometry("Point"))
    exif_distance_m: Mapped[float | None] = mapped_column(METRES)
    exif_difference_s: Mapped[int | None] = mapped_column(Integer)
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=NO_FLAGS)
    width_px: Mapped[int | None] = mapped_column(Integer)
    height_px: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)


class Attachment(Base):
    """That something names an upload as its own. No foreign key: a photo may arrive long after.

    inspector_id, device_id    who named it, so that the handheld can be told what is missing
    claimed_at, claimed_geom   when and where it is said to have been taken; compared when both are there
    """

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_county_code_upload_id", "county_code", "upload_id"),
        Index("ix_attachment_county_code_inspector_id", "county_code", "inspector_id", "upload_id"),
        Index("ix_attachment_county_code_device_id", "county_code", "device_id", "upload_id"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    owner_kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    upload_id: Mapped[UUID] = mapped_column(primary_key=True)
    inspector_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    claimed_geom: Mapped[BaseGeometry | None] = mapped_column(Geometry("Point"))
    exif_distance_m: Mapped[float | None] = mapped_column(METRES)
    exif_difference_s: Mapped[int | None] = mapped_column(Integer)
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=NO_FLAGS)
