"""On and off duty beyond the planned shift."""

from app.rules.parameter import Whole

AUTO_CLOSE_GRACE_MIN = Whole(
    key="duty.auto_close_grace_min",
    default=30,
    minimum=0,
    maximum=240,
    unit="min",
    zh="下班未按离岗时,班次结束后自动离岗的宽限",
    en="After a shift's end, duty that was pressed on closes by itself",
    source="design section 5: automatic close after the shift's end",
)
EARLY_PRESS_MIN = Whole(
    key="duty.early_press_min",
    default=60,
    minimum=0,
    maximum=240,
    unit="min",
    zh="提前到岗多久内计入该班次当日",
    en="A press this long before a shift belongs to that shift's day",
    source="operational default",
)
VOLUNTARY_MAX_H = Whole(
    key="duty.voluntary_max_h",
    default=4,
    minimum=1,
    maximum=16,
    unit="h",
    zh="无班次时自愿在岗的最长时间",
    en="Longest voluntary duty after one press",
    source="design section 5: voluntary windows where no shift is planned",
)
