"""What can be wrong with a designation or a visit."""

from app.kit.problems import Problem


class VisitSubjectUnknown(Problem):
    code, status = "visit_subject_unknown", 404
    zh = "走访对象不存在,或不在您的辖区内;新建的对象请先上报"
    en = "There is no such subject in your area; send a new subject before its visit"


class VisitInFuture(Problem):
    code, status = "visit_in_future", 422
    zh, en = "走访时间 {started_at} 在将来,请校准终端时间", "The visit begins at {started_at}, in the future"


class VisitCorrectsAnother(Problem):
    code, status = "visit_corrects_another", 409
    zh = "被更正的走访不是您对同一对象的走访"
    en = "The visit that it corrects is not one of yours to the same subject"


class VisitVoided(Problem):
    code, status = "visit_voided", 409
    zh, en = "该走访已作废", "The visit was voided already"


class KeySubjectListed(Problem):
    code, status = "key_subject_listed", 409
    zh = "该对象在此期间已按同一类别列管"
    en = "The subject is designated in this category at that time already"
    constraints = ("ex_key_subject_category",)


class KeySubjectKind(Problem):
    code, status = "key_subject_kind", 422
    zh = "类别 {category} 不适用于该类对象({kind})"
    en = "The category {category} does not fit a subject of the kind {kind}"


class RestrictedTerm(Problem):
    code, status = "restricted_term", 422
    zh = "受限类别须写明截止日期,且不超过 {months} 个月"
    en = "A restricted category needs a last day, at most {months} months ahead"


class KeySubjectTerm(Problem):
    code, status = "key_subject_term", 422
    zh, en = "截止日期须晚于开始日期({since})", "The end must lie after the beginning ({since})"


class KeySubjectEnded(Problem):
    code, status = "key_subject_ended", 409
    zh, en = "列管已解除", "The designation was ended already"
