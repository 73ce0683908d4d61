"""What can be wrong with a request about integrity signals."""

from app.kit.problems import Problem


class SignalNotFound(Problem):
    code, status = "signal_not_found", 404
    zh = "没有这条轨迹提示,或不在您的辖区内"
    en = "No such integrity signal, or it lies outside your area"


class SignalWithdrawn(Problem):
    code, status = "signal_withdrawn", 409
    zh = "新到的数据已不再显示这一情况,提示已于 {withdrawn_at} 撤回,无需处理"
    en = "Newer data no longer shows it: the signal was withdrawn at {withdrawn_at} and needs no review"
