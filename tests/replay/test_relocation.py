"""Moving a walk keeps its size; the place is found again every time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import box

from app.replay.relocation import Grid, best_spot, choose_spot, relocated
from app.replay.walk import Walk
from tests.factories.walks import walk_of

GEOD = Geod(ellps="GRS80")
LATITUDES = st.floats(-75, 75)


@st.composite
def walks(draw) -> Walk:
    lon, lat = draw(st.floats(-170, 170)), draw(LATITUDES)
    steps = draw(st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=2, max_size=30))
    return walk_of([lon + dx for dx, _ in steps], [lat + dy for _, dy in steps])


@settings(max_examples=200, deadline=None)
@given(walks(), st.floats(-179, 179), LATITUDES)
def test_every_distance_is_preserved(walk, longitude, latitude):
    moved = relocated(walk, longitude, latitude)
    for a, b in [(0, 1), (0, len(walk) - 1)]:
        before = GEOD.inv(walk.longitude[a], walk.latitude[a], walk.longitude[b], walk.latitude[b])[2]
        after = GEOD.inv(moved.longitude[a], moved.latitude[a], moved.longitude[b], moved.latitude[b])[2]
        assert after == pytest.approx(before, rel=1e-3, abs=0.01)


def test_the_compass_is_preserved():
    moved = relocated(walk_of([2.0, 2.0, 2.001], [48.0, 48.001, 48.001]), 122.17, 30.28)
    assert GEOD.inv(moved.longitude[0], moved.latitude[0], moved.longitude[1], moved.latitude[1])[0] == (
        pytest.approx(0, abs=0.01)
    )
    assert GEOD.inv(moved.longitude[1], moved.latitude[1], moved.longitude[2], moved.latitude[2])[0] == (
        pytest.approx(90, abs=0.01)
    )


def grid(code: str, west: float, south: float, east: float, north: float) -> Grid:
    return Grid(code, code, "area", box(west, south, east, north))


SMALL = grid("330921100001001", 122.17, 30.28, 122.172, 30.282)
LARGE = grid("330921100001002", 122.18, 30.28, 122.20, 30.30)
TWIN = grid("330921100001003", 122.18, 30.30, 122.20, 30.32)
KILOMETRE = walk_of([2.0, 2.0, 2.01], [48.0, 48.009, 48.009])


class TestSpot:
    def test_a_walk_goes_into_the_grid_that_holds_it(self):
        spot = choose_spot(KILOMETRE, [SMALL, LARGE])
        assert (spot.grid, spot.share) == (LARGE, 1.0)
        moved = relocated(KILOMETRE, spot.longitude, spot.latitude)
        assert LARGE.shape.contains(box(*_bounds(moved)))

    def test_the_preferred_grid_wins_only_where_the_walk_fits(self):
        assert choose_spot(KILOMETRE, [LARGE, TWIN], preferred_id=TWIN.id).grid is TWIN
        assert choose_spot(KILOMETRE, [SMALL, LARGE], preferred_id=SMALL.id).grid is LARGE

    def test_of_equals_the_lowest_code_in_any_order(self):
        for grids in ([TWIN, LARGE], [LARGE, TWIN]):
            assert choose_spot(KILOMETRE, grids).grid is LARGE

    def test_a_walk_too_large_is_told_by_its_share_and_stays_centred_inside(self):
        spot = best_spot(KILOMETRE, SMALL)
        assert spot.share < 0.7
        assert SMALL.shape.contains(box(spot.longitude, spot.latitude, spot.longitude, spot.latitude))

    def test_off_centre_where_that_holds_more(self):
        # a flag: its middle lies in the pole, the walk fits only into the cloth
        pole, cloth = box(122.20, 30.20, 122.2005, 30.30), box(122.20, 30.29, 122.22, 30.30)
        flag = replace(SMALL, shape=pole.union(cloth))
        assert best_spot(walk_of([2.0, 2.009], [48.0, 48.0005]), flag).share > 0.99


def _bounds(walk: Walk) -> tuple[float, float, float, float]:
    return (
        float(walk.longitude.min()),
        float(walk.latitude.min()),
        float(walk.longitude.max()),
        float(walk.latitude.max()),
    )
