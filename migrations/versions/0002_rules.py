"""Tables of rules.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARD = """
CREATE FUNCTION rule_value_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions of the rule book are append-only' USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "rule_book",
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.CheckConstraint("book IN ('rules', 'calendar')", name=op.f("ck_rule_book_book")),
        sa.PrimaryKeyConstraint("book", name=op.f("pk_rule_book")),
    )
    op.execute(
        "INSERT INTO rule_book (book, version, stamp) "
        "VALUES ('rules', 0, gen_random_uuid()), ('calendar', 0, gen_random_uuid())"
    )
    # The foreign keys to `area` are added in 0005: areas are created after the rules.
    op.create_table(
        "rule_value",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parameter_key", sa.String(80, collation="C"), nullable=False),
        sa.Column("area_id", sa.Uuid()),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date()),
        sa.Column("value", postgresql.JSONB()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("effective_to > effective_from", name=op.f("ck_rule_value_effective_order")),
        sa.CheckConstraint("source <> ''", name=op.f("ck_rule_value_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_value")),
        sa.UniqueConstraint("version", name=op.f("uq_rule_value_version")),
    )
    op.create_index("ix_rule_value_parameter_key_version", "rule_value", ["parameter_key", "version"])
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER rule_value_guard BEFORE UPDATE OR DELETE ON rule_value "
        "FOR EACH ROW EXECUTE FUNCTION rule_value_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER rule_value_guard_truncate BEFORE TRUNCATE ON rule_value "
        "FOR EACH STATEMENT EXECUTE FUNCTION rule_value_is_append_only()"
    )
    op.create_table(
        "work_calendar",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('workday', 'makeup_workday', 'holiday', 'closure')", name=op.f("ck_work_calendar_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_calendar")),
        sa.UniqueConstraint(
            "day", "area_id", name=op.f("uq_work_calendar_day_area_id"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "work_calendar_year",
        sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_work_calendar_year_year")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_work_calendar_year")),
    )


def downgrade() -> None:
    op.drop_table("work_calendar_year")
    op.drop_table("work_calendar")
    op.drop_table("rule_value")
    op.execute("DROP FUNCTION rule_value_is_append_only()")
    op.drop_table("rule_book")
