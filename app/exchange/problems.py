"""What can be wrong with an item before its kind looks at it."""

from app.kit.problems import Problem


class ContentDiffers(Problem):
    code, status = "content_differs", 409
    zh = "编号已用于其他内容(已存 {stored_digest},本次 {sent_digest}),请换新的编号"
    en = "The id was used for other content (stored {stored_digest}, sent {sent_digest}); use a new id"


class IdTaken(Problem):
    code, status = "id_taken", 409
    zh = "编号已被他人使用,请换新的编号"
    en = "Somebody else has used this id; use a new one"


class UnknownKind(Problem):
    code, status = "unknown_kind", 422
    zh = "本系统不认识条目类型 {kind};内容已留存待查,请勿重发"
    en = "Nobody here takes items of the kind {kind}; it is kept for inspection, do not resend it"


class ItemUnreadable(Problem):
    code, status = "item_unreadable", 422
    zh = "条目无法解析({field}:{reason});内容已留存待查,请勿重发"
    en = "The item cannot be read ({field}: {reason}); it is kept for inspection, do not resend it"


class ItemFailed(Problem):
    code, status = "item_failed", 500
    zh = "处理该条目时出错,内容已留存({quarantine_id}),由管理员处理,请勿重发"
    en = "The item could not be processed; it is kept ({quarantine_id}) for a person to look at, do not resend it"


class HeldGivenUp(Problem):
    code, status = "held_given_up", 409
    zh = "等待中的条目已由主管作废:{reason};内容已留存"
    en = "A supervisor gave the waiting item up: {reason}; its content is kept"
