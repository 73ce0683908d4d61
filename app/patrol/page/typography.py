"""Chinese punctuation for print: full-width beside Chinese characters, as GB/T 15834 sets it. Pure."""

import re

FULL = str.maketrans(",:;()", "\uff0c\uff1a\uff1b\uff08\uff09")
TEXT = re.compile(r">[^<]+<")
HAN = "\u4e00-\u9fff\u3001\u3002\u201d\uff09\u3011"
# An entity ("&lt;") is no punctuation; a clock ("11:02") has digits on both sides.
MARKS = re.compile(
    rf"&#?\w+;|(?<=[{HAN}])[,:;]|[,;](?=[{HAN}])|\([^()]*[{HAN}][^()]*\)|(?<=[{HAN}])\([^()]*\)"
)


def typeset(html: str) -> str:
    """The punctuation of all texts between tags; tags, attributes and entities stay as they are."""
    return TEXT.sub(lambda text: MARKS.sub(_set, text[0]), html)


def _set(found: re.Match[str]) -> str:
    mark = found[0]
    if mark.startswith("&"):
        return mark
    if mark[0] == "(":
        inner = MARKS.sub(_set, mark[1:-1])
        return f"\uff08{inner}\uff09"
    return mark.translate(FULL)
