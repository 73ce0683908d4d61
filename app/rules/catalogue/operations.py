"""When the service calls itself degraded. Decided for everywhere; an area's own value has no effect."""

from app.rules.parameter import Number, Whole

WORKER_SILENT_MAX_S = Whole(
    key="operations.worker_silent_max_s",
    default=90,
    minimum=30,
    maximum=3600,
    unit="s",
    zh="后台进程多久无动静即告警",
    en="Silence of the worker after which it counts as dead",
    source="operational default: it reports every 10 s and is started again within seconds",
)
SEAL_LAG_MAX_S = Whole(
    key="operations.seal_lag_max_s",
    default=60,
    minimum=5,
    maximum=3600,
    unit="s",
    zh="日志封存滞后上限",
    en="How far sealing may be behind",
    source="design section 3.5: measured 0.1 s behind at 500 events/s",
)
FOLD_BACKLOG_MAX_S = Whole(
    key="operations.fold_backlog_max_s",
    default=900,
    minimum=60,
    maximum=86400,
    unit="s",
    zh="巡查日计算积压上限",
    en="How long folding may go on without catching up",
    source="design section 5: changed days fold every few minutes",
)
QUEUE_MAX_SHARE = Number(
    key="operations.queue_max_share",
    default=0.8,
    minimum=0.1,
    maximum=1,
    zh="写入队列占用上限",
    en="Share of the writer's queue in use",
    source="operational default: at 1 handhelds are sent away with 503",
)
DISK_FREE_MIN_MIB = Whole(
    key="operations.disk_free_min_mib",
    default=2048,
    minimum=64,
    maximum=1_048_576,
    unit="MiB",
    zh="磁盘剩余空间下限",
    en="Least free space of the data directory's disk",
    source="operational default: max_wal_size of the embedded database is 2 GB",
)
MONTHS_AHEAD_MIN = Whole(
    key="operations.months_ahead_min",
    default=1,
    minimum=0,
    maximum=3,
    unit="months",
    zh="提前建立分区的最少月数",
    en="Months for which partitions must exist ahead",
    source="design section 2: partitioned by month; without one the month's first upload fails",
)
INGEST_WINDOW_MIN = Whole(
    key="operations.ingest_window_min",
    default=10,
    minimum=2,
    maximum=60,
    unit="min",
    zh="判断上报下降的时间窗",
    en="Minutes over which handhelds heard are compared",
    source="operational default: handhelds upload every minute",
)
INGEST_COMPARE_DAYS = Whole(
    key="operations.ingest_compare_days",
    default=7,
    minimum=1,
    maximum=31,
    unit="d",
    zh="与前几日同时段比较",
    en="Days before whose same minutes are compared with",
    source="operational default: a week holds every day of the week once",
)
INGEST_MIN_SHARE = Number(
    key="operations.ingest_min_share",
    default=0.5,
    minimum=0,
    maximum=1,
    zh="上报终端数与同期之比的下限",
    en="Share of the usual number of handhelds below which ingest is falling",
    source="operational default",
)
INGEST_MIN_HANDHELDS = Whole(
    key="operations.ingest_min_handhelds",
    default=10,
    minimum=1,
    maximum=100_000,
    unit="handhelds",
    zh="终端数少于此值不判断上报下降",
    en="Fewer handhelds than these are too few to compare",
    source="operational default",
)
