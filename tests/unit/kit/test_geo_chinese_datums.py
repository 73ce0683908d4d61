"""GCJ-02 and BD-09 against an independent implementation, and their inverses against themselves."""

import coordTransform
import numpy as np
import numpy.typing as npt
import pytest

from app.kit.chinese_datums import EAST, NORTH, SOUTH, WEST, from_bd09, from_gcj02, to_bd09, to_gcj02
from app.kit.geodesy import distances_m

MILLIMETRE = 0.001
Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


@pytest.fixture(scope="module")
def points() -> Points:
    """10,000 points all over China, the meridian 105 E and parallel 35 N of the formula included."""
    rng = np.random.default_rng(330921)
    lon, lat = rng.uniform(73.7, 135.0, 10_000), rng.uniform(3.9, 53.5, 10_000)
    lon[0], lat[0], lon[1], lat[2] = 105.0, 35.0, 105.0, 35.0
    return lon, lat


@pytest.mark.parametrize(
    ("ours", "theirs"), [(to_gcj02, coordTransform.wgs84_to_gcj02), (to_bd09, coordTransform.wgs84_to_bd09)]
)
def test_forward_agrees_with_an_independent_package(ours, theirs, points: Points) -> None:  # type: ignore[no-untyped-def]
    lon, lat = ours(*points)
    expected = np.array([theirs(x, y) for x, y in zip(*points, strict=True)])
    assert distances_m(lon, lat, expected[:, 0], expected[:, 1]).max() < MILLIMETRE


@pytest.mark.parametrize(("forward", "inverse"), [(to_gcj02, from_gcj02), (to_bd09, from_bd09)])
def test_inverse_undoes_forward_within_a_millimetre(forward, inverse, points: Points) -> None:  # type: ignore[no-untyped-def]
    lon, lat = inverse(*forward(*points))
    assert distances_m(lon, lat, *points).max() < MILLIMETRE
    again = forward(*inverse(*points))  # any point may be sent, not only images of the forward transform
    assert distances_m(*again, *points).max() < MILLIMETRE


def test_the_shift_at_daishan_is_hundreds_of_metres() -> None:
    lon, lat = np.array([122.17]), np.array([30.28])
    assert 400 < distances_m(*to_gcj02(lon, lat), lon, lat)[0] < 560
    assert 900 < distances_m(*to_bd09(lon, lat), lon, lat)[0] < 1600


@pytest.mark.parametrize("convert", [to_gcj02, from_gcj02, to_bd09, from_bd09])
def test_nothing_changes_outside_the_box_and_nan_stays_nan(convert) -> None:  # type: ignore[no-untyped-def]
    lon = np.array([2.35, -74.0, 151.2, 139.69, 0.0, 180.0, WEST - 0.1, EAST + 0.1, 100.0, 100.0])
    lat = np.array([48.85, 40.7, -33.9, 35.69, 0.0, -90.0, 40.0, 40.0, SOUTH - 0.1, NORTH + 0.1])
    out_lon, out_lat = convert(lon, lat)
    assert np.array_equal(out_lon, lon)
    assert np.array_equal(out_lat, lat)
    nan_lon, _ = convert(np.array([np.nan]), np.array([30.0]))
    assert np.isnan(nan_lon[0])


def test_empty_arrays_are_fine() -> None:
    empty = np.empty(0)
    for convert in (to_gcj02, from_gcj02, to_bd09, from_bd09):
        assert convert(empty, empty)[0].shape == (0,)
