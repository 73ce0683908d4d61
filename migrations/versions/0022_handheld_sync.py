"""When each handheld last pulled and pushed.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Up."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "handheld_sync",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("pulled_at", INSTANT),
        sa.Column("pulled_seq", sa.BigInteger()),
        sa.Column("pushed_at", INSTANT),
        sa.PrimaryKeyConstraint("county_code", "device_id", name=op.f("pk_handheld_sync")),
        postgresql_with={"fillfactor": "70"},
    )


def downgrade() -> None:
    """Down."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("handheld_sync")
