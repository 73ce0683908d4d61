"""Limits of sign-in and activation, and who needs a second factor."""

from app.rules.parameter import Choice, Whole

LOCKOUT_FAILURES = Whole(
    key="sign_in.lockout_failures",
    default=5,
    minimum=3,
    maximum=20,
    zh="同一地址连续输错多少次后锁定该地址上的该账号",
    en="Failures in a row that lock an account at one address",
    source="design section 9: lockout",
)
LOCKOUT_NAME_FAILURES = Whole(
    key="sign_in.lockout_name_failures",
    default=30,
    minimum=5,
    maximum=1000,
    zh="锁定时长内来自陌生地址的输错次数上限,超过后陌生地址均不可登录该账号",
    en="Failures from addresses it never signed in from that lock an account there",
    source="OWASP, slow down online guessing attacks with device cookies",
)
LOCKOUT_ADDRESS_FAILURES = Whole(
    key="sign_in.lockout_address_failures",
    default=200,
    minimum=20,
    maximum=10_000,
    zh="锁定时长内一个地址对所有账号的输错次数上限,超过后该地址不可登录未曾在此登录的账号",
    en="Failures of one address, for all names, that lock accounts new to it there",
    source="OWASP, slow down online guessing attacks with device cookies",
)
LOCKOUT_S = Whole(
    key="sign_in.lockout_s",
    default=900,
    minimum=60,
    maximum=86_400,
    unit="s",
    zh="锁定时长",
    en="How long a lock lasts",
    source="design section 9: lockout",
)
KNOWN_ADDRESS_DAYS = Whole(
    key="sign_in.known_address_days",
    default=30,
    minimum=0,
    maximum=365,
    unit="d",
    zh="登录成功后多少天内视为该账号的常用地址",
    en="How long an address stays known after a sign-in from it",
    source="OWASP, slow down online guessing attacks with device cookies",
)
TOTP_REQUIRED = Choice(
    key="sign_in.totp_required",
    default="administrators",
    choices={
        "nobody": "均不要求",
        "administrators": "系统、安全、审计管理员",
        "administrators_and_county": "三类管理员及市、区县管理员",
    },
    zh="哪些角色登录须用动态口令",
    en="Whose sign-in needs a one-time code",
    source="GB/T 22239-2019, 8.1.4.1 d): two factors for identification",
)
RECOVERY_CODES = Whole(
    key="sign_in.recovery_codes",
    default=8,
    minimum=2,
    maximum=20,
    zh="动态口令备用码个数",
    en="Recovery codes given with an authenticator",
    source="design section 9: TOTP for administrators",
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
