"""Items that wait for what has not arrived; what a merged subject stands for.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

# Merges form chains, since each is reversible by itself. UNION, so that even a ring would end.
SURVIVING_SUBJECT = """
CREATE FUNCTION surviving_subject(county text, subject_id uuid) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    WITH RECURSIVE chain AS (
        SELECT s.id, s.merged_into FROM subject s WHERE s.county_code = county AND s.id = subject_id
        UNION
        SELECT s.id, s.merged_into FROM chain c JOIN subject s ON s.county_code = county AND s.id = c.merged_into)
    SELECT c.id FROM chain c WHERE c.merged_into IS NULL)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "held_item",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid()),
        sa.Column("waits_for", sa.Uuid()),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", INSTANT, nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "item_id"],
            ["item_receipt.county_code", "item_receipt.item_id"],
            name="fk_held_item_receipt",
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_held_item_area_id_area")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_held_item_inspector_id_account")
        ),
        sa.PrimaryKeyConstraint("county_code", "item_id", name=op.f("pk_held_item")),
    )

    op.execute(SURVIVING_SUBJECT)


def downgrade() -> None:
    op.execute("DROP FUNCTION surviving_subject")
    op.drop_table("held_item")
