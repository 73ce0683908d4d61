"""Exceptions turned into RFC 9457 answers, in the caller's language."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.kit import problems
from app.kit.problems import PROBLEM_JSON, Problem

log = structlog.get_logger("wangge.errors")
MAX_ERRORS = 50
RETRY_AFTER_S = 5
BY_STATUS: dict[int, type[Problem]] = {
    401: problems.Unauthenticated,
    403: problems.Forbidden,
    404: problems.NotFound,
    405: problems.MethodNotAllowed,
    406: problems.NotAcceptable,
    413: problems.BodyTooLarge,
    415: problems.UnsupportedMediaType,
    422: problems.Invalid,
    429: problems.TooManyRequests,
    503: problems.Unavailable,
}


def language(headers: Mapping[str, str]) -> str:
    """ "en" when the caller prefers English to Chinese, else "zh"."""
    for choice in headers.get("accept-language", "").lower().split(","):
        if choice.strip().startswith("zh"):
            return "zh"
        if choice.strip().startswith("en"):
            return "en"
    return "zh"


def problem_response(problem: Problem, headers: Mapping[str, str], path: str) -> Response:
    """The answer that carries `problem`."""
    body = orjson.dumps(problem.body(language(headers), path), default=str)
    extra = {"Cache-Control": "no-store", **problem.headers}
    return Response(body, problem.status, media_type=PROBLEM_JSON, headers=extra)


def install(app: FastAPI) -> None:
    """Registers the handlers of expected errors; the gateway answers the unexpected."""

    async def on_problem(request: Request, error: Exception) -> Response:
        return problem_response(_problem_of(error), request.headers, request.url.path)

    for kind in (Problem, RequestValidationError, HTTPException, DBAPIError, PoolTimeout):
        app.add_exception_handler(kind, on_problem)


def _problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return _of_http(error)
        case IntegrityError():
            return _of_constraint(error)
        case PoolTimeout():
            return problems.Unavailable(headers={"Retry-After": str(RETRY_AFTER_S)})
        case DBAPIError():
            return _of_database(error)
    return problems.InternalError()


def _of_validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(e["type"] == "json_invalid" for e in found):
        return problems.BadRequest(reason="JSON")
    return problems.Invalid(errors=[field_error(e) for e in found[:MAX_ERRORS]])


def field_error(error: Mapping[str, Any]) -> dict[str, str]:
    """One entry of `errors[]`: where, what kind, why. The value itself is left out: it may be personal."""
    return {
        "field": ".".join(str(part) for part in error["loc"]),
        "kind": str(error["type"]),
        "reason": str(error["msg"]),
    }


def _of_http(error: HTTPException) -> Problem:
    headers = dict(error.headers or {})
    kind = BY_STATUS.get(error.status_code)
    if kind is problems.Unauthenticated:
        return problems.Unauthenticated()
    if kind is None:
        kind = problems.BadRequest if error.status_code < 500 else problems.InternalError
        return kind(headers=headers, reason=str(error.detail))
    return kind(headers=headers)


def _of_constraint(error: IntegrityError) -> Problem:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return problems.for_constraint(name)(constraint=name)


def _of_database(error: DBAPIError) -> Problem:
    state = getattr(error.orig, "sqlstate", None) or ""
    # a value the database cannot read: out of range, not a UUID; a NUL byte is refused by the driver itself
    if state.startswith("22") or (isinstance(error, DataError) and not state):
        return problems.Invalid()
    if error.connection_invalidated or state[:2] in ("", "08", "40", "53", "55", "57"):
        log.warning("database unavailable", sqlstate=state)
        return problems.Unavailable(headers={"Retry-After": str(RETRY_AFTER_S)})
    log.error("database error", exc_info=error, sqlstate=state)
    return problems.InternalError()
