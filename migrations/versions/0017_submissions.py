"""Submissions, conflicts, reviews and sampling checks.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.geo import Geometry

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_submission()
    create_conflict()
    create_sampling()


def create_submission() -> None:
    """What was sent."""
    op.create_table(
        "submission",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("sent_subject_id", sa.Uuid(), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_lag_s", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("geom", Geometry("Point"), nullable=True),
        sa.Column("accuracy_m", sa.REAL(), nullable=True),
        sa.Column("outside_own_grid", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Uuid(), nullable=True),
        sa.Column("wait_kind", sa.Text(), nullable=True),
        sa.Column("made_version", sa.Integer(), nullable=True),
        sa.Column("state_change", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("photo_count", sa.SmallInteger(), nullable=False),
        sa.Column("quality_score", sa.SmallInteger(), nullable=True),
        sa.Column("quality", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("review_state", sa.Text(), nullable=False),
        sa.Column("review_reason", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_reason", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(review_state = 'returned') <= (review_reason IS NOT NULL)",
            name=op.f("ck_submission_review_reason"),
        ),
        sa.CheckConstraint(
            "(state IN ('held', 'stuck')) <= (waits_for IS NOT NULL)", name=op.f("ck_submission_waits_for")
        ),
        sa.CheckConstraint(
            "review_state IN ('submitted', 'returned', 'resubmitted', 'approved')",
            name=op.f("ck_submission_review_state"),
        ),
        sa.CheckConstraint(
            "state IN ('applied', 'conflict', 'held', 'stuck', 'discarded')", name=op.f("ck_submission_state")
        ),
        sa.CheckConstraint(
            "wait_kind IN ('item', 'subject', 'rejected_item')",
            name=op.f("ck_submission_wait_kind"),
        ),
        sa.CheckConstraint("entry_lag_s >= 0", name=op.f("ck_submission_entry_lag_s")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_submission_digest")),
        sa.CheckConstraint("quality_score BETWEEN 0 AND 100", name=op.f("ck_submission_quality_score")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_submission_area_id_area")),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_submission_author_id_account")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_submission_inspector_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["account.id"], name=op.f("fk_submission_reviewed_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["account.id"], name=op.f("fk_submission_settled_by_account")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_submission")),
    )
    op.create_index(
        "ix_submission_after_id",
        "submission",
        ["county_code", "after_id"],
        unique=False,
        postgresql_where=sa.text("after_id IS NOT NULL"),
    )
    op.create_index("ix_submission_area_id", "submission", ["area_id", "recorded_at"], unique=False)
    op.create_index(
        "ix_submission_attention",
        "submission",
        ["county_code", "inspector_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('held', 'stuck', 'conflict') OR review_state = 'returned'"),
    )
    op.create_index(
        "ix_submission_received_at", "submission", ["county_code", "received_at", "id"], unique=False
    )
    op.create_index(
        "ix_submission_sent_subject_id",
        "submission",
        ["county_code", "sent_subject_id"],
        unique=False,
        postgresql_where=sa.text("sent_subject_id IS NOT NULL"),
    )
    op.create_index("ix_submission_subject_id", "submission", ["county_code", "subject_id"], unique=False)
    op.create_index(
        "ix_submission_waits_for",
        "submission",
        ["county_code", "waits_for"],
        unique=False,
        postgresql_where=sa.text("state IN ('held', 'stuck')"),
    )


def create_conflict() -> None:
    """Two values of a field."""
    op.create_table(
        "subject_conflict",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=True),
        sa.Column("inspector_id", sa.Uuid(), nullable=True),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=True),
        sa.Column("current_value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sent_value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.Column("current_by", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_version", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'resolved') = (choice IS NOT NULL AND resolved_by IS NOT NULL AND resolved_at IS NOT NULL)",
            name=op.f("ck_subject_conflict_resolved"),
        ),
        sa.CheckConstraint("choice IN ('current', 'sent', 'other')", name=op.f("ck_subject_conflict_choice")),
        sa.CheckConstraint("state IN ('open', 'resolved')", name=op.f("ck_subject_conflict_state")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_subject_conflict_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "submission_id"],
            ["submission.county_code", "submission.id"],
            name=op.f("fk_subject_conflict_county_code_submission_id_submission"),
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_subject_conflict_inspector_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by"], ["account.id"], name=op.f("fk_subject_conflict_resolved_by_account")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_subject_conflict")),
    )
    op.create_index(
        "ix_subject_conflict_opened_at",
        "subject_conflict",
        ["county_code", "state", "opened_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_subject_conflict_subject_id", "subject_conflict", ["county_code", "subject_id"], unique=False
    )
    op.create_index(
        "uq_subject_conflict_field",
        "subject_conflict",
        ["county_code", "submission_id", "field"],
        unique=True,
    )


def create_sampling() -> None:
    """Random samples and what was found."""
    op.create_table(
        "sample_check",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("drawn_by", sa.Uuid(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_sample_check_state")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_sample_check_period")),
        sa.CheckConstraint("population >= 0", name=op.f("ck_sample_check_population")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_sample_check_area_id_area")),
        sa.ForeignKeyConstraint(
            ["closed_by"], ["account.id"], name=op.f("fk_sample_check_closed_by_account")
        ),
        sa.ForeignKeyConstraint(["drawn_by"], ["account.id"], name=op.f("fk_sample_check_drawn_by_account")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_sample_check")),
    )
    op.create_index(
        "ix_sample_check_drawn_at", "sample_check", ["county_code", "drawn_at", "id"], unique=False
    )
    op.create_table(
        "sample_case",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.Column("judged_by", sa.Uuid(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('correct', 'wrong', 'not_found')", name=op.f("ck_sample_case_verdict")
        ),
        sa.CheckConstraint("(verdict IS NULL) = (judged_at IS NULL)", name=op.f("ck_sample_case_judged_at")),
        sa.ForeignKeyConstraint(
            ["county_code", "check_id"],
            ["sample_check.county_code", "sample_check.id"],
            name=op.f("fk_sample_case_county_code_check_id_sample_check"),
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "submission_id"],
            ["submission.county_code", "submission.id"],
            name=op.f("fk_sample_case_county_code_submission_id_submission"),
        ),
        sa.ForeignKeyConstraint(["judged_by"], ["account.id"], name=op.f("fk_sample_case_judged_by_account")),
        sa.PrimaryKeyConstraint("county_code", "check_id", "ordinal", name=op.f("pk_sample_case")),
    )


def downgrade() -> None:
    for table in ("sample_case", "sample_check", "subject_conflict", "submission"):
        op.drop_table(table)
