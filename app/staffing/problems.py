"""What staffing refuses."""

from app.kit.problems import Problem


class ShiftOverlaps(Problem):
    code, status = "shift_overlaps", 409
    zh, en = "该网格员在此时段已有班次", "The inspector already has a shift at that time"
    constraints = ("ex_shift_inspector",)


class ShiftLength(Problem):
    code, status = "shift_length", 422
    zh, en = "班次须先开始后结束,且不超过24小时", "A shift ends after it starts, within 24 hours"
    constraints = ("ck_shift_length",)


class UnknownDayKind(Problem):
    code, status = "unknown_day_kind", 422
    zh, en = "没有这种日类型:见 /day-kinds", "There is no such kind of day: see /day-kinds"
    constraints = ("fk_shift_kind_day_kind",)


class AlreadyAppointed(Problem):
    code, status = "already_appointed", 409
    zh, en = (
        "该网格员在此时段已在该网格任此职",
        "The inspector already holds this post in this grid at that time",
    )
    constraints = ("ex_appointment_inspector_grid_role",)


class AppointmentOrder(Problem):
    code, status = "appointment_order", 422
    zh, en = "任职结束时间须晚于开始时间", "An appointment ends after it begins"
    constraints = ("ck_appointment_valid",)


class NotAnInspector(Problem):
    code, status = "staffing_not_an_inspector", 422
    zh, en = "该账号不是网格员", "The account is not an inspector"


class StaffingSpanTooLong(Problem):
    code, status = "staffing_span", 422
    zh, en = (
        "起止日期须先后有序,且最多 {limit_days} 天",
        "From must not follow to, and at most {limit_days} days",
    )


class AwayTime(Problem):
    code, status = "away_time", 422
    zh, en = (
        "须先开始后结束,且不超过 {longest_days} 天",
        "It ends after it begins, within {longest_days} days",
    )


class AwayKind(Problem):
    code, status = "away_kind", 422
    zh = "此日类型不减免考核,不能用于缺勤或免考:见 /day-kinds"
    en = "A kind of day that asks for everything is no absence or exemption: see /day-kinds"


class AwayKindOfArea(Problem):
    code, status = "away_kind_of_area", 422
    zh = "日类型 {kind} 只用于区域免考,个人缺勤可用:{allowed_kinds}"
    en = "The kind {kind} is for exemptions of an area; absences of one person are {allowed_kinds}"


class AwayKindPersonal(Problem):
    code, status = "away_kind_personal", 422
    zh = "日类型 {kind} 只用于个人缺勤,区域免考可用:{allowed_kinds}"
    en = "The kind {kind} is for absences of one person; exemptions of an area are {allowed_kinds}"
