"""Thresholds of the day's fold: `patrol.fold.<field>` for every field of the fold's own `FoldRules`.

Names and defaults agree (a test compares them); the reason behind each number stands beside its field in
`app/patrol/fold_rules.py`. Bounds are set so that a slip of the keyboard can't switch a check off.
"""

from app.rules.parameter import Number, Whole

PREFIX = "patrol.fold"
Q6, Q7 = "requirements A.6 Q6", "requirements A.6 Q7"
DESIGN, MEASURED = "design section 5", "measured by `wangge bench truth` and on recorded walks"


def _whole(
    field: str, default: int, bounds: tuple[int, int], unit: str, zh: str, en: str, source: str
) -> Whole:
    lowest, highest = bounds
    return Whole(
        key=f"{PREFIX}.{field}",
        default=default,
        minimum=lowest,
        maximum=highest,
        unit=unit,
        zh=zh,
        en=en,
        source=source,
    )


def _number(
    field: str, default: float, bounds: tuple[float, float], unit: str, zh: str, en: str, source: str
) -> Number:
    lowest, highest = bounds
    return Number(
        key=f"{PREFIX}.{field}",
        default=default,
        minimum=lowest,
        maximum=highest,
        unit=unit,
        zh=zh,
        en=en,
        source=source,
    )


PRESENCE = (
    _whole(
        "online_gap_s",
        300,
        (30, 1800),
        "s",
        "相邻信号间隔不超过此值即连续在线",
        "Longest silence that still counts as online",
        Q6,
    ),
    _whole(
        "grid_buffer_m",
        50,
        (0, 500),
        "m",
        "网格边界外扩",
        "How far a grid is grown before the in-grid test",
        Q6,
    ),
    _whole(
        "max_accuracy_m",
        50,
        (10, 500),
        "m",
        "精度差于此值的定位不计",
        "A fix less accurate than this is not counted",
        Q7,
    ),
    _number("foot_cap_mps", 15 / 3.6, (1, 15), "m/s", "步行速度上限", "Fastest walk", Q7),
    _number(
        "ebike_cap_mps",
        35 / 3.6,
        (2, 25),
        "m/s",
        "电动自行车速度上限",
        "Fastest e-bike",
        "GB 17761, with a margin",
    ),
    _number(
        "boat_cap_mps",
        30 * 1852 / 3600,
        (2, 40),
        "m/s",
        "船艇速度上限(30节)",
        "Fastest boat (30 knots)",
        DESIGN,
    ),
    _whole(
        "unknown_accuracy_m",
        25,
        (1, 200),
        "m",
        "未报精度时按此精度处理",
        "Accuracy assumed where none is sent",
        MEASURED,
    ),
)
"""Who is there, where, and how fast he may be."""

JUMPS = (
    _number(
        "jump_mps",
        42.0,
        (10, 150),
        "m/s",
        "超过此速度视为位置跳变",
        "Above this speed a step is a jump",
        MEASURED,
    ),
    _number(
        "leap_slack_accuracies",
        1.5,
        (0, 10),
        "",
        "跳变两端可各偏差的精度倍数",
        "Accuracies by which both ends of a leap may err",
        MEASURED,
    ),
    _number(
        "leap_return_mps",
        5.0,
        (0.5, 20),
        "m/s",
        "跳变后按此速度可返回则视为误差",
        "A leap from which this speed leads back was an error",
        MEASURED,
    ),
    _whole(
        "leap_confirm_fixes",
        3,
        (1, 60),
        "",
        "新位置须有多少个定位印证",
        "Fixes that confirm a new place",
        MEASURED,
    ),
    _whole(
        "leap_confirm_s",
        60,
        (1, 1800),
        "s",
        "新位置须持续印证的时间",
        "Time over which a new place is confirmed",
        MEASURED,
    ),
    _whole(
        "leap_lookahead_fixes",
        600,
        (10, 5000),
        "",
        "判断跳变时向后看的定位数",
        "Fixes looked ahead to judge a leap",
        MEASURED,
    ),
    _number(
        "spike_min_m",
        40.0,
        (5, 500),
        "m",
        "小于此距离的突跳由平滑处理",
        "Smaller throws are left to the smoothing",
        MEASURED,
    ),
    _number(
        "spike_accuracies",
        5.0,
        (1, 20),
        "",
        "精度可解释的突跳倍数",
        "Accuracies that explain a throw",
        MEASURED,
    ),
    _number(
        "spike_cap_share",
        0.6,
        (0.1, 2),
        "",
        "突跳速度占速度上限的比例",
        "Share of the speed cap above which a throw is a spike",
        MEASURED,
    ),
    _number(
        "spike_return_share",
        0.5,
        (0, 1),
        "",
        "突跳后折返的比例",
        "Share of a spike that leads straight back",
        MEASURED,
    ),
)
"""Which places are believed."""

VEHICLES = (
    _whole(
        "speed_window_s", 30, (5, 300), "s", "计算持续速度的时间窗", "Window of the sustained speed", MEASURED
    ),
    _whole(
        "vehicle_min_s",
        30,
        (5, 600),
        "s",
        "超速持续多久视为乘车",
        "How long above the cap means a vehicle",
        MEASURED,
    ),
    _number(
        "vehicle_linger_mps",
        2.2,
        (0.5, 10),
        "m/s",
        "乘车起步和减速时的速度下限",
        "Speed of a ride that brakes or starts",
        MEASURED,
    ),
    _whole(
        "vehicle_bridge_s",
        120,
        (0, 900),
        "s",
        "乘车途中停顿不超过此值仍属乘车",
        "Stop on a ride that still belongs to it",
        MEASURED,
    ),
)
"""When a person rides."""

SMOOTHING = (
    _number("noise_floor_m", 8.0, (1, 50), "m", "定位误差估计下限", "Least error that is expected", MEASURED),
    _number(
        "noise_ceiling_m",
        15.0,
        (2, 100),
        "m",
        "定位误差估计上限",
        "Largest error that is allowed for",
        MEASURED,
    ),
    _number("smooth_s", 30.0, (0, 300), "s", "平滑时间窗", "Window of the smoothing", MEASURED),
    _number("smooth_m", 40.0, (0, 500), "m", "平滑距离上限", "Longest way that is smoothed over", MEASURED),
    _whole("knot_s", 5, (1, 60), "s", "平滑节点间隔", "Time between the knots of the smoothing", MEASURED),
)
"""What noise is taken away."""

STAYS = (
    _whole("stay_min_s", 120, (30, 3600), "s", "停留的最短时间", "Shortest stay", DESIGN),
    _number(
        "rest_net_accuracies",
        3.3,
        (0.5, 20),
        "",
        "静止时净位移的精度倍数上限",
        "Net displacement at rest, in accuracies",
        MEASURED,
    ),
    _number(
        "rest_scatter_accuracies",
        2.2,
        (0.5, 20),
        "",
        "静止时散布的精度倍数上限",
        "Scatter at rest, in accuracies",
        MEASURED,
    ),
    _number(
        "stay_shift_accuracies",
        2.5,
        (0.5, 20),
        "",
        "两处停留近于此即合并",
        "Two stays closer than this are one, in accuracies",
        MEASURED,
    ),
    _number(
        "stay_leave_accuracies",
        4.5,
        (0.5, 30),
        "",
        "其间未远离此距离才合并",
        "Unless something between them went further, in accuracies",
        MEASURED,
    ),
    _number(
        "stay_tail_accuracies",
        3.0,
        (0, 20),
        "",
        "停留前后近于此的定位并入停留",
        "What lies beside a stay within this belongs to it, in accuracies",
        MEASURED,
    ),
    _number(
        "still_accuracies",
        2.0,
        (0.5, 20),
        "",
        "片段在此范围内视为未移动",
        "A fragment within this went nowhere, in accuracies",
        MEASURED,
    ),
)
"""When a person stands."""

ANCHORS = (
    _number(
        "anchor_accuracies",
        1.3,
        (0.2, 20),
        "",
        "超出此精度倍数的转折计入轨迹",
        "A bend beyond this is kept, in accuracies",
        MEASURED,
    ),
    _number(
        "corner_min_sine",
        0.3,
        (0, 1),
        "",
        "转角正弦不低于此值才修正",
        "Flatter bends have no corner to give back (sine)",
        MEASURED,
    ),
    _number(
        "corner_sharpening",
        0.7,
        (0, 1),
        "",
        "转角还原程度",
        "How much of a cut corner is given back",
        MEASURED,
    ),
    _number(
        "return_max_cosine",
        -0.85,
        (-1, 0),
        "",
        "转折余弦低于此值视为往返",
        "Sharper turns go out and back (cosine)",
        MEASURED,
    ),
    _number(
        "cut_leg_share",
        0.3,
        (0, 1),
        "",
        "转角还原占较短边的比例上限",
        "No corner gains more than this share of its shorter leg",
        MEASURED,
    ),
    _number(
        "distance_error_share",
        0.04,
        (0, 0.5),
        "",
        "里程误差比例(九成情形)",
        "Error of the distance, nine times in ten",
        MEASURED,
    ),
)
"""Which metres are credited."""
