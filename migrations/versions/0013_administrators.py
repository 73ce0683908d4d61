"""Second factor and separated administrators.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.execute("SELECT 1")


def downgrade() -> None:
    """Down."""
    op.execute("SELECT 1")
