"""Subjects, their keys, versions, states, links, duplicates and merges.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.geo import Geometry

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "subject",
    "subject_key",
    "subject_version",
    "subject_state",
    "subject_link",
    "duplicate_proposal",
    "subject_merge",
    "subject_reveal",
)


def upgrade() -> None:
    create_subject()
    create_subject_key()
    create_subject_version()
    create_subject_state()
    create_subject_link()
    create_duplicate_proposal()
    create_subject_merge()
    create_subject_reveal()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def create_subject() -> None:
    """What is known now."""
    op.create_table(
        "subject",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=True),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since", sa.Date(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("masked", postgresql.JSONB(), nullable=False),
        sa.Column("sensitive", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_tokens", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("shown_name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("shown_address", sa.Text(), nullable=True),
        sa.Column("address_tokens", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("geom", Geometry("Point"), nullable=True),
        sa.Column("quality_score", sa.SmallInteger(), nullable=True),
        sa.Column("fresh_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('person', 'household', 'dwelling', 'building', 'organization', 'component', 'article', 'place')",
            name=op.f("ck_subject_kind"),
        ),
        sa.CheckConstraint("merged_into <> id", name=op.f("ck_subject_merged_into")),
        sa.CheckConstraint("quality_score BETWEEN 0 AND 100", name=op.f("ck_subject_quality_score")),
        sa.CheckConstraint("version > 0 AND revision > 0", name=op.f("ck_subject_version")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_subject_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "merged_into"],
            ["subject.county_code", "subject.id"],
            name="fk_subject_merged_into",
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_subject")),
    )
    op.create_index(
        "ix_subject_address_tokens", "subject", ["address_tokens"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_subject_area_id", "subject", ["area_id", "kind", "id"], unique=False)
    op.create_index("ix_subject_fresh_at", "subject", ["county_code", "kind", "fresh_at", "id"], unique=False)
    op.create_index("ix_subject_geom", "subject", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_subject_grid_id", "subject", ["county_code", "grid_id", "id"], unique=False)
    op.create_index(
        "ix_subject_merged_into",
        "subject",
        ["county_code", "merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index(
        "ix_subject_name_tokens", "subject", ["name_tokens"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_subject_tags", "subject", ["tags"], unique=False, postgresql_using="gin")


def create_subject_key() -> None:
    """Blind indexes."""
    op.create_table(
        "subject_key",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("key_kind", sa.Text(collation="C"), nullable=False),
        sa.Column("digest", sa.Text(collation="C"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("is_natural", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "subject_id"],
            ["subject.county_code", "subject.id"],
            name=op.f("fk_subject_key_county_code_subject_id_subject"),
        ),
        sa.PrimaryKeyConstraint(
            "county_code", "key_kind", "digest", "subject_id", name=op.f("pk_subject_key")
        ),
    )
    op.create_index("ix_subject_key_subject_id", "subject_key", ["county_code", "subject_id"], unique=False)
    op.create_index(
        "uq_subject_key_natural",
        "subject_key",
        ["county_code", "key_kind", "digest"],
        unique=True,
        postgresql_where=sa.text("is_natural"),
    )


def create_subject_version() -> None:
    """Every accepted change."""
    op.create_table(
        "subject_version",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("changed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("masked", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.CheckConstraint("version > 0", name=op.f("ck_subject_version_version")),
        sa.ForeignKeyConstraint(
            ["county_code", "subject_id"],
            ["subject.county_code", "subject.id"],
            name=op.f("fk_subject_version_county_code_subject_id_subject"),
        ),
        sa.PrimaryKeyConstraint("county_code", "subject_id", "version", name=op.f("pk_subject_version")),
    )
    op.create_index(
        "ix_subject_version_submission_id", "subject_version", ["county_code", "submission_id"], unique=False
    )
    op.create_index("uq_subject_version_id", "subject_version", ["county_code", "id"], unique=True)


def create_subject_state() -> None:
    """Dated states."""
    op.create_table(
        "subject_state",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.Uuid(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL)",
            name=op.f("ck_subject_state_voided"),
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "subject_id"],
            ["subject.county_code", "subject.id"],
            name=op.f("fk_subject_state_county_code_subject_id_subject"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_subject_state")),
    )
    op.create_index(
        "ix_subject_state_subject_id",
        "subject_state",
        ["county_code", "subject_id", "since", "id"],
        unique=False,
    )


def create_subject_link() -> None:
    """Dated links."""
    op.create_table(
        "subject_link",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('lives_in', 'owns', 'rents', 'works_at', 'family_of', 'part_of', 'belongs_to', 'involved_in')",
            name=op.f("ck_subject_link_kind"),
        ),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_subject_link_ends")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_subject_link_valid_to")),
        sa.ForeignKeyConstraint(
            ["county_code", "from_id"],
            ["subject.county_code", "subject.id"],
            name=op.f("fk_subject_link_county_code_from_id_subject"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_subject_link")),
    )
    op.create_index("ix_subject_link_from_id", "subject_link", ["county_code", "from_id"], unique=False)
    op.create_index("ix_subject_link_to_id", "subject_link", ["county_code", "to_id"], unique=False)
    op.create_index(
        "uq_subject_link_open",
        "subject_link",
        ["county_code", "from_id", "kind", "to_id"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )


def create_duplicate_proposal() -> None:
    """Pairs that may be the same thing."""
    op.create_table(
        "duplicate_proposal",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_duplicate_proposal_decided")
        ),
        sa.CheckConstraint(
            "reason IN ('same_key', 'same_name_and_birth_date', 'same_phone_similar_name', 'same_name', "
            "'near_position')",
            name=op.f("ck_duplicate_proposal_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'confirmed', 'dismissed')", name=op.f("ck_duplicate_proposal_state")
        ),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_duplicate_proposal_pair")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_duplicate_proposal_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "one_id"],
            ["subject.county_code", "subject.id"],
            name="fk_duplicate_proposal_one_id",
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "other_id"],
            ["subject.county_code", "subject.id"],
            name="fk_duplicate_proposal_other_id",
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_duplicate_proposal")),
    )
    op.create_index(
        "ix_duplicate_proposal_area_id", "duplicate_proposal", ["area_id", "state", "id"], unique=False
    )
    op.create_index(
        "ix_duplicate_proposal_other_id", "duplicate_proposal", ["county_code", "other_id"], unique=False
    )
    op.create_index(
        "uq_duplicate_proposal_pair", "duplicate_proposal", ["county_code", "one_id", "other_id"], unique=True
    )


def create_subject_merge() -> None:
    """Aliases, and those taken back."""
    op.create_table(
        "subject_merge",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loser_id", sa.Uuid(), nullable=False),
        sa.Column("winner_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_by", sa.Uuid(), nullable=True),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(reversed_at IS NULL) = (reversed_by IS NULL) AND (reversed_at IS NULL) = (reversal_reason IS NULL)",
            name=op.f("ck_subject_merge_reversed"),
        ),
        sa.CheckConstraint("loser_id <> winner_id", name=op.f("ck_subject_merge_ends")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_subject_merge_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "loser_id"],
            ["subject.county_code", "subject.id"],
            name="fk_subject_merge_loser_id",
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "winner_id"],
            ["subject.county_code", "subject.id"],
            name="fk_subject_merge_winner_id",
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_subject_merge")),
    )
    op.create_index("ix_subject_merge_winner_id", "subject_merge", ["county_code", "winner_id"], unique=False)
    op.create_index(
        "uq_subject_merge_loser",
        "subject_merge",
        ["county_code", "loser_id"],
        unique=True,
        postgresql_where=sa.text("reversed_at IS NULL"),
    )


def create_subject_reveal() -> None:
    """Who saw what in plain."""
    op.create_table(
        "subject_reveal",
        sa.Column("county_code", sa.String(length=6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_subject_reveal_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "subject_id"],
            ["subject.county_code", "subject.id"],
            name=op.f("fk_subject_reveal_county_code_subject_id_subject"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_subject_reveal")),
    )
    op.create_index(
        "ix_subject_reveal_subject_id",
        "subject_reveal",
        ["county_code", "subject_id", "revealed_at"],
        unique=False,
    )
