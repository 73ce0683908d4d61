"""Distances and buffers against PROJ."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import LineString, Polygon

from app.kit.geodesy import FLATTENING, SEMI_MAJOR_M, buffered_polygon, distances_m

GEOD = Geod(a=SEMI_MAJOR_M, f=FLATTENING)


class TestDistances:
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        lon=st.floats(-180, 180),
        lat=st.floats(-80, 80),
        azimuth=st.floats(0, 360),
        metres=st.floats(1e-3, 9900),
    )
    def test_short_ones_err_by_less_than_a_thousandth(
        self, lon: float, lat: float, azimuth: float, metres: float
    ) -> None:
        there_lon, there_lat, _ = GEOD.fwd(lon, lat, azimuth, metres)
        ours = distances_m(*(np.array([v]) for v in (lon, lat, there_lon, there_lat)))[0]
        assert ours == pytest.approx(metres, rel=1e-3, abs=1e-6)

    def test_in_china_they_err_by_less_than_a_millionth(self) -> None:
        lon, lat, _ = GEOD.fwd(122.17, 30.28, 37.0, 5000.0)
        ours = distances_m(np.array([122.17]), np.array([30.28]), np.array([lon]), np.array([lat]))[0]
        assert ours == pytest.approx(5000.0, rel=1e-6)

    def test_long_ones_are_geodesics(self) -> None:
        pairs = np.array(
            [[122.17, 30.28, 116.39, 39.91], [179.9, 10.0, -179.9, 10.0], [122.17, 30.28, 122.18, 30.28]]
        )
        expected = GEOD.inv(*pairs.T)[2]
        assert distances_m(*pairs.T) == pytest.approx(expected, rel=1e-6)


class TestBuffer:
    square = Polygon([(122.1, 30.2), (122.11, 30.2), (122.11, 30.21), (122.1, 30.21)])

    @pytest.mark.parametrize("azimuth", [0, 90, 180, 270])
    def test_grows_by_metres_in_every_direction(self, azimuth: float) -> None:
        grown = buffered_polygon(self.square, 50)
        side = {0: (122.105, 30.21), 90: (122.11, 30.205), 180: (122.105, 30.2), 270: (122.1, 30.205)}[
            azimuth
        ]
        for metres, inside in ((49.5, True), (50.5, False)):
            lon, lat, _ = GEOD.fwd(*side, azimuth, metres)
            assert bool(shapely.contains_xy(grown, lon, lat)) is inside

    def test_a_line_becomes_a_corridor(self) -> None:
        corridor = buffered_polygon(LineString([(122.1, 30.2), (122.2, 30.2)]), 20)
        assert shapely.contains_xy(corridor, 122.15, 30.2 + 19 / 110_860)
        assert not shapely.contains_xy(corridor, 122.15, 30.2 + 21 / 110_860)
