"""Tables of the second factor, and of the addresses that an account has signed in from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base


class SecondFactor(Base):
    """The authenticator of an account. A new secret stays pending beside the active one until confirmed.

    `last_step`: the 30-second step of the code accepted last; no code of that step or before is good again.
    """

    __tablename__ = "second_factor"
    __table_args__ = (CheckConstraint("(active_sealed IS NULL) = (active_since IS NULL)", name="active"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    active_sealed: Mapped[str | None] = mapped_column(Text)
    active_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    pending_sealed: Mapped[str | None] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A code that stands in for the authenticator, once. Only its keyed hash is kept."""

    __tablename__ = "recovery_code"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class KnownAddress(Base):
    """An address from which an account signed in: its lock is its own. Only a keyed hash is kept."""

    __tablename__ = "known_address"
    __table_args__ = (Index("ix_known_address_seen_at", "seen_at"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
