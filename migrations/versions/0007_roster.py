"""Absences and exemptions over the plan of shifts.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.execute(
        "CREATE VIEW effective_shift AS SELECT county_code, inspector_id, id AS shift_id, service_day, starts_at, "
        "ends_at, kind FROM shift WHERE cancelled_at IS NULL"
    )


def downgrade() -> None:
    """Down."""
    op.execute("DROP VIEW effective_shift")
