"""What can be wrong with an appeal."""

from app.kit.problems import Problem


class DayNotJudged(Problem):
    code, status = "day_not_judged", 409
    zh = "当日尚未判定(或无此判定版次),判定后方可申诉"
    en = "The day has no such judgement yet; it can be contested once it is judged"


class AppealTooLate(Problem):
    code, status = "appeal_too_late", 409
    zh = "申诉期限已于 {file_by} 届满"
    en = "The judgement could be contested until {file_by}"


class AppealDiffers(Problem):
    code, status = "appeal_differs", 409
    zh = "申诉编号已用于其他内容(已存 {stored_digest},本次 {sent_digest}),请换新的编号"
    en = "The appeal's id was used for other content (stored {stored_digest}, sent {sent_digest}); use a new id"
    constraints = ("pk_appeal",)


class AppealOpen(Problem):
    code, status = "appeal_open", 409
    zh = "当日已有一件申诉待决定"
    en = "An appeal of that day waits for its decision already"
    constraints = ("uq_appeal_open",)


class JudgementContestedBefore(Problem):
    code, status = "judgement_contested_before", 409
    zh = "该版判定的申诉已有决定;当日重新判定后可再申诉"
    en = "An appeal against this judgement was decided; a new judgement of the day can be contested again"
    constraints = ("uq_appeal_revision", "uq_appeal_current")


class AppealClosed(Problem):
    code, status = "appeal_closed", 409
    zh = "申诉已决定或已撤回(当前状态 {current_state})"
    en = "The appeal was decided or withdrawn (state {current_state})"


class AppealDecidedAbove(Problem):
    code, status = "appeal_decided_above", 403
    zh = "按规则由{lowest_level_label}及以上决定申诉"
    en = "By the rules appeals are decided by the {lowest_level} or above"
