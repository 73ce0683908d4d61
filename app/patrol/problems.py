"""What can be wrong with an upload or a day."""

from app.kit.problems import Problem


class BatchUnreadable(Problem):
    code, status = "batch_unreadable", 422
    zh = "上传内容不符合格式({field}:{reason});原文已留存待查,请勿重发"
    en = "The upload does not fit the format ({field}: {reason}); it is kept for inspection, do not resend it"


class BatchTooLong(Problem):
    code, status = "batch_too_long", 422
    zh = "一次最多上传 {limit} 个定位点,请分批上传"
    en = "At most {limit} fixes in one upload; split it"


class BatchEmpty(Problem):
    code, status = "batch_empty", 422
    zh = "上传中没有定位点、心跳、到离岗记录或中断说明"
    en = "The upload holds no fix, heartbeat, press or report"


class BatchDiffers(Problem):
    code, status = "batch_differs", 409
    zh = "批次号 {batch_id} 已用于其他内容(已存 {stored_digest},本次 {sent_digest}),请换新的批次号"
    en = "Batch id {batch_id} was used for other content (stored {stored_digest}, sent {sent_digest}); use a new id"


class DeviceNeeded(Problem):
    code, status = "device_needed", 403
    zh = "只有已激活的手持终端可以上传,请用终端的令牌"
    en = "Only an activated handheld may upload; use the handheld's token"


class RevokedDeviceQuarantined(Problem):
    code, status = "revoked_device_quarantined", 403
    zh = "此终端已停用或挂失,内容已隔离留存({quarantine_id}),由管理员处理,请勿重发"
    en = "The handheld is revoked; what it sent is quarantined ({quarantine_id}) for a supervisor, do not resend it"


class IngestBusy(Problem):
    code, status = "ingest_busy", 503
    zh = "服务器繁忙,数据请保留在终端上,{retry_after_s} 秒后重发"
    en = "The server is busy; keep the data and send it again in {retry_after_s} s"

    def __init__(self, retry_after_s: int = 10) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)}, retry_after_s=retry_after_s)


class UploadsTooFrequent(Problem):
    code, status = "uploads_too_frequent", 429
    zh = "此终端上传过于频繁(每分钟至多 {per_minute_max} 次),数据请保留在终端上,{retry_after_s} 秒后重发"
    en = "Too many uploads of this handheld (at most {per_minute_max} a minute); keep the data for {retry_after_s} s"

    def __init__(self, per_minute_max: int = 300, retry_after_s: int = 6) -> None:
        super().__init__(
            headers={"Retry-After": str(retry_after_s)},
            per_minute_max=per_minute_max,
            retry_after_s=retry_after_s,
        )


class DayNotFound(Problem):
    code, status = "day_not_found", 404
    zh = "没有这名网格员当日的巡查记录,或不在您的辖区内"
    en = "No patrol day of this inspector on that date, or it lies outside your area"


class DayFrozen(Problem):
    code, status = "day_frozen", 409
    zh = "当日已冻结,原始轨迹可能已按保存期限清除;请查看当日说明"
    en = "The day is frozen, its fixes may be gone as retention asks; read its explanation"


class RangeTooWide(Problem):
    code, status = "range_too_wide", 422
    zh = "查询范围过大:最多 {max_days} 天、{max_degrees} 度"
    en = "The range is too wide: at most {max_days} days and {max_degrees} degrees"


class BoxReversed(Problem):
    code, status = "box_reversed", 422
    zh = "查询框有误:西界不得大于东界,南界不得大于北界"
    en = "The box is reversed: west must not exceed east, nor south exceed north"


class PeriodTooLong(Problem):
    code, status = "period_too_long", 422
    zh = "统计期须为 1 至 {max_days} 天,且起始日期不晚于截止日期"
    en = "A period has 1 to {max_days} days and ends no earlier than it begins"
