"""Tables of staffing; the rule book's foreign keys to areas, which are created after the rules.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# code, zh, en, prorate, on_duty, expects_presence, excuses
DAY_KINDS = (
    ("work", "工作", "Work", 1, True, True, False),
    ("half_day", "半天", "Half day", 0.5, True, True, False),
    ("rest", "休息", "Rest", 0, False, False, False),
    ("leave", "请假", "Leave", 0, False, False, True),
    ("training", "培训", "Training", 0, False, False, True),
    ("meeting", "会议", "Meeting", 0, False, False, True),
    ("secondment", "借调", "Secondment", 0, False, False, True),
    ("typhoon", "台风或停航", "Typhoon or ferries stopped", 0, False, False, True),
)
RULE_TABLES = ("rule_value", "work_calendar")


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key() -> list[sa.Column[object]]:
    return [
        sa.Column("county_code", sa.String(6, collation="C"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
    ]


def keys(table: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f(f"fk_{table}_inspector_id_account")
        ),
    ]


def upgrade() -> None:
    for table in RULE_TABLES:
        op.create_foreign_key(op.f(f"fk_{table}_area_id_area"), table, "area", ["area_id"], ["id"])
    day_kind = op.create_table(
        "day_kind",
        sa.Column("code", sa.String(20, collation="C"), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("prorate", sa.Numeric(3, 2), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("expects_presence", sa.Boolean(), nullable=False),
        sa.Column("excuses", sa.Boolean(), nullable=False),
        sa.CheckConstraint("prorate BETWEEN 0 AND 1", name=op.f("ck_day_kind_prorate")),
        sa.CheckConstraint("code <> 'voluntary'", name=op.f("ck_day_kind_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_day_kind")),
    )
    names = ("code", "zh", "en", "prorate", "on_duty", "expects_presence", "excuses")
    op.bulk_insert(day_kind, [dict(zip(names, row, strict=True)) for row in DAY_KINDS])
    create_appointment()
    create_shift()
    create_duty_press()


def create_appointment() -> None:
    op.create_table(
        "appointment",
        *key(),
        sa.Column("grid_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(20, collation="C"), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("document_no", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        instant("cancelled_at", nullable=True),
        *keys("appointment"),
        sa.ForeignKeyConstraint(
            ["county_code", "grid_id"],
            ["grid.county_code", "grid.id"],
            name=op.f("fk_appointment_county_code_grid_id_grid"),
        ),
        postgresql.ExcludeConstraint(
            ("county_code", "="),
            ("inspector_id", "="),
            ("grid_id", "="),
            ("role", "="),
            ("valid", "&&"),
            name=op.f("ex_appointment_inspector_grid_role"),
            using="gist",
            where=sa.text("cancelled_at IS NULL"),
        ),
        sa.CheckConstraint(
            "role IN ('party_group_head', 'grid_head', 'full_time', 'part_time', 'instructor', 'substitute')",
            name=op.f("ck_appointment_role"),
        ),
        sa.CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name=op.f("ck_appointment_valid")),
    )
    op.create_index("ix_appointment_county_code_grid_id", "appointment", ["county_code", "grid_id"])


def create_shift() -> None:
    op.create_table(
        "shift",
        *key(),
        sa.Column("service_day", sa.Date(), nullable=False),
        instant("starts_at"),
        instant("ends_at"),
        sa.Column("kind", sa.String(20, collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        instant("cancelled_at", nullable=True),
        *keys("shift"),
        sa.ForeignKeyConstraint(["kind"], ["day_kind.code"], name=op.f("fk_shift_kind_day_kind")),
        postgresql.ExcludeConstraint(
            ("county_code", "="),
            ("inspector_id", "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name=op.f("ex_shift_inspector"),
            using="gist",
            where=sa.text("cancelled_at IS NULL"),
        ),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '24 hours'", name=op.f("ck_shift_length")
        ),
    )
    op.create_index(
        "ix_shift_county_code_inspector_id_starts_at", "shift", ["county_code", "inspector_id", "starts_at"]
    )


def create_duty_press() -> None:
    op.create_table(
        "duty_press",
        *key(),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(3, collation="C"), nullable=False),
        instant("pressed_at"),
        instant("received_at"),
        *keys("duty_press"),
        sa.ForeignKeyConstraint(
            ["county_code", "device_id"],
            ["device.county_code", "device.id"],
            name=op.f("fk_duty_press_county_code_device_id_device"),
        ),
        sa.CheckConstraint("kind IN ('on', 'off')", name=op.f("ck_duty_press_kind")),
    )
    op.create_index(
        "ix_duty_press_county_code_inspector_id_pressed_at",
        "duty_press",
        ["county_code", "inspector_id", "pressed_at"],
    )


def downgrade() -> None:
    for table in ("duty_press", "shift", "appointment", "day_kind"):
        op.drop_table(table)
    for table in RULE_TABLES:
        op.drop_constraint(op.f(f"fk_{table}_area_id_area"), table, type_="foreignkey")
