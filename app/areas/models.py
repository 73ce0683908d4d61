"""The division tree and the grids. Names, parents, codes and shapes are dated; ids never change."""

from datetime import date
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, synonym

from app.kit.db import Base
from app.kit.geo import Geometry

COUNTY_CODE = String(6, collation="C")
DATED = "NOT isempty(valid) AND NOT lower_inf(valid)"


class Area(Base):
    """A city, county, township or community, for as long as it is the same body, whatever it is called."""

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint("level IN ('city', 'county', 'township', 'community')", name="level"),
        CheckConstraint("county_code ~ '^[1-9][0-9]{5}$'", name="county_code"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(COUNTY_CODE)
    level: Mapped[str] = mapped_column(Text)
    area_id: Mapped[UUID] = synonym("id")  # an area lies in itself: what the scope helper asks for


class AreaVersion(Base):
    """Name and parent of an area between two dates."""

    __tablename__ = "area_version"
    __table_args__ = (
        ExcludeConstraint(
            ("area_id", "="), ("valid", "&&"), name="ex_area_version_area_id_valid", using="gist"
        ),
        CheckConstraint(DATED, name="valid"),
        CheckConstraint("parent_id <> area_id", name="parent"),
        CheckConstraint("name <> ''", name="name"),
        Index("ix_area_version_parent_id", "parent_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("area.id"))
    name: Mapped[str] = mapped_column(Text)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)


class AreaCode(Base):
    """An official code as a dated alias: one area a code and one code an area, per system and day."""

    __tablename__ = "area_code"
    __table_args__ = (
        ExcludeConstraint(
            ("code_system", "="), ("code", "="), ("valid", "&&"), name="ex_area_code_code", using="gist"
        ),
        ExcludeConstraint(
            ("area_id", "="), ("code_system", "="), ("valid", "&&"), name="ex_area_code_area_id", using="gist"
        ),
        CheckConstraint(DATED, name="valid"),
        Index("ix_area_code_code", "code"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    code_system: Mapped[str] = mapped_column(Text(collation="C"))
    code: Mapped[str] = mapped_column(Text(collation="C"))
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)


class AreaOutline(Base):
    """The outline of an area between two dates, where one is known."""

    __tablename__ = "area_outline"
    __table_args__ = (
        ExcludeConstraint(
            ("area_id", "="), ("valid", "&&"), name="ex_area_outline_area_id_valid", using="gist"
        ),
        CheckConstraint(DATED, name="valid"),
        CheckConstraint("ST_IsValid(geometry) AND NOT ST_IsEmpty(geometry)", name="geometry"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    geometry: Mapped[BaseGeometry] = mapped_column(Geometry("MultiPolygon"))
    source: Mapped[str] = mapped_column(Text)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)


class Grid(Base):
    """A grid of a community. Its code is given once, never changed and never given again (trigger)."""

    __tablename__ = "grid"
    __table_args__ = (
        UniqueConstraint("county_code", "code"),
        CheckConstraint("code ~ '^[1-9][0-9]{14}$'", name="code"),
        CheckConstraint("grid_class IN ('B', 'S', 'M')", name="grid_class"),
        CheckConstraint("in_grid_rule IN ('polygon', 'route', 'none')", name="in_grid_rule"),
        CheckConstraint("movement_profile IN ('foot', 'ebike', 'boat')", name="movement_profile"),
        CheckConstraint("retired_on > opened_on", name="retired_on"),
        CheckConstraint("name <> ''", name="name"),
        Index("ix_grid_area_id", "area_id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    code: Mapped[str] = mapped_column(String(15, collation="C"))
    name: Mapped[str] = mapped_column(Text)
    grid_class: Mapped[str] = mapped_column(String(1, collation="C"))
    in_grid_rule: Mapped[str] = mapped_column(Text)
    movement_profile: Mapped[str] = mapped_column(Text)
    opened_on: Mapped[date]
    retired_on: Mapped[date | None]
    synthetic: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class GridVersion(Base):
    """Where a grid lies between two dates: a polygon, or a route for grids judged along a line."""

    __tablename__ = "grid_version"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "grid_id"], ["grid.county_code", "grid.id"]),
        ExcludeConstraint(
            ("county_code", "="),
            ("grid_id", "="),
            ("valid", "&&"),
            name="ex_grid_version_grid_id_valid",
            using="gist",
        ),
        UniqueConstraint("county_code", "grid_id", "version"),
        CheckConstraint(DATED, name="valid"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("num_nonnulls(geometry, route) = 1", name="shape"),
        CheckConstraint("ST_IsValid(geometry) AND NOT ST_IsEmpty(geometry)", name="geometry"),
        Index("ix_grid_version_geometry", "geometry", postgresql_using="gist"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    grid_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(SmallInteger)
    geometry: Mapped[BaseGeometry | None] = mapped_column(Geometry("MultiPolygon"))
    route: Mapped[BaseGeometry | None] = mapped_column(Geometry("LineString"))
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[UUID | None]
