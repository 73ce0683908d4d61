"""Accounts, logins, signing keys, handhelds and who holds them, the notice.

Revision ID: 0004
Revises: 0003
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES = (
    "'inspector', 'community', 'township', 'county', 'city', 'dispatcher', 'department', "
    "'system_admin', 'security_admin', 'audit_admin', 'partner'"
)
NOTICE_ZH = """\
手持终端个人信息处理告知书(2026年第1版)

一、处理者与目的。使用本终端的网格管理机构,为组织网格巡查、核实巡查情况和保障您的安全,处理下列信息。
二、处理哪些信息。上岗期间的定位(时间、经纬度、精度、速度、方向、海拔)、终端型号与版本、电量、是否使用模拟定位。
三、何时处理。仅在您按下上岗或排班在岗期间;下岗后终端停止采集,非在岗时段的定位不予保存。
四、如何使用。用于生成您的巡查日记录;是否据此评判,以本辖区公布的巡查政策为准。不按时长、里程对个人排名。
五、保存多久。原始定位按辖区规定的期限保存,到期删除;有申诉或依法需要保留的除外。
六、您的权利。您可随时查看当日记录及其计算依据,对结果提出申诉,请求更正;可向本机构或主管部门投诉。
七、确认。您输入激活码并确认本告知书的版本,即表示已阅知。告知书变更时会再次请您确认。
"""
NOTICE_EN = """\
Notice on personal data handled by this handheld (2026, first version)

1. Who and why. The grid office that gave you this handheld handles the data below to organise patrols,
   to verify them and for your safety.
2. What. Positions while on duty (time, longitude, latitude, accuracy, speed, bearing, altitude), model and
   versions of the handheld, battery, and whether a mock location was used.
3. When. Only while you are on duty by your own press or by the roster. Off duty the handheld stops, and
   positions from off-duty time are not kept.
4. How it is used. For the record of your patrol day. Whether that is assessed is said by the published patrol
   policy of your area. Nobody is ranked by time or distance.
5. How long. Raw positions are deleted after the retention period of your area, unless an appeal or the law
   requires them.
6. Your rights. You may see your day and how it was computed at any time, appeal, ask for corrections, and
   complain to this office or its superior.
7. Acknowledgement. By entering the activation code and naming the version of this notice you confirm that
   you have read it. You will be asked again when it changes.
"""

COUNTY = sa.String(6, collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(64, collation="C"), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_changed_at", INSTANT, nullable=False),
        sa.Column("role", sa.String(20, collation="C"), nullable=False),
        sa.Column("display_name", sa.String(60), nullable=False),
        sa.Column("phone_sealed", sa.Text()),
        sa.Column("phone_index", sa.String(80, collation="C")),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_account_role")),
        sa.CheckConstraint("username = lower(username)", name=op.f("ck_account_username_lower")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_account_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_index("ix_account_area_id", "account", ["area_id"])
    op.create_index(
        "ix_account_phone_index",
        "account",
        ["phone_index"],
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.create_table(
        "attempt_guard",
        sa.Column("purpose", sa.String(20, collation="C"), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("purpose", "key", name=op.f("pk_attempt_guard")),
    )
    op.create_index("ix_attempt_guard_last_at", "attempt_guard", ["last_at"])
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(), nullable=False),
        sa.Column("private_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("active_from", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    _create_devices()
    op.create_table(
        "login",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid()),
        sa.Column("installation_hash", sa.LargeBinary()),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("current_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary()),
        sa.Column("successor", sa.LargeBinary()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("refreshed_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoke_reason", sa.String(40, collation="C")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name=op.f("ck_login_revoked")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_login_account_id_account")),
        sa.ForeignKeyConstraint(
            ["county_code", "device_id"],
            ["device.county_code", "device.id"],
            name=op.f("fk_login_county_code_device_id_device"),
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_login")),
    )
    op.create_index("ix_login_account_id", "login", ["account_id"])
    op.create_index(
        "ix_login_county_code_device_id",
        "login",
        ["county_code", "device_id"],
        postgresql_where=sa.text("device_id IS NOT NULL"),
    )


def _create_devices() -> None:
    op.create_table(
        "device",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("serial_no", sa.String(40, collation="C"), nullable=False),
        sa.Column("model", sa.String(80), nullable=False),
        sa.Column("android_version", sa.String(20, collation="C")),
        sa.Column("app_version", sa.String(20, collation="C")),
        sa.Column("capabilities", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.String(12, collation="C"), nullable=False),
        sa.Column("registered_at", INSTANT, nullable=False),
        sa.Column("activated_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.CheckConstraint(
            "state IN ('registered', 'active', 'revoked', 'lost')", name=op.f("ck_device_state")
        ),
        sa.CheckConstraint(
            "(state IN ('revoked', 'lost')) = (revoked_at IS NOT NULL)", name=op.f("ck_device_revoked")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_device_area_id_area")),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_device")),
        sa.UniqueConstraint("county_code", "serial_no", name=op.f("uq_device_county_code_serial_no")),
    )
    op.create_index("ix_device_area_id", "device", ["area_id"])
    op.create_index("ix_device_serial_no", "device", ["serial_no"])
    op.create_table(
        "device_binding",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(valid) AND NOT lower_inf(valid)", name=op.f("ck_device_binding_valid")
        ),
        sa.ForeignKeyConstraint(
            ["county_code", "device_id"],
            ["device.county_code", "device.id"],
            name=op.f("fk_device_binding_county_code_device_id_device"),
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_device_binding_inspector_id_account")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_device_binding")),
        postgresql.ExcludeConstraint(
            ("county_code", "="), ("device_id", "="), ("valid", "&&"), name="ex_device_binding_device"
        ),
        postgresql.ExcludeConstraint(
            ("county_code", "="), ("inspector_id", "="), ("valid", "&&"), name="ex_device_binding_inspector"
        ),
    )
    op.create_table(
        "activation_code",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("voided_at", INSTANT),
        sa.Column("used_at", INSTANT),
        sa.Column("answer", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["county_code", "device_id"],
            ["device.county_code", "device.id"],
            name=op.f("fk_activation_code_county_code_device_id_device"),
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_activation_code_inspector_id_account")
        ),
        sa.PrimaryKeyConstraint("county_code", "id", name=op.f("pk_activation_code")),
    )
    op.create_index(
        "ix_activation_code_county_code_device_id", "activation_code", ["county_code", "device_id"]
    )
    notice = op.create_table(
        "notice",
        sa.Column("version", sa.String(20, collation="C"), nullable=False),
        sa.Column("county_code", COUNTY),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_notice")),
    )
    op.bulk_insert(
        notice,
        [
            {
                "version": "2026-1",
                "county_code": None,
                "effective_from": date(2026, 1, 1),
                "zh": NOTICE_ZH,
                "en": NOTICE_EN,
            }
        ],
    )
    op.create_table(
        "notice_acknowledgement",
        sa.Column("county_code", COUNTY, nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("notice_version", sa.String(20, collation="C"), nullable=False),
        sa.Column("acknowledged_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["county_code", "device_id"],
            ["device.county_code", "device.id"],
            name=op.f("fk_notice_acknowledgement_county_code_device_id_device"),
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["account.id"], name=op.f("fk_notice_acknowledgement_inspector_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["notice_version"],
            ["notice.version"],
            name=op.f("fk_notice_acknowledgement_notice_version_notice"),
        ),
        sa.PrimaryKeyConstraint(
            "county_code",
            "inspector_id",
            "device_id",
            "notice_version",
            name=op.f("pk_notice_acknowledgement"),
        ),
    )


def downgrade() -> None:
    for table in (
        "notice_acknowledgement",
        "notice",
        "activation_code",
        "login",
        "device_binding",
        "device",
        "signing_key",
        "attempt_guard",
        "account",
    ):
        op.drop_table(table)
