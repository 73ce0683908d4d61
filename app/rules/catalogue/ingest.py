"""What the door accepts, and how the handhelds are told to behave."""

from app.rules.parameter import Release, Whole

FUTURE_TOLERANCE_S = Whole(
    key="ingest.future_tolerance_s",
    default=120,
    minimum=0,
    maximum=3600,
    unit="s",
    zh="定位时间可超前服务器时间的上限",
    en="How far ahead of the server a fix's time may be",
    source="design section 5: disposition `future`",
)
TOO_OLD_DAYS = Whole(
    key="ingest.too_old_days",
    default=45,
    minimum=1,
    maximum=45,  # receipts are kept for 45 days; an older fix could be counted twice
    unit="d",
    zh="可补传的最早天数",
    en="Oldest fix that is still accepted",
    source="design section 2",
)
OFF_DUTY_KEEP_DAYS = Whole(
    key="ingest.off_duty_keep_days",
    default=7,
    minimum=0,
    maximum=45,
    unit="d",
    zh="非在岗定位在终端上保留待班次更正的天数",
    en="How long a handheld may keep off-duty fixes for a corrected shift",
    source="design section 5: the handheld may keep them a week",
)
NEXT_UPLOAD_AFTER_S = Whole(
    key="handheld.next_upload_after_s",
    default=60,
    minimum=5,
    maximum=3600,
    unit="s",
    zh="终端两次上传的间隔",
    en="Time between two uploads of a handheld",
    source="operational default; standards B.10: a heartbeat every 60 s",
)
UPLOAD_JITTER_S = Whole(
    key="handheld.upload_jitter_s",
    default=15,
    minimum=0,
    maximum=600,
    unit="s",
    zh="上传间隔的随机偏移",
    en="Random part of the time between uploads",
    source="operational default: handhelds of a county must not speak at once",
)
SAMPLING_S = Whole(
    key="handheld.sampling_s",
    default=10,
    minimum=1,
    maximum=60,
    unit="s",
    zh="定位采样间隔",
    en="Time between two fixes",
    source="operational default: the fold is proven from 1 s to 30 s",
)
HEARTBEAT_S = Whole(
    key="handheld.heartbeat_s",
    default=60,
    minimum=30,
    maximum=280,  # below the 300 s after which silence is a gap
    unit="s",
    zh="静止或无定位时的心跳间隔",
    en="Time between heartbeats without fixes",
    source="standards B.10: heartbeat every 60 s",
)
MIN_APP_VERSION = Release(
    key="handheld.min_app_version",
    default="1.0.0",
    zh="终端应用最低版本(低于此版本会提示升级,不拒收数据)",
    en="Oldest app version; an older one is told, its data is still taken",
    source="S0-36: one technical standard for all handhelds",
)
