"""What swaps refuse."""

from app.kit.problems import Problem


class GridLeftEmpty(Problem):
    code, status = "grid_left_empty", 409
    zh = "换岗后以下网格将无人在岗:{said}"
    en = "These grids would be left without anybody: {said}"


class NothingToSwap(Problem):
    code, status = "nothing_to_swap", 409
    zh, en = "该时段内没有可交换或接管的网格", "There is no grid to exchange or take over at that time"


class SwapOfOneself(Problem):
    code, status = "swap_of_oneself", 422
    zh, en = "换岗须为同一区县的两名网格员", "A swap takes two inspectors of one county"
    constraints = ("ck_grid_swap_two",)


class SwapTime(Problem):
    code, status = "swap_time", 422
    zh = "须先开始后结束,且不超过 {longest_days} 天;更长的请办理任职"
    en = "It ends after it begins, within {longest_days} days; longer ones are appointments"


class SwapIdReused(Problem):
    code, status = "swap_id_reused", 409
    zh, en = "该编号已用于内容不同的换岗", "The id was used for another swap"


class SwapBegun(Problem):
    code, status = "swap_begun", 409
    zh = "换岗已于 {starts_at} 开始,不能撤销,请另行安排"
    en = "The swap began at {starts_at} and cannot be undone; arrange another one"


class SwapChanged(Problem):
    code, status = "swap_changed", 409
    zh, en = (
        "换岗后有关任职又有变更,不能撤销,请直接调整任职",
        "Its appointments were changed since; change the appointments themselves",
    )
