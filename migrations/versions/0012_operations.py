"""What operating the service needs: when each sweep last ran and caught up; what became of what was quarantined.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker_sweep",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caught_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_sweep")),
    )
    op.add_column("quarantine", sa.Column("outcome", sa.Text()))
    op.add_column("quarantine", sa.Column("settled_at", sa.DateTime(timezone=True)))
    op.add_column("quarantine", sa.Column("settled_by", sa.Uuid()))
    op.add_column("quarantine", sa.Column("settled_reason", sa.Text()))
    op.create_foreign_key(
        op.f("fk_quarantine_settled_by_account"), "quarantine", "account", ["settled_by"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_quarantine_outcome"), "quarantine", "outcome IN ('released', 'dismissed')"
    )
    op.create_check_constraint(
        op.f("ck_quarantine_settled_whole"),
        "quarantine",
        "(outcome IS NULL) = (settled_at IS NULL) AND (outcome IS NULL) = (settled_by IS NULL) "
        "AND (outcome IS NULL) = (settled_reason IS NULL)",
    )


def downgrade() -> None:
    for name in ("settled_whole", "outcome"):
        op.drop_constraint(op.f(f"ck_quarantine_{name}"), "quarantine", type_="check")
    op.drop_constraint(op.f("fk_quarantine_settled_by_account"), "quarantine", type_="foreignkey")
    for column in ("settled_reason", "settled_by", "settled_at", "outcome"):
        op.drop_column("quarantine", column)
    op.drop_table("worker_sweep")
