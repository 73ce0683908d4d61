"""State of handhelds, last positions, online rates of areas.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.execute("SELECT 1")


def downgrade() -> None:
    """Down."""
    op.execute("SELECT 1")
