"""Presence: when a handheld counts as silent, how often it may speak, how online rates are computed."""

from app.rules.parameter import Whole

UPLOADS_PER_MINUTE_MAX = Whole(
    key="ingest.uploads_per_minute_max",
    default=300,
    minimum=10,
    maximum=1_000_000,
    zh="每台终端每分钟最多上传次数(超出部分请终端稍后再传,不丢数据)",
    en="Most uploads of one handheld a minute; it keeps the rest and sends it later",
    source="operational default: one upload a minute is usual, a day's backlog of 480 takes two minutes",
)
SKEW_NOTED_S = Whole(
    key="ingest.skew_noted_s",
    default=30,
    minimum=1,
    maximum=86_400,
    unit="s",
    zh="终端时钟(校正后)与服务器相差多少即留痕",
    en="A handheld's corrected clock that is off by this much is noted",
    source="design section 5: the server's own measurement only raises a flag",
)
SILENT_AFTER_MIN = Whole(
    key="presence.silent_after_min",
    default=30,
    minimum=5,
    maximum=1440,
    unit="min",
    zh="在岗时段内多少分钟无任何信号即列为失联终端",
    en="A handheld unheard for this long while its holder is expected is listed as silent",
    source="operational default: half an hour without signal is usual in stairwells and tunnels",
)
RECOMPUTE_DAYS = Whole(
    key="presence.recompute_days",
    default=7,
    minimum=1,
    maximum=62,
    unit="d",
    zh="区域即时在线率每晚重算的天数(排班、请假可能补录)",
    en="Days whose online rates of areas are computed again every night, for late changes of the roster",
    source="operational default: leave is filed within a week",
)
