"""What can be wrong with what is asked of a ledger."""

from app.kit.problems import Problem


class UnknownLedger(Problem):
    code, status = "unknown_ledger", 404
    zh, en = "没有这本台账:{ledger}", "There is no such ledger: {ledger}"


class FilterUnknown(Problem):
    code, status = "filter_unknown", 422
    zh = "该台账不能按 {filter} 筛选,可用:{known}"
    en = "The ledger cannot be narrowed by {filter}; possible: {known}"


class TooManyFound(Problem):
    code, status = "too_many_found", 422
    zh = "符合条件的超过 {limit} 条,请补充条件"
    en = "More than {limit} fit; narrow the question"


class NameNeeded(Problem):
    code, status = "name_needed", 422
    zh, en = "查居民住址须给出姓名(至少两个字)", "Residents are looked up by name, two characters at least"
