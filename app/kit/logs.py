"""Structured logs, one JSON object a line. Only named fields get in: no bodies, no query strings, no tokens."""

import logging
import re
import sys
from contextvars import ContextVar
from typing import Any

import structlog

ROW_IN_ERROR = re.compile(r"\b(DETAIL|CONTEXT):.*?(?=\n\[SQL|\n\n|\Z)", re.DOTALL)
"""Where PostgreSQL's errors quote a row: "DETAIL:  Failing row contains (…)", "CONTEXT:  COPY account, line 1 …"."""
request_id_var: ContextVar[str | None] = ContextVar("request_id", default=None)


def configure(level: str) -> None:
    """Sends structlog and the libraries' logs to stderr as JSON lines."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _add_request_id,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _withhold_rows,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # drops what is below the level before any processor runs
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("uvicorn.access", "procrastinate.periodic", "procrastinate.worker", "httpx"):
        logging.getLogger(noisy).setLevel("WARNING")


def _add_request_id(_logger: Any, _method: str, event: Any) -> Any:
    request_id = request_id_var.get()
    if request_id:
        event["request_id"] = request_id
    return event


def _withhold_rows(_logger: Any, _method: str, event: Any) -> Any:
    if "exception" in event:
        event["exception"] = ROW_IN_ERROR.sub(r"\1: withheld", event["exception"])
    return event
