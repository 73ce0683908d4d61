"""What can be wrong with an export."""

from app.kit.problems import Problem


class ExportTooLarge(Problem):
    code, status = "export_too_large", 422
    zh = "导出超过一次上限 {limit} 行,未开始;请按下级区域或筛选条件拆分"
    en = "It has more than {limit} rows, the most of one export; nothing was started: split it by area or filter"


class TooManyExports(Problem):
    code, status = "too_many_exports", 429
    zh = "您已有 {open} 个导出任务在等待或进行中,请稍后再试"
    en = "{open} exports of yours wait or run already; try again later"


class ExportDecided(Problem):
    code, status = "export_decided", 409
    zh, en = (
        "该导出不在待审批状态(当前 {current_state})",
        "The export does not wait for approval ({current_state})",
    )


class OwnExportApproval(Problem):
    code, status = "own_export_approval", 403
    zh, en = "不能审批自己申请的导出", "Nobody approves an export of his own"


class ExportClosed(Problem):
    code, status = "export_closed", 409
    zh, en = (
        "该导出已结束,不能取消(当前 {current_state})",
        "The export is over and cannot be cancelled ({current_state})",
    )


class ExportNotReady(Problem):
    code, status = "export_not_ready", 409
    zh = "文件尚不可下载(当前 {current_state})"
    en = "The file cannot be fetched ({current_state})"


class ExportGone(Problem):
    code, status = "export_gone", 410
    zh = "文件已于 {expires_at} 过期删除,请重新导出"
    en = "The file was deleted at {expires_at}; export again"
