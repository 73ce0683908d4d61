"""The synthetic grids of Daishan: complete, exact, the same every time, on their own islands."""

import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, box

from app.areas.examples import DEMO_LATITUDE, DEMO_LONGITUDE, DEMO_SQUARE
from app.areas.grid_codes import GRID_CODE
from app.areas.topology import Region, Tolerance, coverage
from app.demo.divisions import Division, read_divisions
from app.demo.islands import (
    CHANGTU,
    DAIDONG,
    DAIXI,
    DONGSHA,
    GAOTING,
    QUSHAN,
    XIUSHAN,
    DemoGrid,
    divide_county,
    read_outline,
)
from app.demo.tessellation import tessellate
from app.kit.geo import area_m2
from app.kit.ids import DEMO_GRID_CODE, demo_id

NOTHING = Tolerance(overlap_m2=0.001, gap_m2=0.001, sliver_width_m=2)


@pytest.fixture(scope="module")
def communities() -> list[Division]:
    return [d for d in read_divisions() if d.level == "community" and d.code.startswith("330921")]


@pytest.fixture(scope="module")
def outline() -> MultiPolygon:
    return read_outline()


@pytest.fixture(scope="module")
def grids(outline: MultiPolygon, communities: list[Division]) -> list[DemoGrid]:
    return divide_county(outline, communities)


def test_about_400_grids_with_valid_codes_of_every_community(
    grids: list[DemoGrid], communities: list[Division]
) -> None:
    assert len(communities) == 88
    assert 380 <= len(grids) <= 420
    assert all(GRID_CODE.fullmatch(g.code) and g.code.startswith(g.community.code) for g in grids)
    assert len({g.code for g in grids}) == len(grids)
    for community in communities:
        sequence = [int(g.code[12:]) for g in grids if g.community is community]
        assert sequence == list(range(1, len(sequence) + 1))
        assert 4 <= len(sequence) <= 8  # S2-04
    assert all("合成" in g.name for g in grids)


def test_the_real_outline_is_covered_completely_and_once(
    grids: list[DemoGrid], outline: MultiPolygon
) -> None:
    found = coverage(outline, [Region(demo_id("grid", g.code), g.shape) for g in grids], NOTHING)
    assert found.share == 1.0
    assert (found.gaps, found.overlaps, found.outside) == ([], [], [])


def test_neighbours_share_every_border_vertex(grids: list[DemoGrid]) -> None:
    parts = [part for g in grids for part in g.shape.geoms]
    assert shapely.coverage_is_valid(parts)
    assert all(g.shape.is_valid and area_m2(g.shape) > 10_000 for g in grids)


def test_twice_gives_the_same(
    grids: list[DemoGrid], outline: MultiPolygon, communities: list[Division]
) -> None:
    again = divide_county(outline, communities)
    assert [(g.code, g.shape.wkb) for g in again] == [(g.code, g.shape.wkb) for g in grids]


@pytest.mark.parametrize(
    ("town", "bounds"),
    [
        (GAOTING, (121.92, 30.21, 122.24, 30.36)),
        (DONGSHA, (122.05, 30.28, 122.18, 30.36)),
        (DAIDONG, (122.14, 30.28, 122.24, 30.36)),
        (DAIXI, (122.05, 30.23, 122.18, 30.32)),
        (QUSHAN, (122.27, 30.41, 122.49, 30.53)),
        (XIUSHAN, (122.13, 30.14, 122.22, 30.21)),
        (CHANGTU, (122.25, 30.19, 122.60, 30.28)),
    ],
)
def test_each_town_lies_on_its_own_islands(
    grids: list[DemoGrid], town: str, bounds: tuple[float, float, float, float]
) -> None:
    own = [g for g in grids if g.community.parent == town]
    assert own
    assert all(box(*bounds).covers(g.shape) for g in own)


def test_communities_are_compact(grids: list[DemoGrid], communities: list[Division]) -> None:
    """Grids of a community lie together: nine out of ten communities on one island are one piece."""
    pieces = [
        len(shapely.get_parts(shapely.union_all([g.shape for g in grids if g.community is c])))
        for c in communities
    ]
    assert sum(n == 1 for n in pieces) / len(pieces) > 0.8


def test_the_examples_of_the_api_lie_in_the_demo_grid(grids: list[DemoGrid]) -> None:
    (grid,) = [g for g in grids if g.code == DEMO_GRID_CODE]
    assert grid.shape.contains(shapely.Polygon(DEMO_SQUARE))
    assert grid.shape.contains(Point(DEMO_LONGITUDE, DEMO_LATITUDE))


class TestTessellate:
    def test_islets_go_to_the_nearest_cell(self) -> None:
        island, islet = box(122.0, 30.0, 122.1, 30.05), box(122.11, 30.0, 122.1101, 30.0001)
        cells = tessellate([island, islet], 5, seed=1)
        assert len(cells) == 5
        (owner,) = [c for c in cells if c.shape.intersects(islet)]
        assert owner.x_m == max(c.x_m for c in cells if c.y_m < 2000) or len(owner.shape.geoms) == 2
        assert shapely.union_all([c.shape for c in cells]).area == pytest.approx(island.area + islet.area)

    def test_one_cell_is_the_island(self) -> None:
        island = box(122.0, 30.0, 122.1, 30.05)
        (cell,) = tessellate([island], 1, seed=1)
        assert cell.shape.equals(island)

    def test_no_cell_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            tessellate([box(0, 0, 1, 1)], 0, seed=1)
