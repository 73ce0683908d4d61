"""Do grids cover their parent, and do they keep off each other? Shapes in, findings out.

Shapes are shapely polygons in degrees (EPSG:4490); areas are geodesic square metres.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from app.kit.geo import area_m2
from app.kit.geodesy import LocalMetres


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is ignored, and below which width a finding is called a sliver."""

    overlap_m2: float
    gap_m2: float
    sliver_width_m: float


@dataclass(frozen=True, slots=True)
class Region:
    """A grid (or part of a plan) by its id."""

    id: UUID
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of ground that is wrong: covered by no grid, by two, or outside the parent.

    ids are the regions concerned (none for a gap); a sliver is narrower than the tolerance's width.
    """

    ids: tuple[UUID, ...]
    shape: MultiPolygon
    area_m2: float
    sliver: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How `regions` fill an outline. `share` is 0..1, None where the outline is not known."""

    outline_m2: float | None
    regions_m2: float
    share: float | None
    gaps: list[Finding]
    overlaps: list[Finding]
    outside: list[Finding]


def coverage(outline: BaseGeometry | None, regions: Sequence[Region], tolerance: Tolerance) -> Coverage:
    """Coverage, gaps, overlaps and protrusions of `regions` in `outline`, each list largest first.

    Without an outline only the holes that the regions enclose count as gaps. Gaps below the tolerance do not
    lower the share, so a plan that is complete has exactly 1.0.
    """
    union = shapely.union_all([r.shape for r in regions]) if regions else MultiPolygon()
    parent = _without_holes(union) if outline is None else outline
    gaps = [
        finding
        for piece in _polygons(shapely.difference(parent, union))
        if (finding := _finding((), piece, tolerance.gap_m2, tolerance))
    ]
    outline_m2 = None if outline is None else area_m2(outline)
    share = None
    if outline_m2:
        share = max(0.0, 1.0 - math.fsum(g.area_m2 for g in gaps) / outline_m2)
    return Coverage(
        outline_m2=outline_m2,
        regions_m2=area_m2(union),
        share=share,
        gaps=_largest_first(gaps),
        overlaps=overlaps(regions, tolerance),
        outside=[] if outline is None else _outside(outline, regions, tolerance),
    )


def overlaps(regions: Sequence[Region], tolerance: Tolerance) -> list[Finding]:
    """Pairs of regions that share more than the tolerated area, largest first."""
    shapes = np.array([r.shape for r in regions], object)
    if len(shapes) < 2:
        return []
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    found = [
        _finding((regions[i].id, regions[j].id), piece, tolerance.overlap_m2, tolerance)
        for i, j, piece in zip(
            first, second, shapely.intersection(shapes[first], shapes[second]), strict=True
        )
        if piece.area > 0
    ]
    return _largest_first([f for f in found if f])


def clashes(region: Region, others: Sequence[Region], tolerance: Tolerance) -> list[Finding]:
    """Where `region` overlaps any of `others` by more than the tolerated area, largest first."""
    found = [
        _finding(
            (region.id, other.id),
            shapely.intersection(region.shape, other.shape),
            tolerance.overlap_m2,
            tolerance,
        )
        for other in others
    ]
    return _largest_first([f for f in found if f])


def _outside(outline: BaseGeometry, regions: Sequence[Region], tolerance: Tolerance) -> list[Finding]:
    shapely.prepare(outline)
    found = [
        _finding((r.id,), shapely.difference(r.shape, outline), tolerance.overlap_m2, tolerance)
        for r in regions
        if not outline.contains_properly(r.shape)
    ]
    return _largest_first([f for f in found if f])


def _finding(
    ids: tuple[UUID, ...], piece: BaseGeometry, ignored_m2: float, tolerance: Tolerance
) -> Finding | None:
    shape = MultiPolygon(_polygons(piece))
    size_m2 = area_m2(shape)
    if size_m2 <= ignored_m2 or size_m2 == 0:
        return None
    around_m = LocalMetres.around(shape).to_metres(shape).length
    width_m = 2 * size_m2 / around_m  # exact for a long strip: its length twice is nearly its perimeter
    return Finding(ids, shape, size_m2, width_m < tolerance.sliver_width_m)


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    return [p for p in shapely.get_parts(shape) if isinstance(p, Polygon) and not p.is_empty]


def _without_holes(shape: BaseGeometry) -> BaseGeometry:
    return shapely.union_all([Polygon(p.exterior) for p in _polygons(shape)])


def _largest_first(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: (-f.area_m2, f.ids))
