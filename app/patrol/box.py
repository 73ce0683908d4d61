"""A rectangle that is searched."""

from app.patrol.problems import BoxReversed

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


def require_upright(box: Box) -> None:
    """Raises BoxReversed when west lies east of east, or south north of north."""
    west, south, east, north = box
    if west > east or south > north:
        raise BoxReversed
