"""What tasks refuse."""

from app.kit.problems import Problem


class TaskNotFound(Problem):
    code, status = "task_not_found", 404
    zh = "任务不存在,或不在您的网格内"
    en = "The task does not exist, or lies outside your grids"


class TaskTransition(Problem):
    code, status = "task_transition", 409
    zh = "任务当前状态为 {current_state},可执行:{allowed_actions}"
    en = "The task is {current_state}; possible now: {allowed_actions}"


class OutcomeOfKind(Problem):
    code, status = "task_outcome_of_kind", 422
    zh = "此类任务({kind})的结果只能是:{allowed_outcomes}"
    en = "A task of kind {kind} ends with one of: {allowed_outcomes}"


class ReasonMissing(Problem):
    code, status = "task_reason_missing", 422
    zh = "不属实须说明情况"
    en = "A rejection needs a note that says why"


class ResultSubmissionUnknown(Problem):
    code, status = "task_submission_unknown", 422
    zh = "结果所附的采集记录不存在、未入库或不属于本任务的网格"
    en = "The submission named as the result does not exist, was not stored, or lies in another area"


class ResultSubmissionMissing(Problem):
    code, status = "task_submission_missing", 422
    zh = "此结果须附采集记录(submission_id)"
    en = "This outcome needs the submission that carries it (submission_id)"


class NotServingTheGrid(Problem):
    code, status = "task_inspector_elsewhere", 422
    zh = "所选网格员目前不在本网格任职"
    en = "The inspector does not serve the grid of the task now"


class TaskWithoutGrid(Problem):
    code, status = "task_without_grid", 422
    zh = "任务尚未落到网格,请给出网格"
    en = "The task has no grid yet; name one"


class RequestDiffers(Problem):
    code, status = "collection_request_differs", 409
    zh = "该编号已用于其他内容的二次采集要求(已存 {stored_digest},本次 {sent_digest})"
    en = "The id was used for another request (stored {stored_digest}, sent {sent_digest})"


class RequestDuePast(Problem):
    code, status = "collection_request_due_past", 422
    zh, en = "办理期限已过,请给出今天或以后的日期", "Its last day has passed; name today or a later one"


class SubjectsUnknown(Problem):
    code, status = "task_subjects_unknown", 422
    zh = "有 {count} 个采集对象不存在、不在您的辖区内或不属于该事项"
    en = "{count} of the subjects do not exist, lie outside your area, or are of another kind than the item's"
