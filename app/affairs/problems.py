"""What can be wrong with an affair."""

from app.kit.problems import Problem


class AffairStepNotAllowed(Problem):
    code, status = "affair_step_not_allowed", 409
    zh = "事项当前状态({current_state})不能执行此操作"
    en = "This cannot be done with an affair in the state {current_state}"


class AffairNotYours(Problem):
    code, status = "affair_not_yours", 403
    zh = "您的角色无权决定此事项的准入,本次尝试已记录"
    en = "Your role does not decide on the admission of this affair; the attempt has been logged"


class AffairSecondPerson(Problem):
    code, status = "affair_second_person", 403
    zh = "按规则,提出事项的人不得自行审核或备案"
    en = "By the rules who proposed an affair neither approves nor files it"


class AffairCodeTaken(Problem):
    code, status = "affair_code_taken", 409
    zh, en = "本县已有此编码的事项", "The county has an affair of this code already"
    constraints = ("uq_affair_county_code_code",)


class FilingNumberTaken(Problem):
    code, status = "filing_number_taken", 409
    zh, en = "备案号已用于其他事项", "The filing number belongs to another affair"
    constraints = ("uq_affair_county_code_filed_no",)


class AffairItemUnknown(Problem):
    code, status = "affair_item_unknown", 422
    zh, en = "没有这些采集事项:{item_codes}", "There are no such collection items: {item_codes}"


class AffairAreaTooWide(Problem):
    code, status = "affair_area_too_wide", 422
    zh = "临时事项只在乡镇(街道)或社区(村)范围内有效"
    en = "A temporary affair is one of a township or community"


class AffairTooLong(Problem):
    code, status = "affair_too_long", 422
    zh, en = "临时事项最长 {max_days} 天", "A temporary affair may last {max_days} days at most"


class AffairOver(Problem):
    code, status = "affair_over", 422
    zh, en = "结束日期已过", "Its last day has passed"
