"""Held items that wait for too long are a person's.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("held_item", sa.Column("overdue_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("held_item", "overdue_since")
