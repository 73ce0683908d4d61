"""Coverage and overlap of partitions made at random: what is broken on purpose must be found, nothing else."""

from uuid import UUID

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from app.areas.topology import Coverage, Region, Tolerance, clashes, coverage, overlaps
from app.kit.geo import area_m2
from app.kit.geodesy import LocalMetres

TOLERANCE = Tolerance(overlap_m2=1.0, gap_m2=1.0, sliver_width_m=2.0)
OUTLINE = box(122.0, 30.0, 122.1, 30.08)


def regions_of(shapes: list[shapely.Geometry]) -> list[Region]:
    return [Region(UUID(int=i + 1), shape) for i, shape in enumerate(shapes)]


def partition(seed: int, cells: int) -> list[Region]:
    """OUTLINE divided into Voronoi cells whose borders are noded, so that they share every vertex."""
    rng = np.random.default_rng(seed)
    points = shapely.MultiPoint(rng.uniform((122.0, 30.0), (122.1, 30.08), (cells, 2)))
    edges = shapely.voronoi_polygons(points, extend_to=OUTLINE, only_edges=True)
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([edges, OUTLINE.boundary])]))
    return regions_of([f for f in faces if OUTLINE.contains(f.representative_point())])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), cells=st.integers(2, 60))
def test_a_partition_covers_exactly_and_overlaps_nowhere(seed: int, cells: int) -> None:
    found = coverage(OUTLINE, partition(seed, cells), TOLERANCE)
    assert found.share == 1.0
    assert (found.gaps, found.overlaps, found.outside) == ([], [], [])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), cells=st.integers(3, 40), data=st.data())
def test_a_missing_region_is_a_gap_of_its_own_size(seed: int, cells: int, data: st.DataObject) -> None:
    regions = partition(seed, cells)
    gone = regions.pop(data.draw(st.integers(0, len(regions) - 1)))
    found = coverage(OUTLINE, regions, TOLERANCE)
    size = area_m2(gone.shape)
    assert sum(g.area_m2 for g in found.gaps) == pytest.approx(size, rel=1e-5, abs=1.0)
    assert found.share == pytest.approx(1 - size / area_m2(OUTLINE), abs=1e-6)
    assert (found.overlaps, found.outside) == ([], [])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), cells=st.integers(3, 40), data=st.data())
def test_a_grown_region_overlaps_exactly_those_it_grew_into(
    seed: int, cells: int, data: st.DataObject
) -> None:
    regions = partition(seed, cells)
    chosen = data.draw(st.integers(0, len(regions) - 1))
    metres = LocalMetres.around(OUTLINE)
    grown = metres.to_degrees(metres.to_metres(regions[chosen].shape).buffer(30))
    regions[chosen] = Region(regions[chosen].id, grown)
    found = overlaps(regions, TOLERANCE)
    expected = {
        other.id: area_m2(other.shape & grown)
        for other in regions
        if other.id != regions[chosen].id and area_m2(other.shape & grown) > 1
    }
    pairs = {next(i for i in f.ids if i != regions[chosen].id): f.area_m2 for f in found}
    assert pairs == pytest.approx(expected)
    assert all(regions[chosen].id in f.ids for f in found)
    same = clashes(regions[chosen], [r for r in regions if r.id != regions[chosen].id], TOLERANCE)
    assert {f.ids[1]: f.area_m2 for f in same} == pytest.approx(pairs)
    assert [f.area_m2 for f in found] == sorted((f.area_m2 for f in found), reverse=True)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), cells=st.integers(2, 30))
def test_the_order_of_regions_does_not_matter(seed: int, cells: int) -> None:
    regions = partition(seed, cells)[1:]
    one, other = coverage(OUTLINE, regions, TOLERANCE), coverage(OUTLINE, regions[::-1], TOLERANCE)
    assert one.share == pytest.approx(other.share)
    assert len(one.gaps) == len(other.gaps)


class TestTolerances:
    def test_a_thin_strip_is_a_sliver_and_a_broad_one_is_not(self) -> None:
        degree_m = 111_000 * np.cos(np.radians(30.04))
        for width_m, sliver in ((1.5, True), (3.0, False)):
            cut = 122.05 + width_m / degree_m
            pair = regions_of([box(122.0, 30.0, 122.05, 30.08), box(cut, 30.0, 122.1, 30.08)])
            (gap,) = coverage(OUTLINE, pair, TOLERANCE).gaps
            assert gap.sliver is sliver
            assert gap.area_m2 == pytest.approx(width_m * area_m2(OUTLINE) / (0.1 * degree_m), rel=0.01)

    def test_what_is_below_the_tolerance_is_no_finding(self) -> None:
        pair = regions_of([box(122.0, 30.0, 122.05, 30.08), box(122.04999, 30.0, 122.1, 30.08)])
        size = area_m2(box(122.04999, 30.0, 122.05, 30.08))
        assert len(overlaps(pair, TOLERANCE)) == 1
        assert overlaps(pair, Tolerance(size + 1, 1, 2)) == []


class TestOutline:
    def test_what_reaches_outside_is_named(self) -> None:
        reaching = regions_of([box(122.0, 30.0, 122.11, 30.08)])
        found = coverage(OUTLINE, reaching, TOLERANCE)
        (piece,) = found.outside
        assert piece.ids == (reaching[0].id,)
        assert piece.area_m2 == pytest.approx(area_m2(box(122.1, 30.0, 122.11, 30.08)))

    def test_without_an_outline_only_enclosed_holes_are_gaps(self) -> None:
        ring = box(122.0, 30.0, 122.03, 30.03) - box(122.01, 30.01, 122.02, 30.02)
        found = coverage(None, regions_of([ring]), TOLERANCE)
        assert (found.share, found.outline_m2) == (None, None)
        assert [g.area_m2 for g in found.gaps] == [pytest.approx(area_m2(box(122.01, 30.01, 122.02, 30.02)))]

    def test_nothing_in_an_outline_is_one_gap(self) -> None:
        found: Coverage = coverage(MultiPolygon([OUTLINE]), [], TOLERANCE)
        assert (found.share, len(found.gaps), found.regions_m2) == (0.0, 1, 0)

    def test_regions_that_touch_in_a_point_or_a_line_do_not_overlap(self) -> None:
        touching = [box(0, 0, 1, 1), box(1, 0, 2, 1), box(1, 1, 2, 2), box(0.25, 1, 0.75, 2)]
        assert overlaps(regions_of(touching), TOLERANCE) == []
