"""The OpenAPI document: FastAPI's, with our problems in place of its validation errors."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.kit import problems as p

TAGS = [
    {"name": "sign in", "description": "Tokens and keys · 登录与密钥"},
    {"name": "devices", "description": "Handhelds, activation, handover · 手持终端"},
    {"name": "patrol upload", "description": "What a handheld sends as it walks · 手持终端上报"},
    {"name": "sync", "description": "Push what was recorded, pull what is new; what waits · 同步"},
    {
        "name": "uploads",
        "description": "Photos and files: resumable upload (tus 1.0), content · 照片与文件上传",
    },
    {"name": "patrol days", "description": "My day so far, explained · 巡查日"},
    {"name": "presence", "description": "Who is online, where, and who is silent · 在线情况"},
    {"name": "appeals", "description": "A judged day contested · 申诉"},
    {"name": "periods", "description": "Days, weeks, months: figures down to their days · 统计期"},
    {"name": "integrity signals", "description": "Tracks that ask for a look · 轨迹真实性提示"},
    {"name": "staffing", "description": "Appointments, shifts, absences · 任职、排班、请假"},
    {"name": "catalogue", "description": "Items, forms, code tables · 采集目录"},
    {"name": "affairs", "description": "What may be asked of inspectors: admission · 事务准入"},
    {"name": "subjects", "description": "People, dwellings, organizations, components · 采集对象"},
    {"name": "submissions", "description": "What was collected, conflicts, reviews, samples · 采集记录"},
    {"name": "tasks", "description": "What is still to do, and second collections · 任务"},
    {"name": "declarations", "description": "Residents and organizations declare themselves · 自主申报"},
    {"name": "tips", "description": "Tips of volunteers, the weekly meeting · 线索"},
    {"name": "visits", "description": "Key persons and places, and visits to them · 走访"},
    {"name": "ledgers", "description": "Ledgers, completeness, look-ups · 台账"},
    {"name": "exports", "description": "Files of ledgers, as jobs · 导出"},
    {"name": "imports", "description": "Divisions, subjects and code tables from files · 导入"},
    {"name": "areas", "description": "Divisions · 区划"},
    {"name": "grids", "description": "Grids and their dated outlines · 网格"},
    {"name": "rules", "description": "Rule book and calendar · 规则与工作日历"},
    {"name": "accounts", "description": "Accounts and roles · 账号与角色"},
    {"name": "retention", "description": "Legal holds: what must not be removed · 证据保全"},
    {"name": "audit", "description": "The event log · 审计"},
    {"name": "operations", "description": "Health, metrics, jobs, quarantine · 运行状态"},
]
"""In the order of the page: the handheld, its days, what is collected, the ground and its keepers, the service."""


HANDHELD = "handheld token"
HANDHELD_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "Paste the access token that an activation answered · 粘贴终端激活所得的访问令牌",
}


def install(app: FastAPI, schemas: dict[str, Any]) -> None:
    """Makes `app.openapi()` return the finished document, built once.

    schemas: JSON Schemas that operations refer to although FastAPI doesn't know them.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finish(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    summary=app.summary,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                ),
                schemas,
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _finish(document: dict[str, Any], more_schemas: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= more_schemas
    schemas["Problem"] = p.SCHEMA
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document["components"].setdefault("securitySchemes", {})[HANDHELD] = HANDHELD_SCHEME
    for item in document["paths"].values():
        for operation in item.values():
            _add_common(operation)
            _fill_in(operation)
            if operation.get("security"):
                operation["security"].append({HANDHELD: []})
    return document


def _fill_in(operation: dict[str, Any]) -> None:
    """Swagger UI fills its form from a parameter's own example and passes over those of its schema."""
    for parameter in operation.get("parameters", []):
        if "examples" not in parameter and (examples := parameter["schema"].get("examples")):
            parameter["example"] = examples[0]


def _add_common(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    common: list[type[p.Problem]] = [p.InternalError, p.Unavailable]
    if operation.get("security"):
        common += [p.Unauthenticated, p.TokenExpired, p.Forbidden]
    if "requestBody" in operation:
        common += [p.BadRequest, p.BodyTooLarge, p.UnsupportedMediaType, p.Invalid]
    elif operation.get("parameters"):
        common += [p.Invalid]
    if "422" in responses and "application/json" in responses["422"].get("content", {}):
        del responses["422"]
    for status, entry in p.problems(*common).items():
        known = responses.setdefault(str(status), entry)
        if known is not entry:
            known["content"].setdefault(p.PROBLEM_JSON, {"schema": p.SCHEMA_REF, "examples": {}})
            known["content"][p.PROBLEM_JSON]["examples"] |= entry["content"][p.PROBLEM_JSON]["examples"]
