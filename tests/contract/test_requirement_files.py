"""The pinned packages: rebuildable anywhere, and all that the code imports."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ["requirements.txt", "requirements-dev.txt"]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(name: str) -> dict[tuple[str, str], str]:
    """{(package, marker): version} of one file."""
    found = {}
    for line in (ROOT / name).read_text().splitlines():
        if match := PIN.match(line):
            found[match["name"].lower(), match["marker"] or ""] = match["version"]
    return found


@pytest.mark.parametrize("name", FILES)
class TestFile:
    def test_holds_pins_hashes_and_comments_only(self, name: str) -> None:
        for line in (ROOT / name).read_text().splitlines():
            assert line.startswith("#") or PIN.match(line) or HASH.match(line), line

    def test_names_no_index_and_no_path(self, name: str) -> None:
        text = (ROOT / name).read_text()
        for word in ("://", "index-url", "find-links", "trusted-host", " @ ", "file:", "/"):
            body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
            assert word not in body, word

    def test_every_pin_has_a_hash(self, name: str) -> None:
        lines = (ROOT / name).read_text().splitlines()
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if PIN.match(line):
                assert HASH.match(following), line

    def test_covers_what_the_project_declares(self, name: str) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        declared = list(project["dependencies"])
        if "dev" in name:
            declared += project["optional-dependencies"]["dev"]
        pinned = {package for package, _ in pins(name)}
        for each in declared:
            assert re.split(r"[\[<>=~! ]", each)[0].lower().replace("_", "-") in pinned, each


def test_both_files_pin_the_same_versions() -> None:
    development = pins("requirements-dev.txt")
    for key, version in pins("requirements.txt").items():
        assert development[key] == version


@pytest.mark.parametrize(("folder", "name"), [("app", "requirements.txt"), ("tests", "requirements-dev.txt")])
def test_every_import_is_pinned(folder: str, name: str) -> None:
    pinned = {re.sub(r"[-_.]+", "-", package) for package, _ in pins(name)}
    distributions = packages_distributions()
    for path in (ROOT / folder).rglob("*.py"):
        for module in imported(path) - {"app", "tests", "_typeshed"} - sys.stdlib_module_names:
            owners = {re.sub(r"[-_.]+", "-", owner).lower() for owner in distributions.get(module, [module])}
            assert owners & pinned, f"{path.relative_to(ROOT)} imports {module}"


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names
