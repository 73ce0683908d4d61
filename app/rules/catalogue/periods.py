"""When periods are sealed, and how much may be asked about them."""

from app.rules.parameter import Whole

SEAL_AFTER_WORKING_DAYS = Whole(
    key="periods.seal_after_working_days",
    default=3,
    minimum=1,
    maximum=20,
    unit="d",
    zh="统计期结束后第几个工作日封存(日统计随当月封存)",
    en="Working day after a period's end on which it is sealed (days: with their month)",
    source="design section 5: by default on the third working day of the next month",
)
SEAL_WAIT_H = Whole(
    key="periods.seal_wait_h",
    default=24,
    minimum=0,
    maximum=240,
    unit="h",
    zh="尚有巡查日未算完时,到期封存最多再等多久",
    en="How long sealing waits for days that are not judged yet",
    source="operational default: a day whose data cannot be read must not keep a month open for ever",
)
WHAT_IF_REFOLD_MAX = Whole(
    key="periods.what_if_refold_days_max",
    default=500,
    minimum=1,
    maximum=5000,
    zh="试算一次最多重新计算多少人日",
    en="Most inspector-days that one what-if folds again",
    source="operational default: 500 days of 10 ms are a few seconds",
)
