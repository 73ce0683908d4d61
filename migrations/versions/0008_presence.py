"""State of handhelds, last positions, online rates of areas.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# no index on these: updates of a day stay heap-only
LAST_POSITION = (
    ("last_fix_at", INSTANT),
    ("last_longitude_e7", sa.Integer()),
    ("last_latitude_e7", sa.Integer()),
    ("last_accuracy_dm", sa.Integer()),
)


def upgrade() -> None:
    """Up."""
    op.add_column("fix_batch", sa.Column("server_skew_ms", sa.Integer()))
    for name, kind in LAST_POSITION:
        op.add_column("patrol_day", sa.Column(name, kind))
    op.create_table(
        "handheld_state",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("state_at", INSTANT, nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("battery_pct", sa.SmallInteger()),
        sa.Column("charging", sa.Boolean()),
        sa.Column("network", sa.Text()),
        sa.Column("location_permission", sa.Text()),
        sa.Column("power_saving", sa.Boolean()),
        sa.Column("app_version", sa.Text()),
        sa.Column("android_version", sa.Text()),
        sa.Column("storage_free_mb", sa.Integer()),
        sa.Column("waiting_batches", sa.Integer()),
        sa.Column("exit_reason", sa.Text()),
        sa.Column("exit_at", INSTANT),
        sa.CheckConstraint(
            "(exit_reason IS NULL) = (exit_at IS NULL)", name=op.f("ck_handheld_state_exit_reason_with_time")
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "device_id"],
            ["device.county_code", "device.id"],
            name=op.f("fk_handheld_state_county_code_device_id_device"),
        ),
        sa.PrimaryKeyConstraint("county_code", "device_id", name=op.f("pk_handheld_state")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "online_day",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("rate_sum", sa.Double(), nullable=False),
        sa.Column("minutes_with_leave", sa.Integer(), nullable=False),
        sa.Column("rate_sum_with_leave", sa.Double(), nullable=False),
        sa.Column("quarters", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("quarters_with_leave", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.CheckConstraint("minutes BETWEEN 0 AND 1440", name=op.f("ck_online_day_minutes")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_online_day_area_id_area")),
        sa.PrimaryKeyConstraint("county_code", "area_id", "day", name=op.f("pk_online_day")),
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("online_day")
    op.drop_table("handheld_state")
    for name, _ in reversed(LAST_POSITION):
        op.drop_column("patrol_day", name)
    op.drop_column("fix_batch", "server_skew_ms")
