"""The technical standard of handhelds: one function list and least versions (S0-36)."""

from app.rules.parameter import Text, Whole

REQUIRED_CAPABILITIES = Text(
    key="handheld.required_capabilities",
    default="camera gnss",
    zh="终端必备功能(空格分隔)",
    en="Functions that every handheld must have, separated by spaces",
    source="Luohu 2015: 统一的技术标准和功能要求 (S0-36)",
)
MIN_ANDROID_MAJOR = Whole(
    key="handheld.min_android_major",
    default=8,
    minimum=1,
    maximum=99,
    zh="安卓系统最低主版本",
    en="Oldest Android major version",
    source="operational default; S0-36",
)
