"""Areas with dated names, codes and outlines; grids with dated polygons; the closure of the tree.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.geo import Geometry

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DATED = "NOT isempty(valid) AND NOT lower_inf(valid)"

# S4-15: a grid's code is fixed once given. Retired grids stay, so a code cannot come back either.
GUARD = """
CREATE FUNCTION grid_code_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.code = OLD.code AND NEW.id = OLD.id AND NEW.county_code = OLD.county_code THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a grid keeps its code and its row' USING ERRCODE = 'restrict_violation',
        CONSTRAINT = 'grid_code_is_fixed';
END $$
"""


def _county_code() -> sa.Column[str]:
    return sa.Column("county_code", sa.String(6, collation="C"), nullable=False)


def _valid() -> sa.Column[object]:
    return sa.Column("valid", postgresql.DATERANGE(), nullable=False)


def _area_reference(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _create_areas() -> None:
    op.create_table(
        "area",
        sa.Column("id", sa.Uuid(), nullable=False),
        _county_code(),
        sa.Column("level", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "level IN ('city', 'county', 'township', 'community')", name=op.f("ck_area_level")
        ),
        sa.CheckConstraint("county_code ~ '^[1-9][0-9]{5}$'", name=op.f("ck_area_county_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
    )
    op.create_table(
        "area_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        _area_reference("area_id"),
        _area_reference("parent_id", nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        _valid(),
        postgresql.ExcludeConstraint(
            ("area_id", "="), ("valid", "&&"), name="ex_area_version_area_id_valid", using="gist"
        ),
        sa.CheckConstraint(DATED, name=op.f("ck_area_version_valid")),
        sa.CheckConstraint("parent_id <> area_id", name=op.f("ck_area_version_parent")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_area_version_name")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_version_area_id_area")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_version_parent_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_version")),
    )
    op.create_index("ix_area_version_parent_id", "area_version", ["parent_id"])
    op.create_table(
        "area_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        _area_reference("area_id"),
        sa.Column("code_system", sa.Text(collation="C"), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        _valid(),
        postgresql.ExcludeConstraint(
            ("code_system", "="), ("code", "="), ("valid", "&&"), name="ex_area_code_code", using="gist"
        ),
        postgresql.ExcludeConstraint(
            ("area_id", "="), ("code_system", "="), ("valid", "&&"), name="ex_area_code_area_id", using="gist"
        ),
        sa.CheckConstraint(DATED, name=op.f("ck_area_code_valid")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_code_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_code")),
    )
    op.create_index("ix_area_code_code", "area_code", ["code"])
    op.create_table(
        "area_outline",
        sa.Column("id", sa.Uuid(), nullable=False),
        _area_reference("area_id"),
        sa.Column("geometry", Geometry("MultiPolygon"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _valid(),
        postgresql.ExcludeConstraint(
            ("area_id", "="), ("valid", "&&"), name="ex_area_outline_area_id_valid", using="gist"
        ),
        sa.CheckConstraint(DATED, name=op.f("ck_area_outline_valid")),
        sa.CheckConstraint(
            "ST_IsValid(geometry) AND NOT ST_IsEmpty(geometry)", name=op.f("ck_area_outline_geometry")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_outline_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_outline")),
    )
    op.create_table(
        "area_closure",
        _area_reference("area_id"),
        _area_reference("ancestor_id"),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_closure_area_id_area")),
        sa.ForeignKeyConstraint(["ancestor_id"], ["area.id"], name=op.f("fk_area_closure_ancestor_id_area")),
        sa.PrimaryKeyConstraint("area_id", "ancestor_id", name=op.f("pk_area_closure")),
    )
    op.create_index("ix_area_closure_ancestor_id_area_id", "area_closure", ["ancestor_id", "area_id"])


def _create_grids() -> None:
    op.create_table(
        "grid",
        _county_code(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _area_reference("area_id"),
        sa.Column("code", sa.String(15, collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("grid_class", sa.String(1, collation="C"), nullable=False),
        sa.Column("in_grid_rule", sa.Text(), nullable=False),
        sa.Column("movement_profile", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("retired_on", sa.Date()),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.UniqueConstraint("county_code", "code", name=op.f("uq_grid_county_code_code")),
        sa.CheckConstraint("code ~ '^[1-9][0-9]{14}$'", name=op.f("ck_grid_code")),
        sa.CheckConstraint("grid_class IN ('B', 'S', 'M')", name=op.f("ck_grid_grid_class")),
        sa.CheckConstraint("in_grid_rule IN ('polygon', 'route', 'none')", name=op.f("ck_grid_in_grid_rule")),
        sa.CheckConstraint(
            "movement_profile IN ('foot', 'ebike', 'boat')", name=op.f("ck_grid_movement_profile")
        ),
        sa.CheckConstraint("retired_on > opened_on", name=op.f("ck_grid_retired_on")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_grid_name")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_grid_area_id_area")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_grid")),
    )
    op.create_index("ix_grid_area_id", "grid", ["area_id"])
    op.create_table(
        "grid_version",
        _county_code(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("geometry", Geometry("MultiPolygon")),
        sa.Column("route", Geometry("LineString")),
        _valid(),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.ForeignKeyConstraint(
            ["county_code", "grid_id"],
            ["grid.county_code", "grid.id"],
            name=op.f("fk_grid_version_county_code_grid_id_grid"),
        ),
        postgresql.ExcludeConstraint(
            ("county_code", "="),
            ("grid_id", "="),
            ("valid", "&&"),
            name="ex_grid_version_grid_id_valid",
            using="gist",
        ),
        sa.UniqueConstraint(
            "county_code", "grid_id", "version", name=op.f("uq_grid_version_county_code_grid_id_version")
        ),
        sa.CheckConstraint(DATED, name=op.f("ck_grid_version_valid")),
        sa.CheckConstraint("version > 0", name=op.f("ck_grid_version_version")),
        sa.CheckConstraint("num_nonnulls(geometry, route) = 1", name=op.f("ck_grid_version_shape")),
        sa.CheckConstraint(
            "ST_IsValid(geometry) AND NOT ST_IsEmpty(geometry)", name=op.f("ck_grid_version_geometry")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_grid_version")),
    )
    op.create_index("ix_grid_version_geometry", "grid_version", ["geometry"], postgresql_using="gist")


def upgrade() -> None:
    _create_areas()
    _create_grids()
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER grid_guard BEFORE UPDATE OR DELETE ON grid "
        "FOR EACH ROW EXECUTE FUNCTION grid_code_is_fixed()"
    )


def downgrade() -> None:
    for table in (
        "grid_version",
        "grid",
        "area_closure",
        "area_outline",
        "area_code",
        "area_version",
        "area",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION grid_code_is_fixed()")
