"""Thresholds of the day's fold: `patrol.fold.<field>` for every field of the fold's own `FoldRules`.

Names and defaults agree (a test compares them); the reason behind each number stands beside its field in
`app/patrol/fold_rules.py`. Bounds are set so that a slip of the keyboard can't switch a check off.
"""

from app.rules.catalogue.fold_threshold import DESIGN, MEASURED, PREFIX, Q6, Q7, WORK, number, whole

__all__ = ["JUMPS", "PREFIX", "PRESENCE", "VEHICLES"]

PRESENCE = (
    whole(
        "online_gap_s",
        300,
        (30, 1800),
        "s",
        "相邻信号间隔不超过此值即连续在线",
        "Longest silence that still counts as online",
        Q6,
    ),
    whole(
        "grid_buffer_m",
        50,
        (0, 500),
        "m",
        "网格边界外扩",
        "How far a grid is grown before the in-grid test",
        Q6,
    ),
    whole(
        "max_accuracy_m",
        50,
        (10, 500),
        "m",
        "精度差于此值的定位不计",
        "A fix less accurate than this is not counted",
        Q7,
    ),
    number("foot_cap_mps", 15 / 3.6, (1, 15), "m/s", "步行速度上限", "Fastest walk", Q7),
    number(
        "ebike_cap_mps",
        35 / 3.6,
        (2, 25),
        "m/s",
        "电动自行车速度上限",
        "Fastest e-bike",
        "GB 17761, with a margin",
    ),
    number(
        "boat_cap_mps",
        30 * 1852 / 3600,
        (2, 40),
        "m/s",
        "船艇速度上限(30节)",
        "Fastest boat (30 knots)",
        DESIGN,
    ),
    whole(
        "unknown_accuracy_m",
        25,
        (1, 200),
        "m",
        "未报精度时按此精度处理",
        "Accuracy assumed where none is sent",
        MEASURED,
    ),
    whole(
        "visit_max_s",
        10_800,
        (300, 86_400),
        "s",
        "一次走访最多计入的时长",
        "Longest time that one visit counts",
        WORK,
    ),
    whole(
        "submission_max_s",
        3_600,
        (60, 86_400),
        "s",
        "一次采集最多计入的时长",
        "Longest time that one submission counts",
        WORK,
    ),
)
"""Who is there, where, and how fast he may be."""

JUMPS = (
    number(
        "jump_mps",
        42.0,
        (10, 150),
        "m/s",
        "超过此速度视为位置跳变",
        "Above this speed a step is a jump",
        MEASURED,
    ),
    number(
        "leap_slack_accuracies",
        1.5,
        (0, 10),
        "",
        "跳变两端可各偏差的精度倍数",
        "Accuracies by which both ends of a leap may err",
        MEASURED,
    ),
    number(
        "leap_return_mps",
        5.0,
        (0.5, 20),
        "m/s",
        "跳变后按此速度可返回则视为误差",
        "A leap from which this speed leads back was an error",
        MEASURED,
    ),
    whole(
        "leap_confirm_fixes",
        3,
        (1, 60),
        "",
        "新位置须有多少个定位印证",
        "Fixes that confirm a new place",
        MEASURED,
    ),
    whole(
        "leap_confirm_s",
        60,
        (1, 1800),
        "s",
        "新位置须持续印证的时间",
        "Time over which a new place is confirmed",
        MEASURED,
    ),
    whole(
        "leap_lookahead_fixes",
        600,
        (10, 5000),
        "",
        "判断跳变时向后看的定位数",
        "Fixes looked ahead to judge a leap",
        MEASURED,
    ),
    number(
        "spike_min_m",
        40.0,
        (5, 500),
        "m",
        "小于此距离的突跳由平滑处理",
        "Smaller throws are left to the smoothing",
        MEASURED,
    ),
    number(
        "spike_accuracies",
        5.0,
        (1, 20),
        "",
        "精度可解释的突跳倍数",
        "Accuracies that explain a throw",
        MEASURED,
    ),
    number(
        "spike_cap_share",
        0.6,
        (0.1, 2),
        "",
        "突跳速度占速度上限的比例",
        "Share of the speed cap above which a throw is a spike",
        MEASURED,
    ),
    number(
        "spike_return_share",
        0.7,
        (0, 1),
        "",
        "突跳后折返的比例",
        "Share of a spike that leads straight back",
        MEASURED,
    ),
)
"""Which places are believed."""

VEHICLES = (
    whole(
        "speed_window_s", 30, (5, 300), "s", "计算持续速度的时间窗", "Window of the sustained speed", MEASURED
    ),
    whole(
        "vehicle_min_s",
        15,
        (5, 600),
        "s",
        "超速持续多久视为乘车",
        "How long above the cap means a vehicle",
        MEASURED,
    ),
    number(
        "vehicle_linger_mps",
        2.2,
        (0.5, 10),
        "m/s",
        "乘车起步和减速时的速度下限",
        "Speed of a ride that brakes or starts",
        MEASURED,
    ),
    whole(
        "vehicle_bridge_s",
        180,
        (0, 900),
        "s",
        "乘车途中停顿不超过此值仍属乘车",
        "Stop on a ride that still belongs to it",
        MEASURED,
    ),
)
"""When a person rides."""
