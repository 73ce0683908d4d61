"""How a threshold of the fold is declared."""

from app.rules.parameter import Number, Whole

PREFIX = "patrol.fold"
Q6, Q7 = "requirements A.6 Q6", "requirements A.6 Q7"
DESIGN, MEASURED = "design section 5", "measured by `wangge bench truth` and on recorded walks"
WORK = "design section 8: visits are credited to the day; operational default"


def whole(
    field: str, default: int, bounds: tuple[int, int], unit: str, zh: str, en: str, source: str
) -> Whole:
    """`patrol.fold.<field>`, a whole number within `bounds`."""
    lowest, highest = bounds
    return Whole(
        key=f"{PREFIX}.{field}",
        default=default,
        minimum=lowest,
        maximum=highest,
        unit=unit,
        zh=zh,
        en=en,
        source=source,
    )


def number(
    field: str, default: float, bounds: tuple[float, float], unit: str, zh: str, en: str, source: str
) -> Number:
    """`patrol.fold.<field>`, a number within `bounds`."""
    lowest, highest = bounds
    return Number(
        key=f"{PREFIX}.{field}",
        default=default,
        minimum=lowest,
        maximum=highest,
        unit=unit,
        zh=zh,
        en=en,
        source=source,
    )
