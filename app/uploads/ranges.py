"""Byte ranges of a download (RFC 9110, 14): one range, because nobody needs several."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Unsatisfiable(ValueError):
    """The range lies behind the end."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


def asked_span(header: str | None, length: int) -> Span | None:
    """What a Range header asks for in a file of `length` > 0 bytes; None for all of it.

    A header that we can't read is passed over, as the RFC wants. Raises Unsatisfiable.
    """
    match = _ONE.fullmatch((header or "").strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0:
            raise Unsatisfiable
        return Span(max(0, length - int(last)), length)
    if last and int(last) < int(first):
        return None
    if int(first) >= length:
        raise Unsatisfiable
    return Span(int(first), min(int(last) + 1, length) if last else length)
