"""Tables of forms and code tables. Rows of the product have no county; a county's own stand beside them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.orm import Mapped, mapped_column

from app.affairs.models import CollectionItem
from app.kit.db import Base

__all__ = ["CodeTable", "CodeValue", "CollectionItem", "FormVersion"]

COUNTY_CODE = String(6, collation="C")
OWN_VERSIONS_FROM = 1001
"""A county's own versions of what ships with the product begin here, so both can go on counting."""


class FormVersion(Base):
    """A form of an item, never changed once published.

    county_code     None for a form that ships with the product, else the county that it applies in
    previous_until  until when the version before this one is accepted (exclusive)
    removed         fields of the version before that this one gives up on purpose
    schema          as text, so that its fields keep the order in which a handheld shows them
    digest          SHA-256 of the schema as canonical JSON
    """

    __tablename__ = "form_version"
    __table_args__ = (
        UniqueConstraint(
            "item_id",
            "county_code",
            "version",
            name="uq_form_version_item_id_county_code_version",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("version > 0", name="version"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("collection_item.id"))
    county_code: Mapped[str | None] = mapped_column(COUNTY_CODE)
    version: Mapped[int] = mapped_column(Integer)
    schema: Mapped[dict[str, Any]] = mapped_column(JSON)
    removed: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    previous_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CodeTable(Base):
    """A version of a code table. `previous_until`: until when codes of the version before are accepted."""

    __tablename__ = "code_table"
    __table_args__ = (
        UniqueConstraint(
            "code",
            "county_code",
            "version",
            name="uq_code_table_code_county_code_version",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,63}$'", name="code"),
        CheckConstraint("version > 0", name="version"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    county_code: Mapped[str | None] = mapped_column(COUNTY_CODE)
    version: Mapped[int] = mapped_column(Integer)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    previous_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CodeValue(Base):
    """A code and what it means. `parent`: a code of the same table that it belongs under."""

    __tablename__ = "code_value"

    table_id: Mapped[UUID] = mapped_column(ForeignKey("code_table.id"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(Text)
