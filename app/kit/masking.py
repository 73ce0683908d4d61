"""Personal data as it is shown by default."""

import re


def mask_name(name: str) -> str:
    """The family name and one star for each further character: 张三丰 → 张**."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*" * len(name)


def mask_id_number(number: str) -> str:
    """330921198001011234 → 330921********1234; a short number is hidden altogether."""
    return _keep_ends(number, 6, 4)


def mask_phone(number: str) -> str:
    """13812345678 → 138****5678; a short number is hidden altogether."""
    return _keep_ends(number, 3, 4)


_TO_BUILDING = re.compile(r".*(?:号楼|[幢栋座])|.*?[0-9０-９一二三四五六七八九十百]+[号弄]")


def mask_address(address: str) -> str:
    """Up to the building: 安澜路12号3幢501室 → 安澜路12号3幢***; where none is named, the first half."""
    found = _TO_BUILDING.match(address)
    kept = found[0] if found else address[: len(address) // 2]
    return kept if kept == address else f"{kept}***"


def mask_text(_text: str) -> str:
    """Nothing of it, not even its length."""
    return "***"


def _keep_ends(text: str, head: int, tail: int) -> str:
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[-tail:] if hidden >= tail else "*" * len(text)
