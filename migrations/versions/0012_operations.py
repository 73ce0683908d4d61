"""What operating the service needs.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.execute("SELECT 1")


def downgrade() -> None:
    """Down."""
    op.execute("SELECT 1")
