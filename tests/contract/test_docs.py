"""What the documents say is what the code does: terms, handheld's guide, settings, commands, links."""

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from app.cli import app as cli
from app.identity.actor import ROLE_LABELS
from app.identity.device_models import DEVICE_STATE_LABELS
from app.kit.db import Database
from app.kit.ids import DEMO_ACTIVATION_CODE, DEMO_DEVICE, DEMO_INSPECTOR, DEMO_SPARE_SERIAL_NO
from app.main import create_app
from app.patrol import wire
from app.patrol.arrival import read_arrival
from app.patrol.ingestor import RETRY_AFTER_S
from app.patrol.upload_schemas import HandheldConfigRead, UploadAnswerRead
from app.rules.catalogue import PARAMETERS
from app.rules.working_time import DAY_KIND_LABELS
from app.settings import Settings

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "README.zh-CN.md"]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / name for name in READMES] + list(ROOT.glob("docs/**/*.md"))
)
TERMS, HANDHELD = (ROOT / "docs" / name for name in ("terms.md", "handheld.md"))
NO_TERMS = {
    "Feature",
    "FeatureCollection",
    "LineString",
    "MultiPolygon",
    "Polygon",
    "bearer",
    "ok",
    "password",
    "refresh_token",
}
"""Values that standards give, not we."""
SCRIPT_VARIABLES = {"WANGGE_VENV", "WANGGE_TEST_DATABASE_URL", "WANGGE_TEST_PROCESSES"}
OTHER_VARIABLES = SCRIPT_VARIABLES | {"WANGGE_REPLAY_SUPERVISOR", "WANGGE_REPLAY_PASSWORD"}
HANDHELD_CALLS = [
    ("/api/v1/devices/activations", "post"),
    ("/api/v1/auth/token", "post"),
    ("/api/v1/fix-batches", "post"),
    ("/api/v1/fix-batches/{batch_id}", "get"),
    ("/api/v1/fix-batches/receipts", "post"),
    ("/api/v1/handheld/config", "get"),
    ("/api/v1/my-day", "get"),
    ("/api/v1/me/duty", "get"),
    ("/api/v1/me/absences", "post"),
    ("/api/v1/me/absences", "get"),
    ("/api/v1/me/absences/{absence_id}/withdrawals", "post"),
    ("/api/v1/appeals", "post"),
    ("/api/v1/appeals", "get"),
    ("/api/v1/appeals/{appeal_id}", "get"),
    ("/api/v1/appeals/{appeal_id}/withdrawal", "post"),
    ("/api/v1/me/track-views", "get"),
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document; nothing is opened for it."""
    return create_app(Settings(database_url=None), Database.connect("postgresql://nowhere")).openapi()


def code_words(path: Path) -> set[str]:
    """Everything that stands between backticks on one line."""
    return set(re.findall(r"`([^`\n]+)`", path.read_text()))


def table_row(path: Path, first_cell: str) -> list[str]:
    """The cells of the table row that begins with `first_cell`."""
    for line in path.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] == first_cell:
            return cells
    raise AssertionError(f"{path.name} has no row {first_cell}")


def values(schema: Any) -> Iterator[str]:
    """Every value that a schema lists, however deep."""
    if isinstance(schema, dict):
        listed = [*schema.get("enum", ()), schema.get("const")]
        yield from (value for value in listed if isinstance(value, str) and value)
        for part in schema.values():
            yield from values(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from values(part)


class TestTerms:
    def test_explain_every_value_of_the_api(self, document: dict[str, Any]) -> None:
        said = set(values(document["components"]["schemas"])) | set(values(document["paths"]))
        assert {"pass", "unbound", "stationary", "security_admin"} <= said
        assert sorted(said - NO_TERMS - code_words(TERMS)) == []

    @pytest.mark.parametrize("value", ROLE_LABELS)
    def test_call_roles_as_the_api_does(self, value: str) -> None:
        assert table_row(TERMS, f"`{value}`")[1] == ROLE_LABELS[value]  # type: ignore[index]

    def test_call_other_values_as_the_api_does(self) -> None:
        text = TERMS.read_text()
        for value, label in [*DEVICE_STATE_LABELS.items(), *DAY_KIND_LABELS.items()]:
            assert f"`{value}` {label}" in text

    def test_call_kinds_of_days_as_the_tables_do(self) -> None:
        text = TERMS.read_text()
        migration = runpy.run_path(str(ROOT / "migrations/versions/0005_staffing.py"))
        for code, label, *_ in migration["DAY_KINDS"]:
            assert f"`{code}` {label}" in text


class TestPageOfOperations:
    def test_every_tag_is_explained_in_both_languages_and_used(self, document: dict[str, Any]) -> None:
        used = {tag for path in document["paths"].values() for spec in path.values() for tag in spec["tags"]}
        told = {tag["name"]: tag["description"] for tag in document["tags"]}
        assert used == set(told)
        assert all(" · " in text for text in told.values())


class TestHandheldGuide:
    def test_tells_what_to_do_for_every_problem(self, document: dict[str, Any]) -> None:
        rows = {
            code
            for line in HANDHELD.read_text().split("## 9.")[1].splitlines()
            if line.startswith("|")
            for code in re.findall(r"`(\w+)`", line.split("|")[1])
        }
        for path, verb in HANDHELD_CALLS:
            for answer in document["paths"][path][verb]["responses"].values():
                examples = answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
                assert sorted(set(examples) - rows) == [], path

    def test_names_every_field_of_an_upload_and_its_answer(self) -> None:
        text = HANDHELD.read_text()
        sent = {
            name
            for each in (wire.Upload, wire.Fix, wire.FixColumns, wire.Press, wire.Report)
            for name in each.__struct_fields__
        }
        for name in sent | set(UploadAnswerRead.model_fields):
            assert re.search(rf"\b{name}\b", text), name

    @pytest.mark.parametrize("field", sorted(HandheldConfigRead.model_fields.keys() - {"config_version"}))
    def test_states_the_defaults_of_the_configuration(self, field: str) -> None:
        _, default, rule, *_ = table_row(HANDHELD, f"`{field}`")
        key = re.match(r"`([a-z_.]+)`", rule)
        fixed = {
            "fixes_max": wire.FIXES_MAX,
            "body_max_bytes": Settings.model_fields["body_max_bytes"].default,
        }
        assert default == str(PARAMETERS[key[1]].default if key else fixed[field])

    def test_states_the_limits(self) -> None:
        text = HANDHELD.read_text()
        limits = (wire.FIXES_MAX, wire.BEATS_MAX, wire.PRESSES_MAX, wire.REPORTS_MAX)
        assert "{:,} fixes, {:,} beats, {} presses, {} reports".format(*limits) in text
        assert "({} to {} s)".format(*RETRY_AFTER_S) in text

    def test_its_batches_are_readable(self) -> None:
        batches = [
            example
            for example in re.findall(r"```json\n(.*?)```", HANDHELD.read_text(), re.DOTALL)
            if "coord_sys" in example
        ]
        assert len(batches) == 2
        for example in batches:
            arrival = read_arrival("330921", DEMO_DEVICE, example.encode())
            assert not arrival.parcel.disposition.any()
            assert set(json.loads(example)) <= set(wire.Upload.__struct_fields__)

    def test_names_the_demo_handheld(self) -> None:
        assert {DEMO_SPARE_SERIAL_NO, DEMO_ACTIVATION_CODE} <= code_words(HANDHELD)


@pytest.mark.parametrize("name", READMES)
class TestReadme:
    def test_lists_the_settings_and_their_defaults(self, name: str) -> None:
        text = (ROOT / name).read_text()
        told = set(re.findall(r"\bWANGGE_[A-Z_]+\b", text)) - SCRIPT_VARIABLES
        assert told == {f"WANGGE_{field.upper()}" for field in Settings.model_fields}
        for field, info in Settings.model_fields.items():
            row = next(
                line for line in text.splitlines() if line.startswith("|") and f"_{field.upper()}`" in line
            )
            if info.default is not None:
                assert f"`{str(info.default).lower()}`" in row.lower(), field

    def test_names_commands_that_exist(self, name: str) -> None:
        commands = typer.main.get_command(cli)
        context = typer.Context(commands)
        named = re.findall(r"scripts/wangge (\w+)", (ROOT / name).read_text())
        assert "replay" in named
        for command in named:
            assert commands.get_command(context, command) is not None, command  # type: ignore[attr-defined]

    def test_names_the_demo_inspector_and_his_handheld(self, name: str) -> None:
        text = (ROOT / name).read_text()
        assert str(DEMO_DEVICE) in text
        assert str(DEMO_INSPECTOR) in text

    def test_has_a_place_for_the_figures(self, name: str) -> None:
        text = (ROOT / name).read_text()
        assert text.count("<!-- figures:start -->") == text.count("<!-- figures:end -->") == 1

    def test_asks_for_files_that_are_there(self, name: str) -> None:
        for path in re.findall(r"(?:scripts|tests)/[\w/.]+\w", (ROOT / name).read_text()):
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
class TestNames:
    """What a page tells to type is there."""

    def test_commands_and_their_options(self, page: str) -> None:
        for line in re.findall(r"(?:`|scripts/)wangge ([a-z][^`\n]*)", (ROOT / page).read_text()):
            words = line.split()
            command: Any = typer.main.get_command(cli)
            while words and hasattr(command, "get_command"):
                command = command.get_command(typer.Context(command), words.pop(0).strip(",.;:"))
                assert command is not None, line
            options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
            assert set(re.findall(r"--[a-z][a-z-]*", " ".join(words))) <= options, line

    def test_addresses(self, page: str, document: dict[str, Any]) -> None:
        known = {
            (verb.upper(), re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1")))
            for path, verbs in document["paths"].items()
            for verb in verbs
        }
        for verb, address in re.findall(
            r"\b(GET|POST|PUT|PATCH|DELETE)\s+(/[\w/{}.-]+)", (ROOT / page).read_text()
        ):
            path = re.sub(r"\{\w+\}", "{}", address.removeprefix("/api/v1")).rstrip(".")
            assert (verb, path) in known, address

    def test_rules(self, page: str) -> None:
        topics = "|".join({key.split(".")[0] for key in PARAMETERS})
        for word in code_words(ROOT / page):
            if re.fullmatch(rf"(?:{topics})\.[a-z_.]*[*…]?", word) and not word.endswith(".py"):
                stem = word.rstrip("*….")
                assert any(key == word or (stem != word and key.startswith(stem)) for key in PARAMETERS), word

    def test_settings(self, page: str) -> None:
        known = {f"WANGGE_{field.upper()}" for field in Settings.model_fields} | OTHER_VARIABLES
        assert set(re.findall(r"\bWANGGE_[A-Z_]+\b", (ROOT / page).read_text())) <= known


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text()):
        if not target.startswith("http"):
            assert ((ROOT / page).parent / target).exists(), target


class TestDecisions:
    def test_numbers_have_no_holes(self) -> None:
        numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("*.md"))
        assert numbers == list(range(1, len(numbers) + 1))

    def test_each_begins_with_its_number(self) -> None:
        for path in (ROOT / "docs/decisions").glob("*.md"):
            assert path.read_text().startswith(f"# {path.name[:4]} "), path.name

    def test_code_refers_to_pages_that_exist(self) -> None:
        referred = {
            number
            for folder in ("app", "migrations", "scripts", "tests")
            for path in (ROOT / folder).rglob("*.py")
            for number in re.findall(r"docs/decisions/(\d{4})", path.read_text())
        }
        assert "0002" in referred
        for number in sorted(referred):
            assert list((ROOT / "docs/decisions").glob(f"{number}-*.md")), number
