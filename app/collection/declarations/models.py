"""Tables of self-declaration."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

COUNTY_CODE = String(6, collation="C")
INSTANT = DateTime(timezone=True)


class DeclarationPoint(Base):
    """The address by which people of a grid declare themselves: printed as a QR code, replaced when misused.

    `token` is no secret of a person (it hangs on walls), but nobody finds that of another grid by guessing.
    """

    __tablename__ = "declaration_point"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "grid_id"], ["grid.county_code", "grid.id"]),
        UniqueConstraint("token"),
        Index(
            "uq_declaration_point_grid_id",
            "county_code",
            "grid_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32, collation="C"))
    grid_id: Mapped[UUID]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    revoked_at: Mapped[datetime | None] = mapped_column(INSTANT)


class Declaration(Base):
    """What somebody declared about himself or his organization, as declared; never changed afterwards.

    fields, sealed  open fields, and the personal ones (`Vault.encrypt` of a JSON object, column
                    'declaration.sealed'); both empty once purged
    masked          personal fields as staff see them without a reveal
    code_digest     SHA-256 of the query code, which nobody but the declarant was told
    submission_id   what the inspector confirmed or corrected it to
    reason          why it was rejected; the declarant reads it
    """

    __tablename__ = "declaration"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "grid_id"], ["grid.county_code", "grid.id"]),
        UniqueConstraint("code_digest"),
        CheckConstraint("kind IN ('resident', 'organization')", name="kind"),
        CheckConstraint("channel IN ('page', 'api')", name="channel"),
        CheckConstraint(
            "state IN ('received', 'confirmed', 'corrected', 'rejected', 'expired')", name="state"
        ),
        CheckConstraint("(state = 'received') = (settled_at IS NULL)", name="settled"),
        CheckConstraint(
            "purged_at IS NULL OR (sealed IS NULL AND fields = '{}' AND masked = '{}')", name="purged"
        ),
        Index("ix_declaration_area_id", "county_code", "area_id", "created_at", "id"),
        Index(
            "ix_declaration_kept",
            "county_code",
            "state",
            "created_at",
            postgresql_where=text("purged_at IS NULL"),
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12, collation="C"))
    channel: Mapped[str] = mapped_column(String(8, collation="C"))
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[UUID]
    item_code: Mapped[str] = mapped_column(Text(collation="C"))
    form_version: Mapped[int] = mapped_column(Integer)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[str | None] = mapped_column(Text)
    masked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    consent_version: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12, collation="C"))
    reason: Mapped[str | None] = mapped_column(Text)
    submission_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    settled_at: Mapped[datetime | None] = mapped_column(INSTANT)
    purged_at: Mapped[datetime | None] = mapped_column(INSTANT)
    version: Mapped[int] = mapped_column(Integer)
