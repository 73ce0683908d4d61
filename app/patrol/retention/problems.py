"""What can be wrong with a legal hold."""

from app.kit.problems import Problem


class HoldOrder(Problem):
    code, status = "hold_order", 422
    zh = "保全的截止日期不得早于起始日期"
    en = "A hold ends no earlier than it begins"


class HoldNeedsCounty(Problem):
    code, status = "hold_needs_county", 422
    zh = "保全按区县设置,请选择区县或其下的区划"
    en = "A hold belongs to a county; choose the county or an area below it"


class HoldIdReused(Problem):
    code, status = "hold_id_reused", 409
    zh = "该编号已用于内容不同的保全,请换新的编号"
    en = "The id was used for a hold of other content; use a new id"


class HoldReleased(Problem):
    code, status = "hold_released", 409
    zh = "该保全已解除"
    en = "The hold was released"
