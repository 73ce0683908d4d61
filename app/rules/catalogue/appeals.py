"""Contesting a judged day: until when, and who decides."""

from app.rules.parameter import Choice, Whole

FILE_WITHIN_WORKING_DAYS = Whole(
    key="appeals.file_within_working_days",
    default=5,
    minimum=1,
    maximum=60,
    unit="working days",
    zh="判定后多少个工作日内可以申诉",
    en="Working days after a judgement within which it can be contested",
    source="design section 5; counted as requirements A.6 Q2; operational default",
)
WRITTEN_GRACE_DAYS = Whole(
    key="appeals.written_grace_days",
    default=7,
    minimum=0,
    maximum=45,
    unit="d",
    zh="期限内在终端上写好、因无信号迟到的申诉,期满后多少天内送达仍算按期",
    en="An appeal written in time on a handheld without signal counts when it arrives this long after the deadline",
    source="design section 7: offline actions count at their own time; as `ingest.off_duty_keep_days`",
)
DECIDE_WITHIN_WORKING_DAYS = Whole(
    key="appeals.decide_within_working_days",
    default=5,
    minimum=1,
    maximum=60,
    unit="working days",
    zh="申诉须在提交后多少个工作日内答复",
    en="Working days after its filing within which an appeal is to be decided",
    source="as the conclusion of a case, design section 7; operational default",
)
DECIDED_BY = Choice(
    key="appeals.decided_by",
    default="township",
    choices={"community": "社区(村)及以上", "township": "乡镇(街道)及以上", "county": "区县及以上"},
    zh="由哪一级及以上决定申诉",
    en="The lowest level that decides appeals",
    source="design section 5: a supervisor decides with a reason; the level above the community that judges daily",
)
