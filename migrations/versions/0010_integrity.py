"""Integrity signals.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.execute("SELECT 1")


def downgrade() -> None:
    """Down."""
    op.execute("SELECT 1")
