"""Tables of affairs, and of the items that affairs admit."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

COUNTY_CODE = String(6, collation="C")


class Affair(Base):
    """Something that inspectors may be asked to do in an area, from its proposal to its end.

    `in_force_from` and `in_force_until` (exclusive) are set when it is filed: whether it is in force is asked
    of the clock, not of `state`, so nothing depends on a job that comes late.
    """

    __tablename__ = "affair"
    __table_args__ = (
        UniqueConstraint("county_code", "code", name="uq_affair_county_code_code"),
        UniqueConstraint("county_code", "filed_no", name="uq_affair_county_code_filed_no"),
        CheckConstraint("kind IN ('standing', 'temporary')", name="kind"),
        CheckConstraint("platform IN ('governance', 'market', 'enforcement', 'service')", name="platform"),
        CheckConstraint(
            "state IN ('proposed', 'approved', 'admitted', 'ended', 'rejected', 'withdrawn')", name="state"
        ),
        CheckConstraint(
            "kind <> 'temporary' OR (ends_on IS NOT NULL AND platform IS NOT NULL)", name="temporary"
        ),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="days"),
        CheckConstraint(
            "(state IN ('admitted', 'ended')) = (filed_no IS NOT NULL AND filed_at IS NOT NULL "
            "AND in_force_from IS NOT NULL)",
            name="filed",
        ),
        CheckConstraint(
            "(state IN ('ended', 'rejected', 'withdrawn')) = (closed_at IS NOT NULL)", name="closed"
        ),
        CheckConstraint("state <> 'rejected' OR close_reason IS NOT NULL", name="rejected"),
        Index("ix_affair_in_force_until", "in_force_until", postgresql_where=text("state = 'admitted'")),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name_zh: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    department: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    platform: Mapped[str | None] = mapped_column(Text)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    state: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    in_force_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    in_force_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    filed_no: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    proposer_role: Mapped[str] = mapped_column(Text)
    proposer_area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    filed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    filed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    close_reason: Mapped[str | None] = mapped_column(Text)


class CollectionItem(Base):
    """What can be collected (采集事项): nothing outside this list has a form.

    county_code   None for an item that ships with the product, else the county that added it
    subject_kind  what a record is about; None where it is about no subject (a meeting, a register's line)
    cycle_days    of a county's own item, how often a subject is to be looked at again; None: by the rule book
    version       grows with every change of item, forms or admission that a handheld should see
    """

    __tablename__ = "collection_item"
    __table_args__ = (
        UniqueConstraint("code", name="uq_collection_item_code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,63}$'", name="code"),
        CheckConstraint(
            "subject_kind IN ('person', 'household', 'dwelling', 'building', 'organization', 'component', "
            "'article', 'place')",
            name="subject_kind",
        ),
        CheckConstraint("cycle_days > 0", name="cycle_days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    county_code: Mapped[str | None] = mapped_column(COUNTY_CODE)
    subject_kind: Mapped[str | None] = mapped_column(Text)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    cycle_days: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class AffairItem(Base):
    """An item that an affair admits while it is in force."""

    __tablename__ = "affair_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "affair_id"], ["affair.county_code", "affair.id"], name="fk_affair_item_affair"
        ),
        Index("ix_affair_item_item_id", "county_code", "item_id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    affair_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("collection_item.id"), primary_key=True)
