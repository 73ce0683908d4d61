"""What exemptions refuse."""

from app.kit.problems import Problem


class ExemptionOverlaps(Problem):
    code, status = "exemption_overlaps", 409
    zh, en = "该区域在此时段已有免考决定", "The area is exempted at that time already"
    constraints = ("ex_exemption_area",)


class ExemptionCancelled(Problem):
    code, status = "exemption_cancelled", 409
    zh, en = "该免考决定已撤销", "The exemption was cancelled before, for another reason"
