"""Limits of sign-in and activation."""

from app.rules.parameter import Whole

LOCKOUT_FAILURES = Whole(
    key="sign_in.lockout_failures",
    default=5,
    minimum=3,
    maximum=20,
    zh="连续输错多少次后锁定账号",
    en="Failures in a row that lock an account",
    source="design section 9: lockout",
)
LOCKOUT_S = Whole(
    key="sign_in.lockout_s",
    default=900,
    minimum=60,
    maximum=86_400,
    unit="s",
    zh="账号锁定时长",
    en="How long an account stays locked",
    source="design section 9: lockout",
)
ACTIVATION_CODE_H = Whole(
    key="sign_in.activation_code_h",
    default=72,
    minimum=1,
    maximum=168,
    unit="h",
    zh="终端激活码有效期",
    en="Life of a handheld's activation code",
    source="design section 9: one-time activation code",
)
ACTIVATION_FAILURES = Whole(
    key="sign_in.activation_failures",
    default=5,
    minimum=3,
    maximum=20,
    zh="激活码输错多少次后作废",
    en="Wrong tries after which an activation code is void",
    source="design section 9: one-time activation code",
)
