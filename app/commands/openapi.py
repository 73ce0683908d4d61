"""The exported OpenAPI document: written, checked for staleness and for changes that break a client."""

from typing import Any

import orjson

from app.kit.contract import breaking_changes
from app.kit.db import Database
from app.kit.migrations import ROOT
from app.main import create_app
from app.settings import Settings

CURRENT = ROOT / "openapi" / "openapi.json"
RELEASED = ROOT / "openapi" / "released.json"
NOWHERE = "postgresql://nobody@/nowhere"


def document() -> dict[str, Any]:
    """The document of this code, whatever the environment says; no database is opened."""
    settings = Settings.model_construct(database_url=None, master_key=None)
    return create_app(settings, Database.connect(NOWHERE)).openapi()


def render(content: dict[str, Any]) -> bytes:
    """The file's bytes: in the order of the story, indented so that a review shows what changed."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def export(*, release: bool) -> list[str]:
    """Writes the document; with `release` also as the contract to keep. Returns problems, none if written."""
    current = render(document())
    CURRENT.parent.mkdir(exist_ok=True)
    CURRENT.write_bytes(current)
    if release:
        RELEASED.write_bytes(current)
    return []


def check() -> list[str]:
    """Problems: the file isn't what the code says, or a client of the released contract would break."""
    current = document()
    problems = []
    if not CURRENT.exists() or CURRENT.read_bytes() != render(current):
        problems.append(f"{CURRENT.relative_to(ROOT)} is stale: run scripts/wangge openapi and commit it")
    if RELEASED.exists():
        problems += [
            f"breaks clients: {each}"
            for each in breaking_changes(orjson.loads(RELEASED.read_bytes()), current)
        ]
    return problems
