"""Buffered, prepared grid shapes of this process: made once for each dated shape, not for each fold."""

from uuid import UUID

from shapely.geometry.base import BaseGeometry

from app.kit.geodesy import buffered_polygon

SHAPES_MAX = 2048
"""About 20 MB: more than the grids of two counties."""

_made: dict[tuple[UUID, float], BaseGeometry] = {}


def buffered(version_id: UUID, shape: BaseGeometry, buffer_m: float) -> BaseGeometry:
    """`shape` (degrees, EPSG:4490) grown by `buffer_m`, prepared. A dated shape never changes: its id is the key."""
    key = (version_id, buffer_m)
    if key not in _made:
        if len(_made) >= SHAPES_MAX:
            _made.clear()
        _made[key] = buffered_polygon(shape, buffer_m)
    return _made[key]
