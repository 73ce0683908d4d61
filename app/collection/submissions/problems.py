"""What can be wrong with a submission, a conflict, a review or a sample."""

from app.kit.problems import Problem


class SubmissionUnreadable(Problem):
    code, status = "submission_unreadable", 422
    zh, en = "采集记录不符合格式,见 errors", "The submission does not have the form asked for, see errors"


class SubmissionInvalid(Problem):
    code, status = "submission_invalid", 422
    zh, en = "采集内容不符合表单要求,见 errors", "The content does not fit the form, see errors"


class RecordedInFuture(Problem):
    code, status = "recorded_in_future", 422
    zh = "采集时间 {recorded_at} 晚于服务器时间,请校准终端时钟后重发"
    en = "It was recorded at {recorded_at}, later than the server's time; set the clock and send it again"


class SubjectNeeded(Problem):
    code, status = "subject_needed", 422
    zh, en = "该事项须指明采集对象", "This item is about a subject; name it"


class SubjectNotTaken(Problem):
    code, status = "subject_not_taken", 422
    zh, en = "该事项不涉及采集对象", "This item is about no subject"


class SubjectElsewhere(Problem):
    code, status = "subject_elsewhere", 403
    zh, en = "采集对象不在您的辖区内,修改未采纳", "The subject lies outside your area; the edit was not taken"


class PlaceElsewhere(Problem):
    code, status = "place_elsewhere", 403
    zh, en = "采集位置不在您的辖区内", "The position lies outside your area"


class ConflictResolved(Problem):
    code, status = "conflict_resolved", 409
    zh, en = "该冲突已处理({choice})", "The conflict was resolved before ({choice})"


class ConflictMoved(Problem):
    code, status = "conflict_moved", 409
    zh = "当前值在您查看后又有变更(现为第 {current_version} 版),请重新查看"
    en = "The current value changed after you looked (version {current_version} now); look again"


class NotHeld(Problem):
    code, status = "submission_not_held", 409
    zh = "该记录并不在等待中(当前状态 {current_state})"
    en = "The submission waits for nothing (state {current_state})"


class RebaseRefused(Problem):
    code, status = "rebase_refused", 409
    zh, en = "仍无法采纳:{reason}", "It still cannot be applied: {reason}"


class ReviewStep(Problem):
    code, status = "review_step_not_allowed", 409
    zh = "当前审核状态 {current_state} 不能执行此操作,可执行:{allowed_actions}"
    en = "The review is {current_state}; possible now: {allowed_actions}"


class OwnSubmission(Problem):
    code, status = "own_submission", 403
    zh, en = "本人采集的记录须由他人审核", "Nobody reviews what he recorded himself"


class SampleEmpty(Problem):
    code, status = "sample_empty", 409
    zh, en = "该范围和期间内没有可抽查的记录", "There is nothing to draw from in that area and period"


class SampleTooLarge(Problem):
    code, status = "sample_too_large", 422
    zh, en = "一次最多抽取 {most} 条", "At most {most} records in one sample"


class SampleClosed(Problem):
    code, status = "sample_closed", 409
    zh, en = "该次抽查已结束", "The sample check is closed"


class SampleUnfinished(Problem):
    code, status = "sample_unfinished", 409
    zh, en = "尚有 {open_cases} 条未判定", "{open_cases} cases have no verdict yet"
