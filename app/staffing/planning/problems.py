"""What a bulk plan refuses as a whole."""

from app.kit.problems import Problem


class PlanTooLarge(Problem):
    code, status = "plan_too_large", 422
    zh = "一次最多排 {most} 个班次,本次将产生 {asked} 个,请分批提交"
    en = "At most {most} shifts in one plan, this one makes {asked}; split it"


class PlanEmpty(Problem):
    code, status = "plan_empty", 422
    zh, en = "所选日期内没有可排的日子", "No day of these is chosen by the pattern"
