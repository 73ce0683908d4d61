"""What can be wrong with a request about periods."""

from app.kit.problems import Problem


class PeriodNotFound(Problem):
    code, status = "period_not_found", 404
    zh, en = "没有这个统计期,或不在您的辖区内", "No such period, or it lies outside your area"


class PeriodNotOver(Problem):
    code, status = "period_not_over", 409
    zh = "统计期到 {last_day} 才结束,之后方可封存"
    en = "The period ends on {last_day}; it can be sealed afterwards"


class PeriodSealed(Problem):
    code, status = "period_sealed", 409
    zh, en = "该统计期已于 {sealed_at} 封存", "The period was sealed at {sealed_at}"


class PeriodNotSettled(Problem):
    code, status = "period_not_settled", 409
    zh = "尚有 {waiting_days} 个巡查日未计算完成,请稍后再封存"
    en = "{waiting_days} patrol days of it are not judged yet; seal it later"


class WhatIfTooWide(Problem):
    code, status = "what_if_too_wide", 422
    zh = "改动轨迹计算参数须重新计算 {days} 个人日,一次最多 {max_days} 个:请缩短日期、缩小区划,或只改评判标准"
    en = (
        "These parameters need {days} inspector-days folded again, at most {max_days} at once: take fewer days or a "
        "smaller area, or change judging thresholds only"
    )


class NotForWhatIf(Problem):
    code, status = "not_for_what_if", 422
    zh = "参数 {key} 不决定巡查日或统计期的数字,不能试算"
    en = "{key} decides no figure of a day or a period and cannot be tried out"


class PersonsNotRanked(Problem):
    code, status = "persons_not_ranked", 422
    zh = "人员只按姓名排列,不按在线时长或里程排名"
    en = "Persons are listed by name, never ranked by a figure"


class CountyUnknown(Problem):
    code, status = "county_unknown", 404
    zh, en = "没有区县 {county_code}", "There is no county {county_code}"


class InspectorUnknown(Problem):
    code, status = "inspector_unknown", 404
    zh, en = "没有网格员 {inspector_id}", "There is no inspector {inspector_id}"
