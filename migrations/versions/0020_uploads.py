"""Uploads, their content and what they are attached to.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.geo import Geometry

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COUNTY = sa.String(6, collation="C")
CODE = sa.Text(collation="C")
METRES = sa.Numeric(12, 1, asdecimal=False)
FLAGS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    """Up."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _create_stored_file()
    _create_upload()
    _create_attachment()


def _create_stored_file() -> None:
    op.create_table(
        "stored_file",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("length_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_type", CODE, nullable=False),
        sa.Column("thumbnail_state", CODE, nullable=False),
        sa.Column("thumbnail_key", CODE),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_stored_file_digest")),
        sa.CheckConstraint("length_bytes > 0", name=op.f("ck_stored_file_length_bytes")),
        sa.CheckConstraint(
            "thumbnail_state IN ('pending', 'made', 'none', 'failed')",
            name=op.f("ck_stored_file_thumbnail_state"),
        ),
        sa.CheckConstraint(
            "(thumbnail_state = 'made') = (thumbnail_key IS NOT NULL)",
            name=op.f("ck_stored_file_thumbnail_key"),
        ),
        sa.PrimaryKeyConstraint("county_code", "digest", name=op.f("pk_stored_file")),
    )


def _create_upload() -> None:
    op.create_table(
        "upload",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("length_bytes", sa.BigInteger(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("claimed_type", CODE),
        sa.Column("claimed_sha256", sa.LargeBinary()),
        sa.Column("content_type", CODE),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("refusal", postgresql.JSONB()),
        sa.Column("taken_at", INSTANT),
        sa.Column("geom", Geometry("Point")),
        sa.Column("exif_taken_at", INSTANT),
        sa.Column("exif_geom", Geometry("Point")),
        sa.Column("exif_distance_m", METRES),
        sa.Column("exif_difference_s", sa.Integer()),
        sa.Column("flags", FLAGS, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("width_px", sa.Integer()),
        sa.Column("height_px", sa.Integer()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("touched_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("completed_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('uploading', 'received', 'complete', 'refused', 'terminated', 'expired', 'purged')",
            name=op.f("ck_upload_state"),
        ),
        sa.CheckConstraint("offset_bytes BETWEEN 0 AND length_bytes", name=op.f("ck_upload_offset_bytes")),
        sa.CheckConstraint("octet_length(claimed_sha256) = 32", name=op.f("ck_upload_claimed_sha256")),
        sa.CheckConstraint("(state = 'complete') = (digest IS NOT NULL)", name=op.f("ck_upload_digest")),
        sa.CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name=op.f("ck_upload_refusal")),
        sa.CheckConstraint(
            "state NOT IN ('received', 'complete') OR offset_bytes = length_bytes",
            name=op.f("ck_upload_whole"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_upload_account_id_account")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_upload_area_id_area")),
        sa.ForeignKeyConstraint(
            ["county_code", "digest"],
            ["stored_file.county_code", "stored_file.digest"],
            name=op.f("fk_upload_county_code_digest_stored_file"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_county_code_account_id", "upload", ["county_code", "account_id", "created_at"])
    op.create_index("ix_upload_county_code_area_id", "upload", ["county_code", "area_id", "id"])
    op.create_index("ix_upload_county_code_digest", "upload", ["county_code", "digest"])
    op.create_index(
        "ix_upload_unfinished",
        "upload",
        ["touched_at"],
        postgresql_where=sa.text("state IN ('uploading', 'received', 'refused')"),
    )
    op.create_index(
        "ix_upload_completed_at", "upload", ["completed_at"], postgresql_where=sa.text("state = 'complete'")
    )


def _create_attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("owner_kind", CODE, nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid()),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("claimed_at", INSTANT),
        sa.Column("claimed_geom", Geometry("Point")),
        sa.Column("exif_distance_m", METRES),
        sa.Column("exif_difference_s", sa.Integer()),
        sa.Column("flags", FLAGS, server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint(
            "county_code", "owner_kind", "owner_id", "upload_id", name=op.f("pk_attachment")
        ),
    )
    op.create_index("ix_attachment_county_code_upload_id", "attachment", ["county_code", "upload_id"])
    for column in ("inspector_id", "device_id"):
        op.create_index(
            f"ix_attachment_county_code_{column}", "attachment", ["county_code", column, "upload_id"]
        )


def downgrade() -> None:
    """Down."""
    for table in ("attachment", "upload", "stored_file"):
        op.drop_table(table)
