"""Tasks, self-declarations and tips.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COUNTY = sa.String(6, collation="C")


def upgrade() -> None:
    create_task()
    create_collection_request()
    create_declaration_point()
    create_declaration()
    create_tip()


def downgrade() -> None:
    for table in ("tip", "declaration", "declaration_point", "collection_request", "task"):
        op.drop_table(table)


def create_task() -> None:
    """What is still to do."""
    op.create_table(
        "task",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(24, collation="C"), nullable=False),
        sa.Column("state", sa.String(12, collation="C"), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid()),
        sa.Column("inspector_id", sa.Uuid()),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("item_code", sa.Text(collation="C")),
        sa.Column("origin_kind", sa.String(24, collation="C"), nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("outcome", sa.String(12, collation="C")),
        sa.Column("result_note", sa.Text()),
        sa.Column("submission_id", sa.Uuid()),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("assigned_at", INSTANT),
        sa.Column("closed_by", sa.Uuid()),
        sa.Column("closed_at", INSTANT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(outcome IS NOT NULL) = (state IN ('done', 'rejected'))", name=op.f("ck_task_settled")
        ),
        sa.CheckConstraint(
            "(state = 'assigned') <= (inspector_id IS NOT NULL)", name=op.f("ck_task_assigned")
        ),
        sa.CheckConstraint(
            "(state IN ('open', 'assigned')) = (closed_at IS NULL)", name=op.f("ck_task_closed")
        ),
        sa.CheckConstraint(
            "kind IN ('verification', 'secondary_collection', 'tip', 'overdue', 'sample_check', 'returned')",
            name=op.f("ck_task_kind"),
        ),
        sa.CheckConstraint(
            "outcome IN ('confirmed', 'corrected', 'rejected', 'done')", name=op.f("ck_task_outcome")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'assigned', 'done', 'rejected', 'cancelled')", name=op.f("ck_task_state")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_task_area_id_area")),
        sa.ForeignKeyConstraint(["closed_by"], ["account.id"], name=op.f("fk_task_closed_by_account")),
        sa.ForeignKeyConstraint(
            ["county_code", "grid_id"],
            ["grid.county_code", "grid.id"],
            name=op.f("fk_task_county_code_grid_id_grid"),
        ),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_task_created_by_account")),
        sa.ForeignKeyConstraint(["inspector_id"], ["account.id"], name=op.f("fk_task_inspector_id_account")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_task")),
        sa.UniqueConstraint(
            "county_code",
            "kind",
            "origin_kind",
            "origin_id",
            "subject_id",
            name="uq_task_origin",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_task_area_id", "task", ["county_code", "area_id", "due_on", "id"])
    op.create_index("ix_task_grid_id", "task", ["county_code", "grid_id", "id"])
    op.create_index(
        "ix_task_inspector_id",
        "task",
        ["county_code", "inspector_id", "due_on"],
        postgresql_where=sa.text("state IN ('open', 'assigned')"),
    )
    op.create_index(
        "ix_task_subject_id",
        "task",
        ["county_code", "subject_id"],
        postgresql_where=sa.text("state IN ('open', 'assigned')"),
    )
    op.create_index(
        "ix_task_submission_id",
        "task",
        ["county_code", "submission_id"],
        postgresql_where=sa.text("submission_id IS NOT NULL"),
    )


def create_collection_request() -> None:
    """Second collections asked for by line cadres."""
    op.create_table(
        "collection_request",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("item_code", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_collection_request_area_id_area")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["account.id"], name=op.f("fk_collection_request_requested_by_account")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_collection_request")),
    )
    op.create_index(
        "ix_collection_request_area_id", "collection_request", ["county_code", "area_id", "created_at", "id"]
    )


def create_declaration_point() -> None:
    """Addresses of self-declaration, one in force for each grid."""
    op.create_table(
        "declaration_point",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(32, collation="C"), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_declaration_point_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "grid_id"],
            ["grid.county_code", "grid.id"],
            name=op.f("fk_declaration_point_county_code_grid_id_grid"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_declaration_point_created_by_account")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_declaration_point")),
        sa.UniqueConstraint("token", name=op.f("uq_declaration_point_token")),
    )
    op.create_index(
        "uq_declaration_point_grid_id",
        "declaration_point",
        ["county_code", "grid_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def create_declaration() -> None:
    """What was declared."""
    op.create_table(
        "declaration",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(12, collation="C"), nullable=False),
        sa.Column("channel", sa.String(8, collation="C"), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=False),
        sa.Column("item_code", sa.Text(collation="C"), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.Text()),
        sa.Column("masked", postgresql.JSONB(), nullable=False),
        sa.Column("consent_version", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(12, collation="C"), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("submission_id", sa.Uuid()),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.Column("purged_at", INSTANT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'received') = (settled_at IS NULL)", name=op.f("ck_declaration_settled")
        ),
        sa.CheckConstraint("channel IN ('page', 'api')", name=op.f("ck_declaration_channel")),
        sa.CheckConstraint("kind IN ('resident', 'organization')", name=op.f("ck_declaration_kind")),
        sa.CheckConstraint(
            "purged_at IS NULL OR (sealed IS NULL AND fields = '{}' AND masked = '{}')",
            name=op.f("ck_declaration_purged"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'confirmed', 'corrected', 'rejected', 'expired')",
            name=op.f("ck_declaration_state"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_declaration_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "grid_id"],
            ["grid.county_code", "grid.id"],
            name=op.f("fk_declaration_county_code_grid_id_grid"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_declaration")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_declaration_code_digest")),
    )
    op.create_index("ix_declaration_area_id", "declaration", ["county_code", "area_id", "created_at", "id"])
    op.create_index(
        "ix_declaration_kept",
        "declaration",
        ["county_code", "state", "created_at"],
        postgresql_where=sa.text("purged_at IS NULL"),
    )


def create_tip() -> None:
    """Tips of volunteers."""
    op.create_table(
        "tip",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid()),
        sa.Column("item_code", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.String(12, collation="C"), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_at", INSTANT, nullable=False),
        sa.Column("meeting_on", sa.Date()),
        sa.Column("inspector_id", sa.Uuid()),
        sa.Column("task_id", sa.Uuid()),
        sa.Column("verified_at", INSTANT),
        sa.Column("reason", sa.Text()),
        sa.Column("entered_submission_id", sa.Uuid()),
        sa.Column("entered_by", sa.Uuid()),
        sa.Column("entered_at", INSTANT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'entered') = (entered_at IS NOT NULL)", name=op.f("ck_tip_entered")),
        sa.CheckConstraint("(state = 'waiting') = (meeting_on IS NULL)", name=op.f("ck_tip_meeting_on")),
        sa.CheckConstraint(
            "state IN ('waiting', 'assigned', 'verified', 'rejected', 'entered')", name=op.f("ck_tip_state")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_tip_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "grid_id"],
            ["grid.county_code", "grid.id"],
            name=op.f("fk_tip_county_code_grid_id_grid"),
        ),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"], name=op.f("fk_tip_entered_by_account")),
        sa.ForeignKeyConstraint(["inspector_id"], ["account.id"], name=op.f("fk_tip_inspector_id_account")),
        sa.ForeignKeyConstraint(["registered_by"], ["account.id"], name=op.f("fk_tip_registered_by_account")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_tip")),
    )
    op.create_index("ix_tip_area_id", "tip", ["county_code", "area_id", "registered_at", "id"])
    op.create_index(
        "ix_tip_waiting",
        "tip",
        ["county_code", "area_id", "registered_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
