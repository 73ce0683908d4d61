"""Tables of accounts, logins and signing keys.

Those of handhelds are in `device_models`, those of the second factor in `factor_models`.
"""

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

from app.identity.actor import Role
from app.kit.db import Base

ROLE_LIST = ", ".join(f"'{role.value}'" for role in Role)


class Account(Base):
    """A person who signs in. One role each; `area_id` is the place in the tree that bounds what is seen."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("username"),
        CheckConstraint(f"role IN ({ROLE_LIST})", name="role"),
        CheckConstraint("username = lower(username)", name="username_lower"),
        CheckConstraint("approved_by IS NULL OR approved_at IS NOT NULL", name="approved"),
        CheckConstraint("approved_by <> made_by", name="two_people"),
        Index("ix_account_area_id", "area_id"),
        Index("ix_account_phone_index", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(String(6, collation="C"))
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    username: Mapped[str] = mapped_column(String(64, collation="C"))
    password_hash: Mapped[str] = mapped_column(Text)
    password_changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    role: Mapped[str] = mapped_column(String(20, collation="C"))
    display_name: Mapped[str] = mapped_column(String(60))
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    phone_index: Mapped[str | None] = mapped_column(String(80, collation="C"))
    enabled: Mapped[bool]
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[UUID | None]


class AttemptGuard(Base):
    """Failed attempts at one secret. `key` is a keyed hash: people type passwords into the name field."""

    __tablename__ = "attempt_guard"
    __table_args__ = (Index("ix_attempt_guard_last_at", "last_at"),)

    purpose: Mapped[str] = mapped_column(String(20, collation="C"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SigningKey(Base):
    """A key pair of access tokens. Known to verifiers before `active_from`, until `expires_at`."""

    __tablename__ = "signing_key"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    active_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Login(Base):
    """One sign-in and the family of refresh tokens that grew from it; only hashes of them are kept.

    `successor` is the pair that the previous token was exchanged for, locked with that token itself, so
    that whoever lost the answer can ask again and nobody else can read it.
    """

    __tablename__ = "login"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "device_id"], ["device.county_code", "device.id"]),
        Index("ix_login_account_id", "account_id"),
        Index(
            "ix_login_county_code_device_id",
            "county_code",
            "device_id",
            postgresql_where=text("device_id IS NOT NULL"),
        ),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoked"),
        CheckConstraint("limited_to IN ('totp_enrolment')", name="limited_to"),
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    installation_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    generation: Mapped[int] = mapped_column(Integer)
    current_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    successor: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    refreshed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoke_reason: Mapped[str | None] = mapped_column(String(40, collation="C"))
    limited_to: Mapped[str | None] = mapped_column(String(20, collation="C"))
