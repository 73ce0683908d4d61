"""Personal data as it is shown by default."""


def mask_name(name: str) -> str:
    """The family name and one star for each further character: 张三丰 → 张**."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*" * len(name)


def mask_id_number(number: str) -> str:
    """330921198001011234 → 330921********1234; a short number is hidden altogether."""
    return _keep_ends(number, 6, 4)


def mask_phone(number: str) -> str:
    """13812345678 → 138****5678; a short number is hidden altogether."""
    return _keep_ends(number, 3, 4)


def _keep_ends(text: str, head: int, tail: int) -> str:
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[-tail:] if hidden >= tail else "*" * len(text)
