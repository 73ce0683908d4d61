"""What absences refuse."""

from app.kit.problems import Problem


class AbsenceOverlaps(Problem):
    code, status = "absence_overlaps", 409
    zh = "该网格员在此时段已有请假或其他缺勤(待批或已批准)"
    en = "The inspector has another absence at that time, requested or approved"
    constraints = ("ex_absence_inspector",)


class AbsenceIdReused(Problem):
    code, status = "absence_id_reused", 409
    zh = "该编号已用于内容不同的申请:原 {stored_digest},现 {sent_digest}"
    en = "The id was used for a request with other content: stored {stored_digest}, sent {sent_digest}"


class AbsenceDecided(Problem):
    code, status = "absence_decided", 409
    zh = "该申请状态为 {current_state},可执行:{allowed_actions}"
    en = "The absence is {current_state}; possible now: {allowed_actions}"


class AbsenceTooOld(Problem):
    code, status = "absence_too_old", 422
    zh = "补请须在 {back_days} 天内,更早的请联系管理员录入"
    en = "Ask within {back_days} days; older ones are entered by your supervisor"
