"""Errors as RFC 9457 problems, in Chinese and English, with codes that never change.

A domain declares its problems as subclasses in `<domain>/problems.py`; all together are the catalogue.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """A refusal that the caller can understand. Members beyond the RFC's own go into `extra`."""

    code: ClassVar[str]
    status: ClassVar[int]
    zh: ClassVar[str]
    en: ClassVar[str]
    constraints: ClassVar[tuple[str, ...]] = ()
    """Names of database constraints whose violation means this problem."""

    def __init__(self, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(self.code)
        self.extra = extra
        self.headers = headers or {}

    def body(self, language: str, instance: str) -> dict[str, Any]:
        """The problem document in `language` ("zh" or "en"); `extra` fills the `{…}` of the text."""
        template = self.zh if language == "zh" else self.en
        return {
            "type": f"/problems/{self.code}",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "detail": template.format_map(_Known({k: _told(v, language) for k, v in self.extra.items()})),
            "instance": instance,
            "code": self.code,
            **self.extra,
        }


def _told(value: Any, language: str) -> Any:
    """A list as people write one."""
    if not isinstance(value, list):
        return value
    return ", ".join(map(str, value)) or ("无" if language == "zh" else "nothing")


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def catalogue() -> dict[str, type[Problem]]:
    """Every declared problem by code. Raises ValueError when two share a code."""
    found: dict[str, type[Problem]] = {}
    for cls in _subclasses(Problem):
        if "code" not in cls.__dict__:
            continue
        if found.setdefault(cls.code, cls) is not cls:
            raise ValueError(f"two problems have the code {cls.code}")
    return found


def for_constraint(name: str | None) -> type[Problem]:
    """The problem that a violated constraint means."""
    for cls in _subclasses(Problem):
        if name in cls.constraints:
            return cls
    return Conflict


def _subclasses(cls: type[Problem]) -> Iterator[type[Problem]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def problems(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation that can answer these problems."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for cls in classes:
        entry = by_status.setdefault(
            cls.status, {"description": "", "content": {PROBLEM_JSON: {"schema": SCHEMA_REF, "examples": {}}}}
        )
        entry["description"] = " / ".join(
            filter(None, [entry["description"], f"`{cls.code}` {cls.en} · {cls.zh}"])
        )
        examples = entry["content"][PROBLEM_JSON]["examples"]
        examples[cls.code] = {"value": cls().body("zh", "/api/v1/…")}
    return by_status


SCHEMA_REF = {"$ref": "#/components/schemas/Problem"}
SCHEMA = {
    "title": "Problem",
    "type": "object",
    "description": "RFC 9457 problem details · 问题详情",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "Address of the problem's kind · 问题类型"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "In the language of Accept-Language · 说明"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Never changes; decide by it · 固定代码"},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "Which fields, and why"},
    },
}


class BadRequest(Problem):
    code, status = "bad_request", 400
    zh, en = "请求无法解析:{reason}", "The request cannot be read: {reason}"


class Unauthenticated(Problem):
    code, status = "unauthenticated", 401
    zh, en = "请先登录,或令牌无效", "Sign in first, or the token is not valid"

    def __init__(self, **extra: Any) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"}, **extra)


class TokenExpired(Unauthenticated):
    code, status = "token_expired", 401
    zh, en = "令牌已过期,请用刷新令牌换取新令牌", "The access token has expired; use the refresh token"


class Forbidden(Problem):
    code, status = "forbidden", 403
    zh, en = "您的角色不能执行此操作", "Your role may not do this"


class NotFound(Problem):
    code, status = "not_found", 404
    zh, en = "不存在,或不在您的辖区内", "It does not exist, or lies outside your area"


class MethodNotAllowed(Problem):
    code, status = "method_not_allowed", 405
    zh, en = "此地址不支持该方法", "This address does not support the method"


class NotAcceptable(Problem):
    code, status = "not_acceptable", 406
    zh, en = "无法提供所要求的格式", "The format asked for is not offered"


class Conflict(Problem):
    code, status = "conflict", 409
    zh, en = "与已有数据冲突", "It conflicts with what is stored"


class PreconditionFailed(Problem):
    code, status = "precondition_failed", 412
    zh, en = "数据已被他人修改,请重新读取后再改", "It was changed meanwhile; read it again first"


class PreconditionRequired(Problem):
    code, status = "precondition_required", 428
    zh, en = "修改前须用 If-Match 给出读取时的版本", "Name the version you read in If-Match"


class BodyTooLarge(Problem):
    code, status = "body_too_large", 413
    zh, en = "请求内容超过 {limit_bytes} 字节", "The body exceeds {limit_bytes} bytes"


class UnsupportedMediaType(Problem):
    code, status = "unsupported_media_type", 415
    zh, en = "不支持的内容类型或压缩方式:{got}", "Content type or encoding not supported: {got}"


class Invalid(Problem):
    code, status = "invalid", 422
    zh, en = "提交的内容不符合要求,见 errors", "The content does not fit the rules, see errors"


class TooManyRequests(Problem):
    code, status = "too_many_requests", 429
    zh, en = "请求过于频繁,请稍后再试", "Too many requests, try again later"


class InternalError(Problem):
    code, status = "internal_error", 500
    zh, en = "服务内部错误,已记录,请稍后重试", "An internal error, it has been logged; try again later"


class TransactionAborted(Problem):
    code, status = "transaction_aborted", 500
    zh, en = "数据未能保存,请重试", "Nothing was stored, try again"


class Unavailable(Problem):
    code, status = "unavailable", 503
    zh, en = (
        "服务暂时不可用,数据请保留在手持终端上稍后重发",
        "Unavailable for a moment; keep the data and send it again",
    )
