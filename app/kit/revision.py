"""The newest revision of the schema that this version knows, without loading the migration tool."""

from functools import cache
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "migrations/versions"


@cache
def newest_revision() -> str:
    """Revisions are numbered, and their files begin with the number."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))
