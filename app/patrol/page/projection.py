"""From degrees to millimetres on paper, in true proportions. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from app.kit.geodesy import metres_per_degree

Float64s = npt.NDArray[np.float64]

NICE_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
MARGIN_MM = 6.0
SMALLEST_M = 200.0
"""A day at one place is not blown up to noise."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A map of `width_mm` by `height_mm`; north is up.

    lon, lat    degrees of its centre
    east, north metres in a degree there
    scale       millimetres of paper for a metre of ground
    """

    width_mm: float
    height_mm: float
    lon: float
    lat: float
    east: float
    north: float
    scale: float

    @classmethod
    def around(cls, shapes: Sequence[BaseGeometry], width_mm: float, height_mm: float) -> "Frame | None":
        """The frame that holds all shapes (degrees); None when there is nothing to show."""
        held = [s for s in shapes if not s.is_empty]
        if not held:
            return None
        bounds = np.array([s.bounds for s in held])
        west, south, east_, north_ = (
            bounds[:, 0].min(),
            bounds[:, 1].min(),
            bounds[:, 2].max(),
            bounds[:, 3].max(),
        )
        lon, lat = (west + east_) / 2, (south + north_) / 2
        east, north = (float(m[0]) for m in metres_per_degree(np.array([lat])))
        wide_m = max((east_ - west) * east, SMALLEST_M)
        high_m = max((north_ - south) * north, SMALLEST_M)
        scale = min((width_mm - 2 * MARGIN_MM) / wide_m, (height_mm - 2 * MARGIN_MM) / high_m)
        return cls(width_mm, height_mm, float(lon), float(lat), east, north, float(scale))

    def to_mm(self, degrees: Float64s) -> Float64s:
        """float64[n, 2] (longitude, latitude) as millimetres from the upper left corner."""
        x = self.width_mm / 2 + (degrees[:, 0] - self.lon) * self.east * self.scale
        y = self.height_mm / 2 - (degrees[:, 1] - self.lat) * self.north * self.scale
        return np.column_stack([x, y])

    def shape_mm(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape on paper."""
        return shapely.transform(shape, self.to_mm)

    @property
    def bar_m(self) -> int:
        """A round length that takes about a fifth of the width."""
        fitting = [m for m in NICE_M if m * self.scale <= self.width_mm / 4]
        return fitting[-1] if fitting else NICE_M[0]
