"""Absences and exemptions over the plan of shifts; whose a handheld is.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# People go on walking and their fixes count, but nobody can be heard: presence isn't expected.
OUTAGE = (
    "INSERT INTO day_kind (code, zh, en, prorate, on_duty, expects_presence, excuses) "
    "VALUES ('outage', '通信中断(基站故障、平台维护)', 'Outage (base station down, maintenance)', 0, true, false, true)"
)
# One person's own. What is left is the area's: nobody is on leave as a whole town, and no base station is down for
# one inspector.
PERSONAL = (
    "UPDATE day_kind SET personal = true "
    "WHERE code IN ('half_day', 'rest', 'leave', 'training', 'meeting', 'secondment')"
)

# What holds of one planned stretch: each layer has what those before it left over. First the inspector's own
# absence, then exemptions from the nearest area upwards, last the shift itself. Layers of one rank never overlap
# (exclusion constraints). A plain SQL function, so that the planner sees through it.
EFFECTIVE_PARTS = """
CREATE FUNCTION effective_parts(county text, inspector uuid, area uuid, begins timestamptz, ends timestamptz,
                                planned text)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, kind text) LANGUAGE sql STABLE AS $$
SELECT lower(p.part), upper(p.part), p.kind
  FROM (SELECT l.kind, unnest(
                   tstzmultirange(l.during * tstzrange(begins, ends))
                   - coalesce(range_agg(l.during) OVER (ORDER BY l.rank ROWS BETWEEN UNBOUNDED PRECEDING
                                                        AND 1 PRECEDING), '{}')) AS part
          FROM (SELECT 0 AS rank, b.during, b.kind::text
                  FROM absence b
                 WHERE b.county_code = county AND b.inspector_id = inspector AND b.state = 'approved'
                   AND lower(b.during) < ends AND upper(b.during) > begins
                UNION ALL
                SELECT 1 + c.depth, e.during, e.kind::text
                  FROM area_closure c JOIN exemption e ON e.area_id = c.ancestor_id
                 WHERE c.area_id = area AND e.cancelled_at IS NULL
                   AND lower(e.during) < ends AND upper(e.during) > begins
                UNION ALL
                SELECT 1000, tstzrange(begins, ends), planned) l) p
$$
"""

# A shift that nothing overlaps is itself: the two anti-joins are hashed, so a month of a county stays cheap.
EFFECTIVE_SHIFT = """
CREATE VIEW effective_shift AS
SELECT s.county_code, s.inspector_id, s.id AS shift_id, s.service_day, s.starts_at, s.ends_at, s.kind
  FROM shift s
  JOIN account a ON a.id = s.inspector_id
 WHERE s.cancelled_at IS NULL
   AND NOT EXISTS (
       SELECT FROM absence b
        WHERE b.county_code = s.county_code AND b.inspector_id = s.inspector_id AND b.state = 'approved'
          AND lower(b.during) < s.ends_at AND upper(b.during) > s.starts_at)
   AND NOT EXISTS (
       SELECT FROM exemption e JOIN area_closure c ON c.ancestor_id = e.area_id
        WHERE c.area_id = a.area_id AND e.cancelled_at IS NULL
          AND lower(e.during) < s.ends_at AND upper(e.during) > s.starts_at)
UNION ALL
SELECT t.county_code, t.inspector_id, t.id, t.service_day, p.starts_at, p.ends_at, p.kind::varchar(20) COLLATE "C"
  FROM (
      SELECT s.county_code, s.inspector_id, s.id, s.service_day, s.starts_at, s.ends_at, s.kind, a.area_id
        FROM absence b
        JOIN account a ON a.id = b.inspector_id
        JOIN shift s ON s.county_code = b.county_code AND s.inspector_id = b.inspector_id
             AND s.starts_at > lower(b.during) - interval '24 hours' AND s.starts_at < upper(b.during)
             AND s.ends_at > lower(b.during)
       WHERE b.state = 'approved' AND s.cancelled_at IS NULL
      UNION
      SELECT s.county_code, s.inspector_id, s.id, s.service_day, s.starts_at, s.ends_at, s.kind, a.area_id
        FROM exemption e
        JOIN area_closure c ON c.ancestor_id = e.area_id
        JOIN account a ON a.area_id = c.area_id
        JOIN shift s ON s.county_code = a.county_code AND s.inspector_id = a.id
             AND s.starts_at > lower(e.during) - interval '24 hours' AND s.starts_at < upper(e.during)
             AND s.ends_at > lower(e.during)
       WHERE e.cancelled_at IS NULL AND s.cancelled_at IS NULL
  ) t
 CROSS JOIN LATERAL effective_parts(t.county_code, t.inspector_id, t.area_id, t.starts_at, t.ends_at, t.kind) p
"""


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def code(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.String(20, collation="C"), nullable=False)


def identity() -> list[sa.Column[object]]:
    return [
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def bounded(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND lower_inc(during) "
        "AND NOT upper_inc(during)",
        name=op.f(f"ck_{table}_during"),
    )


def upgrade() -> None:
    op.execute(OUTAGE)
    op.add_column(
        "day_kind", sa.Column("personal", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.execute(PERSONAL)
    op.alter_column("day_kind", "personal", server_default=None)
    create_absence()
    create_exemption()
    create_grid_swap()
    op.execute(EFFECTIVE_PARTS)
    op.execute(EFFECTIVE_SHIFT)
    op.add_column(
        "device",
        sa.Column(
            "ownership", sa.String(10, collation="C"), nullable=False, server_default=sa.text("'issued'")
        ),
    )
    op.add_column("device_binding", sa.Column("returns_to", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_device_binding_returns_to_account"), "device_binding", "account", ["returns_to"], ["id"]
    )
    op.create_check_constraint(op.f("ck_device_ownership"), "device", "ownership IN ('issued', 'own')")


def create_absence() -> None:
    op.create_table(
        "absence",
        *identity(),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        code("kind"),
        text("reason"),
        code("state"),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        instant("requested_at"),
        sa.Column("decided_by", sa.Uuid()),
        instant("decided_at", nullable=True),
        text("decision_reason", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_absence")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_absence_inspector_id_account")
        ),
        sa.ForeignKeyConstraint(["kind"], ["day_kind.code"], name=op.f("fk_absence_kind_day_kind")),
        postgresql.ExcludeConstraint(
            ("county_code", "="),
            ("inspector_id", "="),
            ("during", "&&"),
            name=op.f("ex_absence_inspector"),
            using="gist",
            where=sa.text("state IN ('requested', 'approved')"),
        ),
        bounded("absence"),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'refused', 'withdrawn')", name=op.f("ck_absence_state")
        ),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name=op.f("ck_absence_decided"),
        ),
    )
    op.create_index(
        "ix_absence_approved",
        "absence",
        ["county_code", "inspector_id"],
        postgresql_where=sa.text("state = 'approved'"),
    )


def create_exemption() -> None:
    op.create_table(
        "exemption",
        *identity(),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        code("kind"),
        text("reason"),
        text("document_no", nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        instant("created_at"),
        instant("cancelled_at", nullable=True),
        sa.Column("cancelled_by", sa.Uuid()),
        text("cancel_reason", nullable=True),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_exemption")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_exemption_area_id_area")),
        sa.ForeignKeyConstraint(["kind"], ["day_kind.code"], name=op.f("fk_exemption_kind_day_kind")),
        postgresql.ExcludeConstraint(
            ("area_id", "="),
            ("during", "&&"),
            name=op.f("ex_exemption_area"),
            using="gist",
            where=sa.text("cancelled_at IS NULL"),
        ),
        bounded("exemption"),
        sa.CheckConstraint(
            "num_nonnulls(cancelled_at, cancelled_by, cancel_reason) IN (0, 3)",
            name=op.f("ck_exemption_cancelled"),
        ),
    )


def create_grid_swap() -> None:
    op.create_table(
        "grid_swap",
        *identity(),
        code("mode"),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        text("reason"),
        sa.Column("replaced", postgresql.JSONB(), nullable=False),
        sa.Column("made", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        instant("created_at"),
        instant("undone_at", nullable=True),
        sa.Column("undone_by", sa.Uuid()),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_grid_swap")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_grid_swap_inspector_id_account")
        ),
        sa.ForeignKeyConstraint(["other_id"], ["account.id"], name=op.f("fk_grid_swap_other_id_account")),
        bounded("grid_swap"),
        sa.CheckConstraint("mode IN ('swap', 'substitution')", name=op.f("ck_grid_swap_mode")),
        sa.CheckConstraint("inspector_id <> other_id", name=op.f("ck_grid_swap_two")),
        sa.CheckConstraint("num_nonnulls(undone_at, undone_by) IN (0, 2)", name=op.f("ck_grid_swap_undone")),
    )
    op.create_index("ix_grid_swap_inspector_id", "grid_swap", ["inspector_id"])
    op.create_index("ix_grid_swap_other_id", "grid_swap", ["other_id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_device_binding_returns_to_account"), "device_binding", type_="foreignkey")
    op.drop_column("device_binding", "returns_to")
    op.drop_constraint(op.f("ck_device_ownership"), "device", type_="check")
    op.drop_column("device", "ownership")
    op.execute("DROP VIEW effective_shift")
    op.execute("DROP FUNCTION effective_parts")
    for table in ("grid_swap", "exemption", "absence"):
        op.drop_table(table)
    op.execute("UPDATE shift SET kind = 'typhoon' WHERE kind = 'outage'")  # as near as the older table comes
    op.execute("DELETE FROM day_kind WHERE code = 'outage'")
    op.drop_column("day_kind", "personal")
