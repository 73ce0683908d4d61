"""Periods, their snapshots; figures of days in columns.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATUSES = ("pass", "fail", "review", "excused", "not_expected", "no_data", "provisional")
METRES = sa.Numeric(10, 1)
DAY_COLUMNS = (
    ("presence", sa.Text(), "not_expected"),
    ("prorate", sa.Numeric(4, 3), "0"),
    ("online_s", sa.Integer(), "0"),
    ("patrol_s", sa.Integer(), "0"),
    ("distance_m", METRES, "0"),
    ("distance_low_m", METRES, "0"),
    ("distance_high_m", METRES, "0"),
    ("in_grid_distance_m", METRES, "0"),
    ("fixes", sa.Integer(), "0"),
)
INCLUDED = (
    *("inspector_id", "status", *(name for name, _, _ in DAY_COLUMNS)),
    *("online_share", "rule_version", "fold_version"),
)
# The numbers stand in the document; what the roster expected does not: the folder writes it with the next fold.
FILL = """
UPDATE day_figures SET
    online_s = (figures ->> 'online_s')::int, patrol_s = (figures ->> 'patrol_s')::int,
    distance_m = (figures ->> 'distance_m')::numeric, distance_low_m = (figures ->> 'distance_low_m')::numeric,
    distance_high_m = (figures ->> 'distance_high_m')::numeric,
    in_grid_distance_m = (figures ->> 'in_grid_distance_m')::numeric,
    fixes = (figures ->> 'fixes')::int, online_share = (figures ->> 'online_share')::numeric
"""
FOLD_AGAIN = """
UPDATE patrol_day p SET input_version = p.input_version + 1, pending = true FROM day_figures f
 WHERE f.county_code = p.county_code AND f.inspector_id = p.inspector_id AND f.service_day = p.service_day
"""
GUARDS = """
CREATE FUNCTION period_stays_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'sealed' THEN
        RAISE EXCEPTION 'a sealed period never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER period_guard BEFORE UPDATE OR DELETE ON period
    FOR EACH ROW EXECUTE FUNCTION period_stays_sealed();
CREATE FUNCTION period_figures_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'figures of a sealed period never change' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER period_figures_guard BEFORE UPDATE OR DELETE ON period_figures
    FOR EACH ROW EXECUTE FUNCTION period_figures_stay();
CREATE TRIGGER period_figures_guard_truncate BEFORE TRUNCATE ON period_figures
    FOR EACH STATEMENT EXECUTE FUNCTION period_figures_stay();
CREATE FUNCTION period_figures_come_before_the_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT county_code, period_id FROM added) a
                 JOIN period p ON p.county_code = a.county_code AND p.id = a.period_id
                WHERE p.status = 'sealed') THEN
        RAISE EXCEPTION 'figures of a sealed period never change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER period_figures_guard_insert AFTER INSERT ON period_figures
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION period_figures_come_before_the_seal();
"""


def upgrade() -> None:
    """Up."""
    for name, kind, default in DAY_COLUMNS:
        op.add_column("day_figures", sa.Column(name, kind, server_default=default, nullable=False))
    op.add_column("day_figures", sa.Column("online_share", sa.Numeric(5, 4)))
    op.execute(FILL)
    op.execute(FOLD_AGAIN)
    op.create_check_constraint(
        op.f("ck_day_figures_presence"),
        "day_figures",
        "presence IN ('expected', 'excused', 'not_expected')",
    )
    op.drop_index("ix_day_figures_service_day", "day_figures")
    op.create_index(
        "ix_day_figures_service_day",
        "day_figures",
        ["county_code", "service_day", "area_id"],
        postgresql_include=list(INCLUDED),
    )
    # a month is read from the index alone, which needs pages that a vacuum has seen
    op.execute("ALTER TABLE day_figures SET (autovacuum_vacuum_scale_factor = 0.02)")
    op.create_index("ix_shift_service_day", "shift", ["county_code", "service_day"])
    op.create_index(
        "ix_day_judgement_judged_at", "day_judgement", ["county_code", "service_day", "judged_at"]
    )
    _create_period()
    _create_period_figures()
    op.execute(GUARDS)


def _create_period() -> None:
    op.create_table(
        "period",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True)),
        sa.Column("sealed_by", sa.Uuid()),
        sa.Column("seal_reason", sa.Text()),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("document", postgresql.JSONB()),
        sa.CheckConstraint("kind IN ('day', 'week', 'month')", name=op.f("ck_period_kind")),
        sa.CheckConstraint("status IN ('open', 'closing', 'sealed')", name=op.f("ck_period_status")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_period_days")),
        sa.CheckConstraint(
            "(status = 'sealed') = (sealed_at IS NOT NULL AND digest IS NOT NULL AND document IS NOT NULL)",
            name=op.f("ck_period_sealed"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_period")),
        sa.UniqueConstraint(
            "county_code", "kind", "first_day", name=op.f("uq_period_county_code_kind_first_day")
        ),
    )


def _create_period_figures() -> None:
    whole = [
        sa.Column(f"{of}_{status}", sa.Integer(), nullable=False)
        for of in ("raw", "standing")
        for status in STATUSES
    ]
    op.create_table(
        "period_figures",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("period_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("inspectors", sa.Integer(), nullable=False),
        sa.Column("expected_days", sa.Integer(), nullable=False),
        sa.Column("expected_whole_days", sa.Numeric(12, 3), nullable=False),
        sa.Column("walked_days", sa.Integer(), nullable=False),
        *whole,
        sa.Column("pass_share", sa.Numeric(5, 4)),
        sa.Column("online_s", sa.BigInteger(), nullable=False),
        sa.Column("average_online_s", sa.Integer()),
        sa.Column("distance_m", sa.Numeric(14, 1), nullable=False),
        sa.Column("average_distance_m", sa.Numeric(10, 1)),
        sa.Column("online_share", sa.Numeric(5, 4)),
        sa.Column("online_minutes", sa.Integer()),
        sa.Column("online_rate", sa.Numeric(5, 4)),
        sa.Column("online_rate_with_leave", sa.Numeric(5, 4)),
        sa.Column("target_online_s", sa.Integer(), nullable=False),
        sa.Column("target_distance_m", sa.Integer(), nullable=False),
        sa.Column("target_online_rate", sa.Numeric(5, 4), nullable=False),
        sa.Column("online_s_met", sa.Boolean()),
        sa.Column("distance_met", sa.Boolean()),
        sa.Column("online_rate_met", sa.Boolean()),
        sa.Column("explanation", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "level IN ('inspector', 'grid', 'community', 'township', 'county')",
            name=op.f("ck_period_figures_level"),
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "period_id"],
            ["period.county_code", "period.id"],
            name=op.f("fk_period_figures_county_code_period_id_period"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_period_figures_area_id_area")),
        sa.PrimaryKeyConstraint(
            "county_code", "period_id", "level", "subject_id", name=op.f("pk_period_figures")
        ),
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("period_figures")
    op.drop_table("period")
    for function in ("period_figures_come_before_the_seal", "period_figures_stay", "period_stays_sealed"):
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_index("ix_day_judgement_judged_at", "day_judgement")
    op.drop_index("ix_shift_service_day", "shift")
    op.execute("ALTER TABLE day_figures RESET (autovacuum_vacuum_scale_factor)")
    op.drop_index("ix_day_figures_service_day", "day_figures")
    op.create_index("ix_day_figures_service_day", "day_figures", ["county_code", "service_day", "area_id"])
    op.drop_constraint(op.f("ck_day_figures_presence"), "day_figures")
    op.drop_column("day_figures", "online_share")
    for name, _, _ in reversed(DAY_COLUMNS):
        op.drop_column("day_figures", name)
