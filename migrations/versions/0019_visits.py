"""Key persons and places, visits, work intervals of a patrol day.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.geo import Geometry

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


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
    create_work_interval()
    create_key_subject()
    create_visit()


def create_work_interval() -> None:
    """What a patrol day is credited beside its fixes."""
    op.create_table(
        "work_interval",
        county(),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("service_day", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        instant("started_at"),
        instant("ended_at"),
        instant("credited_at"),
        instant("withdrawn_at", nullable=True),
        sa.CheckConstraint("kind IN ('visit', 'submission')", name=op.f("ck_work_interval_kind")),
        sa.CheckConstraint("started_at < ended_at", name=op.f("ck_work_interval_span")),
        reference("work_interval", "inspector_id", "account"),
        sa.PrimaryKeyConstraint(
            "county_code", "inspector_id", "service_day", "id", name=op.f("pk_work_interval")
        ),
    )


def create_key_subject() -> None:
    """Who is to be visited."""
    op.create_table(
        "key_subject",
        county(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("owner_department", sa.Text()),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("visits_per_month", sa.SmallInteger()),
        sa.Column("designated_by", sa.Uuid(), nullable=False),
        instant("designated_at"),
        sa.Column("ended_by", sa.Uuid()),
        instant("ended_at", nullable=True),
        sa.Column("end_reason", sa.Text()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('person', 'place')", name=op.f("ck_key_subject_kind")),
        sa.CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name=op.f("ck_key_subject_valid")),
        sa.CheckConstraint("visits_per_month BETWEEN 1 AND 31", name=op.f("ck_key_subject_visits_per_month")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_key_subject_ended")),
        reference("key_subject", "designated_by", "account"),
        reference("key_subject", "ended_by", "account"),
        sa.ForeignKeyConstraint(
            ["county_code", "subject_id"],
            ["subject.county_code", "subject.id"],
            name="fk_key_subject_subject",
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_key_subject")),
        postgresql.ExcludeConstraint(
            ("county_code", "="),
            ("subject_id", "="),
            ("category", "="),
            ("valid", "&&"),
            name="ex_key_subject_category",
        ),
    )


def create_visit() -> None:
    """Who was visited."""
    op.create_table(
        "visit",
        county(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid()),
        sa.Column("is_own_grid", sa.Boolean(), nullable=False),
        instant("started_at"),
        instant("ended_at"),
        sa.Column("service_day", sa.Date(), nullable=False),
        instant("recorded_at"),
        instant("received_at"),
        sa.Column("geom", Geometry("Point")),
        sa.Column("accuracy_m", sa.Float()),
        sa.Column("distance_m", sa.Float()),
        sa.Column("is_near", sa.Boolean(), nullable=False),
        sa.Column("proven_by", sa.Text(), nullable=False),
        instant("proven_at", nullable=True),
        sa.Column("unproven_why", sa.Text()),
        sa.Column("upload_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("signature_upload_id", sa.Uuid()),
        sa.Column("awaits_upload", sa.Boolean(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text()),
        sa.Column("next_visit_on", sa.Date()),
        sa.Column("corrects_id", sa.Uuid()),
        sa.Column("voided_by", sa.Uuid()),
        instant("voided_at", nullable=True),
        sa.Column("void_reason", sa.Text()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "proven_by IN ('position', 'photo', 'signature', 'none')", name=op.f("ck_visit_proven_by")
        ),
        sa.CheckConstraint("(proven_by = 'none') = (proven_at IS NULL)", name=op.f("ck_visit_proven")),
        sa.CheckConstraint(
            "condition IN ('normal', 'needs_help', 'worse', 'not_met')", name=op.f("ck_visit_condition")
        ),
        sa.CheckConstraint("started_at <= ended_at", name=op.f("ck_visit_span")),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL)",
            name=op.f("ck_visit_voided"),
        ),
        reference("visit", "inspector_id", "account"),
        reference("visit", "area_id", "area"),
        reference("visit", "voided_by", "account"),
        sa.ForeignKeyConstraint(
            ["county_code", "subject_id"],
            ["subject.county_code", "subject.id"],
            name="fk_visit_subject",
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_subject", "visit", ["county_code", "subject_id", "service_day"])
    op.create_index("ix_visit_service_day", "visit", ["county_code", "service_day", "id"])
    op.create_index("ix_visit_inspector", "visit", ["county_code", "inspector_id", "service_day"])
    op.create_index(
        "ix_visit_corrects_id",
        "visit",
        ["county_code", "corrects_id"],
        postgresql_where=sa.text("corrects_id IS NOT NULL"),
    )
    op.create_index(
        "ix_visit_unproven",
        "visit",
        ["county_code", "received_at"],
        postgresql_where=sa.text("proven_by = 'none' AND awaits_upload AND voided_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("visit", "key_subject", "work_interval"):
        op.drop_table(table)
