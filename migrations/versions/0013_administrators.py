"""Second factor, accounts that two administrators make, and a lockout that knows addresses.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Accounts there are count as approved: they were made before the second pair of eyes was asked for."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("account", sa.Column("made_by", sa.Uuid()))
    op.add_column("account", sa.Column("approved_at", INSTANT))
    op.add_column("account", sa.Column("approved_by", sa.Uuid()))
    op.execute("UPDATE account SET approved_at = created_at")
    op.create_check_constraint(
        op.f("ck_account_approved"), "account", "approved_by IS NULL OR approved_at IS NOT NULL"
    )
    op.create_check_constraint(op.f("ck_account_two_people"), "account", "approved_by <> made_by")
    op.add_column("login", sa.Column("limited_to", sa.String(20, collation="C")))
    op.create_check_constraint(op.f("ck_login_limited_to"), "login", "limited_to IN ('totp_enrolment')")
    op.add_column("attempt_guard", sa.Column("since", INSTANT))
    op.execute("UPDATE attempt_guard SET since = last_at")
    op.alter_column("attempt_guard", "since", nullable=False)
    _create_factors()


def _create_factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("active_sealed", sa.Text()),
        sa.Column("active_since", INSTANT),
        sa.Column("pending_sealed", sa.Text()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(active_sealed IS NULL) = (active_since IS NULL)", name=op.f("ck_second_factor_active")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_second_factor_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "known_address",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_known_address_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "address_hash", name=op.f("pk_known_address")),
    )
    op.create_index("ix_known_address_seen_at", "known_address", ["seen_at"])


def downgrade() -> None:
    """Down."""
    for table in ("known_address", "recovery_code", "second_factor"):
        op.drop_table(table)
    op.drop_column("attempt_guard", "since")
    # ends with the flag that bounded it: unbound, it would be a full login
    op.execute("DELETE FROM login WHERE limited_to IS NOT NULL")
    op.drop_constraint(op.f("ck_login_limited_to"), "login", type_="check")
    op.drop_column("login", "limited_to")
    op.drop_constraint(op.f("ck_account_two_people"), "account", type_="check")
    op.drop_constraint(op.f("ck_account_approved"), "account", type_="check")
    for column in ("approved_by", "approved_at", "made_by"):
        op.drop_column("account", column)
