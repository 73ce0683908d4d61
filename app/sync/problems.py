"""What can be wrong with a push."""

from app.kit.problems import Problem


class PushTooLong(Problem):
    code, status = "push_too_long", 413
    zh = "一次最多推送 {limit} 条,本次未接收任何内容,请分批推送"
    en = "At most {limit} items in one push; nothing was taken, split it"


class PushUnreadable(Problem):
    code, status = "push_unreadable", 422
    zh = "推送的信封不符合格式({field}:{reason}),本次未接收任何内容"
    en = "The envelope does not fit the format ({field}: {reason}); nothing was taken"
