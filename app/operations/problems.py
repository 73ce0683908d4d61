"""Refusals of operations."""

from app.kit.problems import Problem


class NotReleasable(Problem):
    code, status = "not_releasable", 409
    zh = "该内容({reason})无法放行入库,只能下载查看或作废"
    en = "This content ({reason}) can't be released; it can be downloaded or dismissed"


class AlreadySettled(Problem):
    code, status = "already_settled", 409
    zh = "该内容此前已处理({outcome})"
    en = "This content was settled before ({outcome})"


class ReleaseTooLate(Problem):
    code, status = "release_too_late", 409
    zh = "收到已超过 {max_days} 天,回执可能已清理,放行可能造成重复计数"
    en = "It was received more than {max_days} days ago: its receipts may be gone, and it could be counted twice"


class JobNotFailed(Problem):
    code, status = "job_not_failed", 409
    zh = "任务当前状态为 {current_state},只有失败的任务可以重试"
    en = "The job is {current_state}; only failed jobs can be retried"


class JobWaitsAlready(Problem):
    code, status = "job_waits_already", 409
    zh = "同类任务已在排队,无需重试"
    en = "Another job that does the same waits already; there is nothing to retry"
