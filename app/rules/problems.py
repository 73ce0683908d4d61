"""What the rule book and the calendar refuse."""

from app.kit.problems import Problem


class UnknownParameter(Problem):
    code, status = "unknown_parameter", 404
    zh, en = "规则库中没有参数 {key}", "The rule book has no parameter {key}"


class ValueNotAllowed(Problem):
    code, status = "rule_value_not_allowed", 422
    zh, en = "{key} 的取值不符合要求:{reason_zh}", "The value does not fit {key}: {reason_en}"


class RuleBackdated(Problem):
    code, status = "rule_backdated", 409
    zh = "规则不能早于今天({today})生效;已评判的日子不因规则变化而改写"
    en = "A rule may not take effect before today ({today}): judged days are not rewritten by new rules"


class RuleInSealedPeriod(Problem):
    code, status = "rule_in_sealed_period", 409
    zh = "{first_day} 至 {last_day} 的统计已封存,规则不能改变其中的日子;请从 {last_day} 之后生效"
    en = (
        "The figures of {first_day} to {last_day} are sealed and no rule changes their days: let it take effect after "
        "{last_day}"
    )


class EffectiveOrder(Problem):
    code, status = "rule_effective_order", 422
    zh, en = "失效日期须晚于生效日期", "A rule must end after it begins"
    constraints = ("ck_rule_value_effective_order",)


class AssessmentNeedsBasis(Problem):
    code, status = "assessment_needs_basis", 409
    zh = "评判巡查轨迹须先登记依据文件(patrol.legal_basis)和批准文号(patrol.approval_no)"
    en = "To assess tracks, record patrol.legal_basis and patrol.approval_no first"


class CalendarSpanTooLong(Problem):
    code, status = "calendar_span", 422
    zh, en = (
        "起止日期须先后有序,且最多 {limit_days} 天",
        "From must not follow to, and at most {limit_days} days",
    )


class CalendarFileUnreadable(Problem):
    code, status = "calendar_file_unreadable", 422
    zh = "文件须为 CSV,首行含 day,kind(可含 name),编码 UTF-8 或 GB18030,最多 {limit_rows} 行"
    en = "A CSV file is needed: first line day,kind[,name], UTF-8 or GB18030, at most {limit_rows} rows"


class YearNeedsEverywhere(Problem):
    code, status = "calendar_year_everywhere", 422
    zh, en = (
        "全年放假安排须对所有区域公布(area_id 留空)",
        "A year's list is published for everywhere (no area_id)",
    )
