"""What tips refuse."""

from app.kit.problems import Problem


class TipForm(Problem):
    code, status = "tip_form", 422
    zh = "线索须登记在以下表单之一:{allowed_items}"
    en = "A tip is registered on one of the forms: {allowed_items}"


class TipStep(Problem):
    code, status = "tip_step_not_allowed", 409
    zh = "线索当前状态为 {current_state},不能执行此操作"
    en = "The tip is {current_state}; this cannot be done now"


class TipWithoutGrid(Problem):
    code, status = "tip_without_grid", 422
    zh = "线索尚未落到网格,分配时请给出网格"
    en = "The tip has no grid yet; name one"


class TipInspectorElsewhere(Problem):
    code, status = "tip_inspector_elsewhere", 422
    zh = "所选网格员目前不在该网格任职"
    en = "The inspector does not serve that grid now"


class TipNotFound(Problem):
    code, status = "tip_not_found", 404
    zh = "线索不存在,或不在您的辖区内"
    en = "The tip does not exist, or lies outside your area"


class TipEntryUnknown(Problem):
    code, status = "tip_submission_unknown", 422
    zh = "所附采集记录不存在或未入库"
    en = "The submission named does not exist or was not stored"
