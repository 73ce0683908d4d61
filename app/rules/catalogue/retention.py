"""How long what is kept."""

from app.rules.parameter import Whole

FIXES_DAYS = Whole(
    key="retention.fixes_days",
    default=365,
    minimum=60,  # longer than a fix is still accepted (45 days) and than an appeal takes
    maximum=3660,
    unit="d",
    zh="原始轨迹保存天数;期满后冻结说明并清除原始点",
    en="Raw fixes of a day are kept this long; then its explanation is frozen and they go",
    source="PIPL art. 19: no longer than the purpose needs; a year, so that a yearly rating opens down to fixes",
)
FROZEN_TOLERANCE_M = Whole(
    key="retention.frozen_tolerance_m",
    default=5,
    minimum=0,
    maximum=100,
    unit="m",
    zh="冻结轨迹的简化容差",
    en="The track kept with a frozen explanation deviates from the fixes by no more than this",
    source="operational default: below the accuracy of a fix",
)
RECEIPTS_DAYS = Whole(
    key="retention.receipts_days",
    default=60,
    minimum=46,  # longer than the oldest fix that is still accepted: `ingest.too_old_days`
    maximum=3660,
    unit="d",
    zh="上传回执保存天数",
    en="Receipts of uploads are kept this long",
    source="design section 2: longer than the oldest fix that is still accepted",
)
ITEM_RECEIPTS_DAYS = Whole(
    key="retention.item_receipts_days",
    default=400,
    minimum=190,  # longer than content rests in quarantine by default, and a login unused for 45 days ends
    maximum=3660,
    unit="d",
    zh="条目回执保存天数;等待中和待处理的隔离条目的回执不清理",
    en="Receipts of pushed items are kept this long; those of items that wait or lie in quarantine stay",
    source="operational default: over a year, since an item has no age at which it is refused and a handheld keeps it "
    "until it is answered",
)
QUARANTINE_DAYS = Whole(
    key="retention.quarantine_days",
    default=180,
    minimum=30,
    maximum=3660,
    unit="d",
    zh="隔离内容保存天数",
    en="What was quarantined is kept this long",
    source="operational default: half a year for a supervisor to look at it",
)
EVENTS_DAYS = Whole(
    key="retention.events_days",
    default=1095,
    minimum=184,  # any six months
    maximum=36600,
    unit="d",
    zh="日志(含查阅记录)保存天数",
    en="The event log, who looked at what included, is kept this long",
    source="Cybersecurity Law art. 21(3) as numbered in 2016: logs at least six months; design section 9: 180 days",
)
