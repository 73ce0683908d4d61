"""Appeals, legal holds, frozen explanations.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.execute(
        "CREATE VIEW day_decision AS SELECT county_code, inspector_id, service_day, status AS decided_status "
        "FROM day_figures WHERE false"
    )


def downgrade() -> None:
    """Down."""
    op.execute("DROP VIEW day_decision")
