"""Affairs and their admission, collection items, form versions, code tables.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = "'person', 'household', 'dwelling', 'building', 'organization', 'component', 'article', 'place'"


def text_(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """A text."""
    return sa.Column(name, sa.Text(), nullable=nullable)


def county(*, nullable: bool = False) -> sa.Column[str]:
    """Home code of a county."""
    return sa.Column("county_code", sa.String(6, collation="C"), nullable=nullable)


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """An instant."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """A named reference to the id of `target`."""
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    """A named condition."""
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    create_affair()
    op.create_table(
        "collection_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        text_("code"),
        county(nullable=True),
        text_("subject_kind", nullable=True),
        text_("name_zh"),
        text_("name_en"),
        sa.Column("cycle_days", sa.Integer()),
        text_("source"),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        check("collection_item", "code", "code ~ '^[a-z][a-z0-9_]{1,63}$'"),
        check("collection_item", "subject_kind", f"subject_kind IN ({KINDS})"),
        check("collection_item", "cycle_days", "cycle_days > 0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_item")),
        sa.UniqueConstraint("code", name="uq_collection_item_code"),
    )
    op.create_table(
        "affair_item",
        county(),
        sa.Column("affair_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "affair_id"], ["affair.county_code", "affair.id"], name="fk_affair_item_affair"
        ),
        reference("affair_item", "item_id", "collection_item"),
        sa.PrimaryKeyConstraint("county_code", "affair_id", "item_id", name=op.f("pk_affair_item")),
    )
    op.create_index("ix_affair_item_item_id", "affair_item", ["county_code", "item_id"])
    create_form_version()
    create_code_tables()


def create_affair() -> None:
    """Affairs, from proposal to end."""
    op.create_table(
        "affair",
        county(),
        sa.Column("id", sa.Uuid(), nullable=False),
        text_("code"),
        text_("name_zh"),
        text_("description"),
        text_("department"),
        text_("legal_basis", nullable=True),
        text_("kind"),
        text_("platform", nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        text_("state"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        instant("in_force_from", nullable=True),
        instant("in_force_until", nullable=True),
        text_("filed_no", nullable=True),
        sa.Column("proposed_by", sa.Uuid()),
        text_("proposer_role"),
        sa.Column("proposer_area_id", sa.Uuid(), nullable=False),
        instant("proposed_at"),
        sa.Column("approved_by", sa.Uuid()),
        instant("approved_at", nullable=True),
        sa.Column("filed_by", sa.Uuid()),
        instant("filed_at", nullable=True),
        sa.Column("closed_by", sa.Uuid()),
        instant("closed_at", nullable=True),
        text_("close_reason", nullable=True),
        check("affair", "kind", "kind IN ('standing', 'temporary')"),
        check("affair", "platform", "platform IN ('governance', 'market', 'enforcement', 'service')"),
        check(
            "affair",
            "state",
            "state IN ('proposed', 'approved', 'admitted', 'ended', 'rejected', 'withdrawn')",
        ),
        check("affair", "temporary", "kind <> 'temporary' OR (ends_on IS NOT NULL AND platform IS NOT NULL)"),
        check("affair", "days", "ends_on IS NULL OR ends_on >= starts_on"),
        check(
            "affair",
            "filed",
            "(state IN ('admitted', 'ended')) = (filed_no IS NOT NULL AND filed_at IS NOT NULL "
            "AND in_force_from IS NOT NULL)",
        ),
        check(
            "affair",
            "closed",
            "(state IN ('ended', 'rejected', 'withdrawn')) = (closed_at IS NOT NULL)",
        ),
        check("affair", "rejected", "state <> 'rejected' OR close_reason IS NOT NULL"),
        reference("affair", "area_id", "area"),
        reference("affair", "proposer_area_id", "area"),
        *(reference("affair", f"{did}_by", "account") for did in ("proposed", "approved", "filed", "closed")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_affair")),
        sa.UniqueConstraint("county_code", "code", name="uq_affair_county_code_code"),
        sa.UniqueConstraint("county_code", "filed_no", name="uq_affair_county_code_filed_no"),
    )
    op.create_index(
        "ix_affair_in_force_until",
        "affair",
        ["in_force_until"],
        postgresql_where=sa.text("state = 'admitted'"),
    )


def create_form_version() -> None:
    """Forms of items."""
    op.create_table(
        "form_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        county(nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("schema", postgresql.JSON(), nullable=False),
        sa.Column("removed", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("published_at"),
        sa.Column("published_by", sa.Uuid()),
        instant("previous_until", nullable=True),
        check("form_version", "version", "version > 0"),
        reference("form_version", "item_id", "collection_item"),
        reference("form_version", "published_by", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_version")),
        sa.UniqueConstraint(
            "item_id",
            "county_code",
            "version",
            name="uq_form_version_item_id_county_code_version",
            postgresql_nulls_not_distinct=True,
        ),
    )


def create_code_tables() -> None:
    """Code tables and their values."""
    op.create_table(
        "code_table",
        sa.Column("id", sa.Uuid(), nullable=False),
        text_("code"),
        county(nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        text_("name_zh"),
        text_("name_en"),
        text_("source"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        instant("published_at"),
        sa.Column("published_by", sa.Uuid()),
        instant("previous_until", nullable=True),
        check("code_table", "code", "code ~ '^[a-z][a-z0-9_]{1,63}$'"),
        check("code_table", "version", "version > 0"),
        reference("code_table", "published_by", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_table")),
        sa.UniqueConstraint(
            "code",
            "county_code",
            "version",
            name="uq_code_table_code_county_code_version",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "code_value",
        sa.Column("table_id", sa.Uuid(), nullable=False),
        text_("code"),
        sa.Column("position", sa.Integer(), nullable=False),
        text_("name_zh"),
        text_("name_en"),
        text_("parent", nullable=True),
        reference("code_value", "table_id", "code_table"),
        sa.PrimaryKeyConstraint("table_id", "code", name=op.f("pk_code_value")),
    )


def downgrade() -> None:
    for table in ("code_value", "code_table", "form_version", "affair_item", "collection_item", "affair"):
        op.drop_table(table)
