"""Tables of patrol: batches of fixes by month, receipts, days, judgements, quarantine.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def county() -> sa.Column[str]:
    """First column of every key."""
    return sa.Column("county_code", sa.String(6, collation="C"), nullable=False)


def day_key() -> list[sa.Column[object]]:
    """Key of an inspector's service day, and the area it counts in."""
    return [
        county(),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
    ]


def references(table: str) -> list[sa.ForeignKeyConstraint]:
    """Account and area of a day."""
    return [
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f(f"fk_{table}_inspector_id_account")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f(f"fk_{table}_area_id_area")),
    ]


def versions() -> list[sa.Column[object]]:
    """What a figure was computed with."""
    return [
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("input_version", sa.BigInteger(), nullable=False),
        sa.Column("fold_version", sa.Integer(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("grid_versions", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "fix_batch",
        county(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("clock_offset_ms", sa.Integer(), nullable=False),
        sa.Column("fix_count", sa.SmallInteger(), nullable=False),
        sa.Column("track", sa.LargeBinary()),
        sa.Column("attributes", sa.LargeBinary()),
        sa.Column("beats", sa.LargeBinary()),
        sa.Column("reports", postgresql.JSONB()),
        sa.CheckConstraint(
            "(track IS NULL) = (attributes IS NULL)", name=op.f("ck_fix_batch_track_with_attributes")
        ),
        sa.PrimaryKeyConstraint("county_code", "day", "inspector_id", "batch_id", name=op.f("pk_fix_batch")),
        postgresql_partition_by="RANGE (day)",
    )
    op.execute(
        "CREATE INDEX ix_fix_batch_track ON fix_batch USING gist ((ST_SetSRID(ST_GeomFromTWKB(track), 4490)))"
    )
    op.create_table(
        "batch_receipt",
        county(),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("fix_count", sa.SmallInteger(), nullable=False),
        sa.Column("beats_stored", sa.SmallInteger(), nullable=False),
        sa.Column("reports_stored", sa.SmallInteger(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.PrimaryKeyConstraint("county_code", "batch_id", name=op.f("pk_batch_receipt")),
    )
    op.create_table(
        "patrol_day",
        *day_key(),
        sa.Column("input_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("folded_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True)),
        sa.Column("heard", postgresql.BIT(1440)),
        *references("patrol_day"),
        sa.PrimaryKeyConstraint("county_code", "inspector_id", "service_day", name=op.f("pk_patrol_day")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_patrol_day_pending",
        "patrol_day",
        ["county_code", "service_day"],
        postgresql_where=sa.text("pending"),
    )
    op.create_index("ix_patrol_day_service_day", "patrol_day", ["county_code", "service_day", "area_id"])
    op.create_table(
        "day_figures",
        *day_key(),
        *versions(),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        *references("day_figures"),
        sa.PrimaryKeyConstraint("county_code", "inspector_id", "service_day", name=op.f("pk_day_figures")),
    )
    op.create_index("ix_day_figures_service_day", "day_figures", ["county_code", "service_day", "area_id"])
    op.create_index(
        "ix_day_figures_provisional",
        "day_figures",
        ["county_code", "service_day"],
        postgresql_where=sa.text("status = 'provisional'"),
    )
    op.create_table(
        "rule_snapshot",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rule_snapshot")),
    )
    op.create_table(
        "day_judgement",
        *day_key(),
        sa.Column("revision", sa.Integer(), nullable=False),
        *versions(),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        *references("day_judgement"),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_day_judgement_revision")),
        sa.ForeignKeyConstraint(
            ["rule_version"],
            ["rule_snapshot.version"],
            name=op.f("fk_day_judgement_rule_version_rule_snapshot"),
        ),
        sa.PrimaryKeyConstraint(
            "county_code", "inspector_id", "service_day", "revision", name=op.f("pk_day_judgement")
        ),
    )
    op.create_table(
        "quarantine",
        county(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_quarantine_area_id_area")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "county_code", "device_id", "digest", name=op.f("uq_quarantine_county_code_device_id_digest")
        ),
    )
    op.create_index("ix_quarantine_received_at", "quarantine", ["county_code", "received_at"])


def downgrade() -> None:
    for table in (
        "quarantine",
        "day_judgement",
        "rule_snapshot",
        "day_figures",
        "patrol_day",
        "batch_receipt",
        "fix_batch",
    ):
        op.drop_table(table)
