"""What became of each item, kept so that a repetition is answered the same; and items that wait."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base


class ItemReceipt(Base):
    """An id that a sender has used, with what he was told. Not partitioned: client ids choose no partition.

    digest   SHA-256 of the item as sent; another digest under the same id is another item
    told     what the sender is told beside the outcome, without personal data
    problem  `{"code", "extra"}` of why it was not taken
    """

    __tablename__ = "item_receipt"
    __table_args__ = (
        CheckConstraint("outcome IN ('stored', 'held', 'rejected', 'quarantined')", name="outcome"),
        Index("ix_item_receipt_received_at", "county_code", "received_at"),
        Index("ix_item_receipt_device_id", "county_code", "device_id", "outcome"),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[str] = mapped_column(Text)
    told: Mapped[dict[str, Any]] = mapped_column(JSONB)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    account_id: Mapped[UUID]
    device_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class HeldItem(Base):
    """An item that waits for what has not arrived; its row goes when it is taken or set aside.

    area_id       where its sender belongs; inspector_id: he, where he is an inspector
    waits_for     id of what is missing; null: all is there, but not where the sender may reach it yet
    sealed        its body as sent (JSON, Vault); times in it want `clock_offset_ms` added
    next_try_at   it is tried again then, or as soon as what it waits for is there
    overdue_since since when it is a person's, who may give it up; it is tried on nevertheless
    """

    __tablename__ = "held_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "item_id"],
            ["item_receipt.county_code", "item_receipt.item_id"],
            name="fk_held_item_receipt",
        ),
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    waits_for: Mapped[UUID | None]
    clock_offset_ms: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer)
    tried_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_try_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    overdue_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
