"""The event log, month partitions, the job queue, PostGIS.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateSequence, DropSequence, Sequence

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ENSURE_MONTH = """
CREATE FUNCTION ensure_month_partition(parent regclass, month date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    child text := format('%s_y%sm%s', parent::text, to_char(month, 'YYYY'), to_char(month, 'MM'));
    is_by_day boolean;
BEGIN
    IF to_regclass(child) IS NOT NULL THEN RETURN NULL; END IF;
    -- service days are dates; instants begin their month at UTC midnight, whatever the session's zone
    SELECT a.atttypid = 'date'::regtype INTO is_by_day
      FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
     WHERE p.partrelid = parent;
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', child, parent,
        month || CASE WHEN is_by_day THEN '' ELSE ' 00:00+00' END,
        (month + interval '1 month')::date || CASE WHEN is_by_day THEN '' ELSE ' 00:00+00' END);
    RETURN child;
END $$
"""

GUARD = """
CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND OLD.hash IS NULL AND NEW.seq IS NOT NULL AND NEW.hash IS NOT NULL
       AND to_jsonb(NEW) - '{seq,hash}'::text[] = to_jsonb(OLD) - '{seq,hash}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(ENSURE_MONTH)
    op.execute(CreateSequence(Sequence("event_ord_seq", cache=1)))
    op.create_table(
        "event",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ord", sa.BigInteger(), server_default=sa.text("nextval('event_ord_seq')"), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("hash", sa.LargeBinary()),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid()),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('account', 'device', 'partner', 'system')", name=op.f("ck_event_actor_kind")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", "occurred_at", name=op.f("pk_event")),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index("ix_event_county_code_seq", "event", ["county_code", "seq"])
    op.create_index(
        "ix_event_unsealed", "event", ["county_code", "ord"], postgresql_where=sa.text("seq IS NULL")
    )
    op.create_index("ix_event_county_code_subject", "event", ["county_code", "subject_type", "subject_id"])
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER event_guard BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER event_guard_truncate BEFORE TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_append_only()"
    )
    op.create_table(
        "event_head",
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", name=op.f("pk_event_head")),
    )
    # The queue's own schema, as its library ships it; % and : mean nothing here.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    op.execute(
        """
        DO $$ DECLARE thing record; BEGIN
            FOR thing IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename LIKE 'procrastinate\\_%' LOOP
                EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', thing.tablename);
            END LOOP;
            FOR thing IN SELECT p.oid::regprocedure AS signature FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'public' AND p.proname LIKE 'procrastinate\\_%' LOOP
                EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', thing.signature);
            END LOOP;
            FOR thing IN SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                WHERE n.nspname = 'public' AND t.typname LIKE 'procrastinate\\_%' LOOP
                EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', thing.typname);
            END LOOP;
        END $$
        """
    )
    op.drop_table("event_head")
    op.drop_table("event")
    op.execute("DROP FUNCTION event_is_append_only()")
    op.execute(DropSequence(Sequence("event_ord_seq")))
    op.execute("DROP FUNCTION ensure_month_partition(regclass, date)")
