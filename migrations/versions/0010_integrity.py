"""Integrity signals, and the prints of tracks by which repeated ones are found.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Up."""
    op.create_table(
        "integrity_signal",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("counterpart_key", sa.Text(), server_default="", nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("fold_version", sa.Integer(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("reviewed_by", sa.Uuid()),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("outcome", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.CheckConstraint(
            "kind IN ('mock', 'vehicle', 'clock_skew', 'loop', 'replayed_track', 'twin_devices')",
            name=op.f("ck_integrity_signal_kind"),
        ),
        sa.CheckConstraint(
            "severity IN ('low', 'medium', 'high')", name=op.f("ck_integrity_signal_severity")
        ),
        sa.CheckConstraint(
            "outcome IN ('explained', 'confirmed', 'unclear')", name=op.f("ck_integrity_signal_outcome")
        ),
        sa.CheckConstraint(
            "num_nulls(reviewed_by, reviewed_at, outcome, note) IN (0, 4)",
            name=op.f("ck_integrity_signal_review"),
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_integrity_signal_inspector_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["account.id"], name=op.f("fk_integrity_signal_reviewed_by_account")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_integrity_signal_area_id_area")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_integrity_signal")),
        sa.UniqueConstraint(
            "county_code",
            "inspector_id",
            "service_day",
            "kind",
            "counterpart_key",
            name="uq_integrity_signal_finding",
        ),
    )
    op.create_index(
        "ix_integrity_signal_service_day", "integrity_signal", ["county_code", "service_day", "id"]
    )
    op.create_table(
        "track_print",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("input_version", sa.BigInteger(), nullable=False),
        sa.Column("prints", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "service_day", "inspector_id", name=op.f("pk_track_print")),
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("track_print")
    op.drop_table("integrity_signal")
