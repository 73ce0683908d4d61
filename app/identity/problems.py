"""Refusals of identity."""

from typing import Any

from app.kit.problems import Conflict, Forbidden, Problem, TokenExpired, TooManyRequests, Unauthenticated


class WrongCredentials(Unauthenticated):
    code, status = "wrong_credentials", 401
    zh, en = "用户名或密码错误", "User name or password is wrong"


class LockedOut(TooManyRequests):
    code, status = "locked_out", 429
    zh, en = "失败次数过多,请于 {retry_at} 之后再试", "Too many failures; try again after {retry_at}"


class GrantNotSupported(Problem):
    code, status = "grant_not_supported", 422
    zh = "grant_type 只能是 password 或 refresh_token,并带齐所需参数:{missing}"
    en = "grant_type is password or refresh_token, with its parameters; missing: {missing}"


class RefreshRefused(Unauthenticated):
    code, status = "refresh_refused", 401
    zh = "刷新令牌无效或已过期,请重新登录;终端上未上报的数据不受影响"
    en = "The refresh token is not valid any more; sign in again. Data waiting on the handheld is safe"


class RefreshReused(Unauthenticated):
    code, status = "refresh_reused", 401
    zh = "该刷新令牌早已使用过,为安全起见此次登录已全部作废,请重新登录"
    en = "This refresh token was used long ago; the whole login has been revoked, sign in again"


class LoginRevoked(Unauthenticated):
    code, status = "login_revoked", 401
    zh, en = "此次登录已退出或作废,请重新登录", "This login has ended; sign in again"


class AccountDisabled(Unauthenticated):
    code, status = "account_disabled", 401
    zh, en = "账号已停用,请联系管理员", "The account is disabled; ask your administrator"


class AccountNotApproved(Unauthenticated):
    code, status = "account_not_approved", 401
    zh = "账号尚待另一名管理员审批,审批后方可登录"
    en = "Another administrator has yet to approve the account; until then it cannot sign in"


class EnrolmentRequired(Forbidden):
    code, status = "totp_enrolment_required", 403
    zh = "您的角色须使用动态口令:请先绑定(POST /me/totp)并确认"
    en = "Your role needs one-time codes: set them up first (POST /me/totp) and confirm"


class TotpCodeWrong(Forbidden):
    code, status = "totp_code_wrong", 403
    zh, en = "动态口令错误或已使用", "The one-time code is wrong or has been used"


class TotpNotPending(Conflict):
    code, status = "totp_not_pending", 409
    zh, en = "没有待确认的动态口令,请先绑定", "No authenticator waits to be confirmed; set one up first"


class TotpNotSet(Conflict):
    code, status = "totp_not_set", 409
    zh, en = "该账号未绑定动态口令", "The account has no authenticator"


class DeviceRevoked(Unauthenticated):
    code, status = "device_revoked", 401
    zh = "该手持终端已停用或挂失,请联系管理员"
    en = "This handheld has been revoked or reported lost; ask your supervisor"


class UsernameTaken(Conflict):
    code, status = "username_taken", 409
    zh, en = "用户名已存在", "The user name is taken"
    constraints = ("uq_account_username",)


class PasswordTooWeak(Problem):
    code, status = "password_too_weak", 422
    zh = "密码至少 10 位,须含字母和数字,且不得包含用户名"
    en = "At least 10 characters with letters and digits, and not the user name"


class NotOneself(Forbidden):
    code, status = "not_oneself", 403
    zh, en = "不能停用自己的账号或更改自己的辖区", "You may not disable yourself or move yourself"


class RoleNotManaged(Forbidden):
    code, status = "role_not_managed", 403
    zh = "您的角色不能管理该角色的账号(三员分立)"
    en = "Your role does not manage accounts of that role (the three administrators are separate)"


class OwnApproval(Forbidden):
    code, status = "own_approval", 403
    zh, en = "账号须由另一名管理员审批", "Somebody else approves the account, not who made it"


class NothingToApprove(Conflict):
    code, status = "nothing_to_approve", 409
    zh, en = "该账号已审批", "The account has been approved already"


class AdministratorAlready(Conflict):
    code, status = "administrator_already", 409
    zh = "该手机号的持有人已担任另一类管理员(三员不得兼任)"
    en = "The person with this phone number is an administrator of another kind already"


class AnotherCounty(Conflict):
    code, status = "another_county", 409
    zh, en = (
        "账号所属区县不可更改,请在对方区县新建账号",
        "An account stays in its county; make a new one there",
    )


class OldPasswordWrong(Forbidden):
    code, status = "old_password_wrong", 403
    zh, en = "原密码错误", "The old password is wrong"


class SerialTaken(Conflict):
    code, status = "serial_taken", 409
    zh, en = "该序列号的终端已登记", "A handheld with this serial number is registered"
    constraints = ("uq_device_county_code_serial_no",)


class DeviceBound(Conflict):
    code, status = "device_bound", 409
    zh = "该终端此时已绑定其他网格员,请先办理交接"
    en = "The handheld belongs to another inspector at that time; hand it over first"
    constraints = ("ex_device_binding_device",)


class InspectorBound(Conflict):
    code, status = "inspector_bound", 409
    zh = "该网格员此时已绑定另一台终端"
    en = "The inspector holds another handheld at that time"
    constraints = ("ex_device_binding_inspector",)


class DeviceNotBound(Conflict):
    code, status = "device_not_bound", 409
    zh, en = "该终端此时未绑定网格员", "Nobody holds the handheld at that time"


class DeviceNotUsable(Conflict):
    code, status = "device_not_usable", 409
    zh = "终端状态为 {current_state},不能执行此操作"
    en = "The handheld is {current_state}; this cannot be done"


class NotAnInspector(Conflict):
    code, status = "not_an_inspector", 409
    zh = "该账号不是本区县在用的网格员账号"
    en = "The account is not an enabled inspector of this county"


class HandoverOutOfOrder(Conflict):
    code, status = "handover_out_of_order", 409
    zh = "交接时间不能晚于现在,也不能早于现有绑定的开始({bound_since})"
    en = "A handover is not in the future, and after the present binding began ({bound_since})"


class LoanLength(Conflict):
    code, status = "loan_length", 409
    zh = "借用须到将来某时为止,且不超过 {longest_h} 小时;更长的请办理交接"
    en = "A loan ends in the future, within {longest_h} hours; longer ones are handovers"


class LoanToOwner(Conflict):
    code, status = "loan_to_owner", 409
    zh = "终端本就归该网格员使用;已借出的请办理归还"
    en = "The handheld is that inspector's own; if it is lent, have it returned"


class DeviceNotLent(Conflict):
    code, status = "device_not_lent", 409
    zh, en = "该终端没有借出,或已归还", "The handheld is not lent, or was returned before"


class ActivationRefused(Problem):
    code, status = "activation_refused", 403
    zh = "激活码、序列号不匹配,或激活码已使用、过期、作废,请向管理员重新申请"
    en = "Code and serial number do not match, or the code was used, has expired or was replaced"


class NoticeNotAcknowledged(Conflict):
    code, status = "notice_not_acknowledged", 409
    zh = "请先阅读并确认现行告知书(版本 {notice_version})"
    en = "Read and acknowledge the current notice first (version {notice_version})"


class NoticeNotNewer(Conflict):
    code, status = "notice_not_newer", 409
    zh = "告知书版本已存在,或生效日期早于今天"
    en = "The notice version exists, or would take effect before today"
    constraints = ("pk_notice",)


SIGN_IN_PROBLEMS: tuple[type[Problem], ...] = (
    Unauthenticated,
    TokenExpired,
    LoginRevoked,
    AccountDisabled,
    AccountNotApproved,
    DeviceRevoked,
    EnrolmentRequired,
)
"""What any operation behind CurrentActor can answer about the login itself."""


def retry_headers(retry_after_s: int) -> dict[str, Any]:
    """Headers of a refusal that passes by itself."""
    return {"Retry-After": str(max(1, retry_after_s))}
