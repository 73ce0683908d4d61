"""Receipts of items by the client's own id; what is set aside need not come from a handheld.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ONCE = "uq_quarantine_county_code_device_id_digest"


def upgrade() -> None:
    """Up."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "item_receipt",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True)),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('stored', 'held', 'rejected', 'quarantined')", name=op.f("ck_item_receipt_outcome")
        ),
        sa.PrimaryKeyConstraint("county_code", "item_id", name=op.f("pk_item_receipt")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_item_receipt_received_at", "item_receipt", ["county_code", "received_at"])
    op.create_index("ix_item_receipt_device_id", "item_receipt", ["county_code", "device_id", "outcome"])
    # A handheld looks at the events of its areas only; those of the rest of the county cost it nothing.
    op.create_index("ix_event_county_code_area_id_seq", "event", ["county_code", "area_id", "seq"])
    op.add_column("quarantine", sa.Column("account_id", sa.Uuid()))
    op.add_column("quarantine", sa.Column("sealed", sa.Text()))
    op.alter_column("quarantine", "device_id", nullable=True)
    op.drop_constraint(op.f(ONCE), "quarantine", type_="unique")
    op.create_unique_constraint(
        op.f(ONCE), "quarantine", ["county_code", "device_id", "digest"], postgresql_nulls_not_distinct=True
    )


def downgrade() -> None:
    """Down: what no handheld sent has no place in the older table."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f(ONCE), "quarantine", type_="unique")
    op.execute("DELETE FROM quarantine WHERE device_id IS NULL")
    op.create_unique_constraint(op.f(ONCE), "quarantine", ["county_code", "device_id", "digest"])
    op.alter_column("quarantine", "device_id", nullable=False)
    op.execute("DELETE FROM quarantine WHERE sealed IS NOT NULL")
    op.drop_column("quarantine", "sealed")
    op.drop_column("quarantine", "account_id")
    op.drop_index("ix_event_county_code_area_id_seq", "event")
    op.drop_table("item_receipt")
