"""Export and import jobs.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COUNTY = sa.String(6, collation="C")
ZERO = sa.text("0")


def upgrade() -> None:
    """Up."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _create_exports()
    _create_imports()


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _create_exports() -> None:
    op.create_table(
        "export_job",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requester_area_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_masked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", INSTANT),
        sa.Column("decision_reason", sa.Text()),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False, server_default=ZERO),
        sa.Column("started_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("failure", sa.Text()),
        sa.Column("file_key", sa.Text()),
        sa.Column("stored_bytes", sa.BigInteger()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("digest", sa.LargeBinary()),
        sa.CheckConstraint(
            "state IN ('awaiting_approval', 'queued', 'running', 'done', 'refused', 'cancelled', 'failed', "
            "'expired')",
            name=op.f("ck_export_job_state"),
        ),
        sa.CheckConstraint("format IN ('xlsx', 'ndjson', 'csv')", name=op.f("ck_export_job_format")),
        sa.CheckConstraint(
            "is_masked OR state <> 'queued' OR decided_by IS NOT NULL", name=op.f("ck_export_job_approved")
        ),
        sa.CheckConstraint("decided_by <> requested_by", name=op.f("ck_export_job_two_people")),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_export_job_decided")),
        sa.CheckConstraint(
            "state <> 'done' OR (file_key IS NOT NULL AND stored_bytes IS NOT NULL AND digest IS NOT NULL)",
            name=op.f("ck_export_job_file"),
        ),
        sa.CheckConstraint("rows_done >= 0 AND rows_total >= 0", name=op.f("ck_export_job_progress")),
        _refers("export_job", "area_id", "area"),
        _refers("export_job", "requested_by", "account"),
        _refers("export_job", "requester_area_id", "area"),
        _refers("export_job", "decided_by", "account"),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_export_job")),
    )
    op.create_index("ix_export_job_requested_at", "export_job", ["county_code", "requested_at", "id"])
    op.create_index(
        "ix_export_job_expires_at",
        "export_job",
        ["expires_at"],
        postgresql_where=sa.text("file_key IS NOT NULL"),
    )


def _create_imports() -> None:
    op.create_table(
        "import_job",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("file_key", sa.Text()),
        sa.Column("stored_bytes", sa.Integer()),
        sa.Column("state", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False, server_default=ZERO)
            for name in (
                "rows_total",
                "rows_done",
                "count_new",
                "count_changed",
                "count_unchanged",
                "count_refused",
            )
        ),
        sa.Column("checked_at", INSTANT),
        sa.Column("confirmed_by", sa.Uuid()),
        sa.Column("confirmed_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("failure", sa.Text()),
        sa.CheckConstraint(
            "kind IN ('subjects', 'divisions', 'code_table')", name=op.f("ck_import_job_kind")
        ),
        sa.CheckConstraint(
            "state IN ('checking', 'checked', 'queued', 'running', 'done', 'cancelled', 'failed', 'expired')",
            name=op.f("ck_import_job_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('queued', 'running', 'done') OR confirmed_at IS NOT NULL",
            name=op.f("ck_import_job_confirmed"),
        ),
        _refers("import_job", "area_id", "area"),
        _refers("import_job", "requested_by", "account"),
        _refers("import_job", "confirmed_by", "account"),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_import_job")),
    )
    op.create_index("ix_import_job_created_at", "import_job", ["county_code", "created_at", "id"])
    op.create_index(
        "ix_import_job_kept", "import_job", ["expires_at"], postgresql_where=sa.text("file_key IS NOT NULL")
    )
    op.create_table(
        "import_row",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("errors", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("row_no > 0", name=op.f("ck_import_row_row_no")),
        sa.ForeignKeyConstraint(
            ["county_code", "import_id"],
            ["import_job.county_code", "import_job.id"],
            name=op.f("fk_import_row_county_code_import_id_import_job"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("county_code", "import_id", "row_no", name=op.f("pk_import_row")),
    )


def downgrade() -> None:
    """Down."""
    for table in ("import_row", "import_job", "export_job"):
        op.drop_table(table)
