"""Periods, their snapshots; figures of days in columns.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.execute("SELECT 1")


def downgrade() -> None:
    """Down."""
    op.execute("SELECT 1")
