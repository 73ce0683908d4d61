"""One question of a form as HTML. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.patrol.page.markup import Markup, tag

PREFIX = "f."
"""Before the names of a form's own fields, so that none is taken for the page's."""
TEXT_MOST = 500
KEYBOARDS: Final[Mapping[str, Mapping[str, str]]] = {
    "phone": {"inputmode": "tel", "autocomplete": "tel"},
    "name": {"autocomplete": "name"},
    "id_number": {"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    "number": {"inputmode": "decimal"},
    "integer": {"inputmode": "numeric"},
}


@dataclass(frozen=True, slots=True)
class Question:
    """A field as it is asked.

    input_kind  one | many (of choices), date, phone, name, id_number, integer, number or text
    choices     (code, Chinese label)
    texts       what was typed before; `wrong`: why that is refused
    """

    name: str
    title_zh: str
    title_en: str
    input_kind: str
    is_required: bool
    choices: Sequence[tuple[str, str]] = ()
    texts: Sequence[str] = ()
    wrong: str | None = None


def void(name: str, **attributes: object) -> Markup:
    """An element that holds nothing and has no end tag: `<input …>`."""
    return Markup(tag(name, **attributes).removesuffix(f"</{name}>"))


def field_row(question: Question) -> Markup:
    """Label, input, and why what was typed is refused."""
    title = [question.title_zh, tag("span", " *", class_="must") if question.is_required else ""]
    words = (*title, tag("small", question.title_en))
    why = tag("p", question.wrong, class_="why", id=f"why-{question.name}") if question.wrong else ""
    class_ = "field wrong" if question.wrong else "field"
    if question.input_kind == "many":
        return tag("fieldset", tag("legend", *words), *_ticks(question), why, class_=class_)
    asked = _select(question) if question.input_kind == "one" else _text(question)
    return tag("div", tag("label", *words, for_=f"f-{question.name}"), asked, why, class_=class_)


def _select(question: Question) -> Markup:
    chosen = question.texts[0] if question.texts else ""
    options = [tag("option", "请选择", value="")]
    options += [
        tag("option", label, value=code, selected="" if code == chosen else None)
        for code, label in question.choices
    ]
    return tag("select", *options, **_common(question))


def _ticks(question: Question) -> list[Markup]:
    return [
        tag(
            "label",
            void(
                "input",
                type="checkbox",
                name_=PREFIX + question.name,
                value=code,
                checked="" if code in question.texts else None,
            ),
            tag("span", label),
            class_="tick",
        )
        for code, label in question.choices
    ]


def _text(question: Question) -> Markup:
    kind = "date" if question.input_kind == "date" else "text"
    return void(
        "input",
        type=kind,
        value=question.texts[0] if question.texts else None,
        maxlength=None if kind == "date" else TEXT_MOST,
        **_common(question),
        **KEYBOARDS.get(question.input_kind, {}),
    )


def _common(question: Question) -> dict[str, object]:
    return {
        "name_": PREFIX + question.name,
        "id": f"f-{question.name}",
        "required": "" if question.is_required else None,
        "aria_describedby": f"why-{question.name}" if question.wrong else None,
        "aria_invalid": "true" if question.wrong else None,
    }
