"""What can be wrong with a subject, a link, a merge or a reveal."""

from app.kit.problems import Problem


class SubjectNotFound(Problem):
    code, status = "subject_not_found", 404
    zh, en = "对象不存在,或不在您的辖区内", "There is no such subject in your area"


class SubjectKindDiffers(Problem):
    code, status = "subject_kind_differs", 409
    zh = "对象类型不符(已存 {stored_kind},本次 {sent_kind})"
    en = "The subject is of another kind (stored {stored_kind}, sent {sent_kind})"


class SubjectMerged(Problem):
    code, status = "subject_merged", 409
    zh = "该对象已并入 {merged_into},请在合并后的对象上操作"
    en = "The subject was merged into {merged_into}; go on there"


class SubjectClosed(Problem):
    code, status = "subject_closed", 409
    zh = "该对象自 {state_since} 起已{current_state},此后的变更只能由管理人员更正"
    en = "The subject is {current_state} since {state_since}; later changes are corrections by a supervisor"


class StateUnknown(Problem):
    code, status = "state_unknown", 422
    zh, en = "该类对象没有状态 {state},可选:{allowed}", "No state {state} for this kind; there are: {allowed}"


class StateInFuture(Problem):
    code, status = "state_in_future", 422
    zh, en = "状态日期 {on} 在将来", "The state's day {on} lies in the future"


class StateNotAllowed(Problem):
    code, status = "state_not_allowed", 409
    zh = "状态 {current_state} 之后不能是 {asked_state},可选:{allowed}"
    en = "{asked_state} cannot follow {current_state}; possible: {allowed}"


class StateNotFound(Problem):
    code, status = "state_not_found", 404
    zh, en = "没有这条生命周期状态,或已作废", "There is no such dated state, or it is voided"


class LinkNotFound(Problem):
    code, status = "link_not_found", 404
    zh, en = "该对象没有这条关联", "The subject has no such link"


class LinkExists(Problem):
    code, status = "link_exists", 409
    zh = "这些日期内已有同类关联({link_id})"
    en = "A link of that kind between the two holds on some of those days ({link_id})"


class LinkEnded(Problem):
    code, status = "link_ended", 409
    zh, en = "该关联已于 {valid_to} 终止", "The link ended on {valid_to} already"


class LinkOfField(Problem):
    code, status = "link_of_field", 409
    zh = "该关联来自采集字段 {field},请通过报送修改该字段"
    en = "The link comes from the field {field}: change that by a submission"


class LinkToItself(Problem):
    code, status = "link_to_itself", 422
    zh, en = "对象不能与自身关联", "A subject is not linked to itself"


class LinkEndsUnfit(Problem):
    code, status = "link_ends_unfit", 422
    zh = "{kind} 不能从 {from_kind} 指向 {to_kind}"
    en = "A link {kind} does not lead from a {from_kind} to a {to_kind}"


class LinkInFuture(Problem):
    code, status = "link_in_future", 422
    zh, en = "关联日期 {on} 在将来", "The link's day {on} lies in the future"


class LinkDatesReversed(Problem):
    code, status = "link_dates_reversed", 422
    zh = "终止日 {valid_to} 早于起始日 {valid_from}"
    en = "The link would end on {valid_to}, before it begins on {valid_from}"


class SearchTooShort(Problem):
    code, status = "search_too_short", 422
    zh, en = "姓名、地址至少输入两个字", "A name or address is searched by at least two characters"


class SearchUnbounded(Problem):
    code, status = "search_unbounded", 422
    zh, en = "请至少给出一个查询条件", "Give at least one condition"


class FieldUnknown(Problem):
    code, status = "field_unknown", 422
    zh, en = "没有可查看的字段:{fields}", "No such personal fields: {fields}"


class RevealNotAllowed(Problem):
    code, status = "reveal_not_allowed", 403
    zh = "您的角色不能查看该对象的明文信息"
    en = "Your role may not see personal data of this subject in plain"


class DuplicateDecided(Problem):
    code, status = "duplicate_decided", 409
    zh, en = "该疑似重复已处理({current_state})", "The proposal was decided already ({current_state})"


class MergeEndsDiffer(Problem):
    code, status = "merge_ends_differ", 409
    zh, en = "只能合并两个同类且不同的对象", "Only two different subjects of one kind can be merged"


class MergeReversed(Problem):
    code, status = "merge_reversed", 409
    zh, en = "该合并已撤销", "The merge was reversed already"
