"""Grid codes: twelve digits of the community, three of a sequence, never given twice (GB/T 30428.1-2013)."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from shapely.geometry.base import BaseGeometry

GRID_CODE = re.compile(r"[1-9]\d{14}")
LAST_SEQUENCE = 999


class CodesExhaustedError(ValueError):
    """All 999 sequence numbers of a community have been given."""


def next_code(community_code: str, given: Iterable[str]) -> str:
    """The code after the highest one that the community ever gave, retired grids included.

    Raises CodesExhaustedError after 999, and ValueError when `community_code` isn't twelve digits.
    """
    used = [int(code[12:]) for code in given if code.startswith(community_code)]
    return grid_code(community_code, max(used, default=0) + 1)


def grid_code(community_code: str, sequence: int) -> str:
    """Community code and sequence as one code. Raises as `next_code` does."""
    if sequence > LAST_SEQUENCE:
        raise CodesExhaustedError(community_code)
    code = f"{community_code}{sequence:03d}"
    if not GRID_CODE.fullmatch(code):
        raise ValueError(f"{community_code} is not a community code")
    return code


def numbering_order(shapes: Sequence[BaseGeometry]) -> list[int]:
    """Positions of `shapes` in the order in which they are numbered: west to east, rows north to south.

    Rows are bands of equal height over the shapes' representative points, about as many as columns, so that
    a shape a few metres further north does not jump the queue.
    """
    if not shapes:
        return []
    lons, lats = np.array([shape.representative_point().coords[0] for shape in shapes]).T
    rows = max(1, round(len(shapes) ** 0.5))
    height = np.ptp(lats) / rows or 1.0
    row = np.minimum((lats.max() - lats) // height, rows - 1)
    return [int(i) for i in np.lexsort((-lats, lons, row))]
