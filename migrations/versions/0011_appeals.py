"""Appeals, legal holds, frozen explanations, checkpoints of the event log.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

DAY_DECISION = """
CREATE VIEW day_decision AS
SELECT county_code, inspector_id, service_day, decided_status
  FROM appeal WHERE is_current AND decided_status IS NOT NULL
"""


def county() -> sa.Column[str]:
    """First column of every key."""
    return sa.Column("county_code", sa.String(6, collation="C"), nullable=False)


def reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """A named reference to the id of `target`."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """An instant."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("patrol_day", instant("frozen_at", nullable=True))
    op.create_index(
        "ix_patrol_day_unfrozen",
        "patrol_day",
        ["county_code", "service_day"],
        postgresql_where=sa.text("frozen_at IS NULL"),
    )
    op.create_index("ix_batch_receipt_received_at", "batch_receipt", ["county_code", "received_at"])
    op.execute(
        "CREATE INDEX ix_event_inspectors ON event USING gin ((data -> 'inspector_ids')) "
        "WHERE data ? 'inspector_ids'"
    )
    create_appeal()
    create_legal_hold()
    create_frozen_explanation()
    op.create_table(
        "event_checkpoint",
        county(),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        instant("purged_at"),
        sa.CheckConstraint("first_seq >= 1 AND first_seq <= seq", name=op.f("ck_event_checkpoint_range")),
        sa.PrimaryKeyConstraint("county_code", "seq", name=op.f("pk_event_checkpoint")),
    )


def create_appeal() -> None:
    """Appeals, and the view of what was decided."""
    op.create_table(
        "appeal",
        county(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("asked_status", sa.Text()),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        instant("written_at", nullable=True),
        instant("filed_at"),
        instant("file_by"),
        instant("decide_by"),
        sa.Column("state", sa.Text(), nullable=False),
        instant("withdrawn_at", nullable=True),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_status", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("decided_by", sa.Uuid()),
        instant("decided_at", nullable=True),
        sa.Column("is_current", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("state IN ('filed', 'decided', 'withdrawn')", name=op.f("ck_appeal_state")),
        sa.CheckConstraint(
            "decision IN ('upheld', 'partly_upheld', 'dismissed')", name=op.f("ck_appeal_decision")
        ),
        sa.CheckConstraint(
            "(state = 'decided') = (decision IS NOT NULL AND reason IS NOT NULL AND decided_by IS NOT NULL "
            "AND decided_at IS NOT NULL)",
            name=op.f("ck_appeal_decided"),
        ),
        sa.CheckConstraint(
            "(decided_status IS NOT NULL) = coalesce(decision IN ('upheld', 'partly_upheld'), false)",
            name=op.f("ck_appeal_decided_status"),
        ),
        sa.CheckConstraint("NOT is_current OR state = 'decided'", name=op.f("ck_appeal_is_current")),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_appeal_withdrawn")
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "inspector_id", "service_day", "revision"],
            [f"day_judgement.{name}" for name in ("county_code", "inspector_id", "service_day", "revision")],
            name=op.f("fk_appeal_day_judgement"),
        ),
        reference("appeal", "inspector_id", "account"),
        reference("appeal", "area_id", "area"),
        reference("appeal", "decided_by", "account"),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_appeal")),
    )
    day = ["county_code", "inspector_id", "service_day"]
    op.create_index("uq_appeal_open", "appeal", day, unique=True, postgresql_where=sa.text("state = 'filed'"))
    op.create_index(
        "uq_appeal_revision",
        "appeal",
        [*day, "revision"],
        unique=True,
        postgresql_where=sa.text("state = 'decided'"),
    )
    op.create_index("uq_appeal_current", "appeal", day, unique=True, postgresql_where=sa.text("is_current"))
    op.create_index("ix_appeal_filed_at", "appeal", ["county_code", "filed_at", "id"])
    op.execute(DAY_DECISION)


def create_legal_hold() -> None:
    """What may not be purged, however old."""
    op.create_table(
        "legal_hold",
        county(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid()),
        sa.Column("days", postgresql.DATERANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        instant("placed_at"),
        sa.Column("released_by", sa.Uuid()),
        instant("released_at", nullable=True),
        sa.Column("release_reason", sa.Text()),
        sa.CheckConstraint("NOT isempty(days)", name=op.f("ck_legal_hold_days")),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)",
            name=op.f("ck_legal_hold_released"),
        ),
        reference("legal_hold", "area_id", "area"),
        reference("legal_hold", "inspector_id", "account"),
        reference("legal_hold", "placed_by", "account"),
        reference("legal_hold", "released_by", "account"),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_legal_hold")),
    )


def create_frozen_explanation() -> None:
    """What stays of a day when its fixes go."""
    op.create_table(
        "frozen_explanation",
        county(),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("input_version", sa.BigInteger(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("frozen_at"),
        instant("purged_at", nullable=True),
        reference("frozen_explanation", "inspector_id", "account"),
        reference("frozen_explanation", "area_id", "area"),
        sa.PrimaryKeyConstraint(
            "county_code", "inspector_id", "service_day", name=op.f("pk_frozen_explanation")
        ),
    )
    op.create_index(
        "ix_frozen_explanation_unpurged",
        "frozen_explanation",
        ["county_code", "service_day"],
        postgresql_where=sa.text("purged_at IS NULL"),
    )


def downgrade() -> None:
    op.execute("DROP VIEW day_decision")
    for table in ("event_checkpoint", "frozen_explanation", "legal_hold", "appeal"):
        op.drop_table(table)
    op.drop_index("ix_event_inspectors", "event")
    op.drop_index("ix_batch_receipt_received_at", "batch_receipt")
    op.drop_index("ix_patrol_day_unfrozen", "patrol_day")
    op.drop_column("patrol_day", "frozen_at")
