"""Stamps of the catalogue and of the areas, beside those of the rules and the calendar.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = {
    "catalogue": ("collection_item", "form_version", "code_table", "code_value", "affair", "affair_item"),
    "areas": ("area_closure",),
}
# Whoever writes one of these tables, by whatever way: what processes keep of it is read anew from then on.
NEW_EDITION = """
CREATE FUNCTION new_edition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rule_book SET version = version + 1, stamp = gen_random_uuid() WHERE book = TG_ARGV[0];
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f("ck_rule_book_book"), "rule_book")
    books = "book IN ('rules', 'calendar', 'catalogue', 'areas')"
    op.create_check_constraint(op.f("ck_rule_book_book"), "rule_book", sa.text(books))
    op.execute(NEW_EDITION)
    for book, tables in TABLES.items():
        op.execute(f"INSERT INTO rule_book (book, version, stamp) VALUES ('{book}', 0, gen_random_uuid())")
        for table in tables:
            op.execute(
                f"CREATE TRIGGER new_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION new_edition('{book}')"
            )


def downgrade() -> None:
    for tables in TABLES.values():
        for table in tables:
            op.execute(f"DROP TRIGGER new_edition ON {table}")
    op.execute("DROP FUNCTION new_edition")
    op.execute("DELETE FROM rule_book WHERE book IN ('catalogue', 'areas')")
    op.drop_constraint(op.f("ck_rule_book_book"), "rule_book")
    op.create_check_constraint(
        op.f("ck_rule_book_book"), "rule_book", sa.text("book IN ('rules', 'calendar')")
    )
