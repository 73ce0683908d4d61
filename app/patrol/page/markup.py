"""The few pieces of HTML and SVG that the page is made of; whatever is put in is escaped. Pure."""

from collections.abc import Iterable
from html import escape as _escape


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """`value` as text that no browser takes for markup; Markup passes."""
    return value if isinstance(value, Markup) else Markup(_escape(str(value)))


def tag(name: str, *inner: object, **attributes: object) -> Markup:
    """`<name …>inner</name>`; `class_` is the attribute `class`, `stroke_width` is `stroke-width`; None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{joined(inner)}</{name}>")


def joined(parts: Iterable[object]) -> Markup:
    """All parts in a row, each escaped."""
    return Markup("".join(escape(part) for part in parts))


def row(*cells: object, cell: str = "td") -> Markup:
    """A row of a table."""
    return tag("tr", *(tag(cell, each) for each in cells))
