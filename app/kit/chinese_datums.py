"""GCJ-02 and BD-09, the shifted coordinates of Chinese map services, to CGCS2000/WGS84 and back.

CGCS2000 and WGS84 differ by less than a metre and are treated as one. The shift is not published; the
formula is the one everybody uses, from the same reverse-engineered source (tests compare an independent
implementation). The shift applies only inside the customary bounding box; outside it nothing changes.
"""

import math

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]
Degrees = tuple[Float64s, Float64s]

WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
_SEMI_MAJOR_M = 6378245.0  # Krasovsky 1940, which the shift is defined on
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_PERIOD = math.pi * 3000.0 / 180.0
_STEPS = 5  # always the same number, so a point never depends on its neighbours; measured error 1e-8 m


def in_shift_area(lon: Float64s, lat: Float64s) -> npt.NDArray[np.bool_]:
    """Where GCJ-02 shifts: bool[n] for float64[n] degrees."""
    return np.asarray((lon >= WEST) & (lon <= EAST) & (lat >= SOUTH) & (lat <= NORTH))


def to_gcj02(lon: Float64s, lat: Float64s) -> Degrees:
    """WGS84/CGCS2000 to GCJ-02. float64[n] degrees in and out; points outside the area are unchanged."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    shift_lon, shift_lat = _gcj02_shift(lon, lat)
    inside = in_shift_area(lon, lat)
    return np.where(inside, lon + shift_lon, lon), np.where(inside, lat + shift_lat, lat)


def from_gcj02(lon: Float64s, lat: Float64s) -> Degrees:
    """GCJ-02 to WGS84/CGCS2000: the point whose forward transform is `lon, lat`, within 1 mm.

    float64[n] degrees in and out. Points outside the area are unchanged. NaN stays NaN.
    """
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    guess_lon, guess_lat = lon, lat
    for _ in range(_STEPS):
        shift_lon, shift_lat = _gcj02_shift(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - shift_lon, lat - shift_lat
    # Decided by the found point, as the forward transform does, so that both agree at the edge.
    inside = in_shift_area(guess_lon, guess_lat)
    return np.where(inside, guess_lon, lon), np.where(inside, guess_lat, lat)


def to_bd09(lon: Float64s, lat: Float64s) -> Degrees:
    """WGS84/CGCS2000 to BD-09. float64[n] degrees in and out; unchanged outside the area."""
    inside = in_shift_area(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    bd_lon, bd_lat = _gcj02_to_bd09(*to_gcj02(lon, lat))
    return np.where(inside, bd_lon, lon), np.where(inside, bd_lat, lat)


def from_bd09(lon: Float64s, lat: Float64s) -> Degrees:
    """BD-09 to WGS84/CGCS2000: the point whose forward transform is `lon, lat`, within 1 mm.

    float64[n] degrees in and out. Points outside the area are unchanged. NaN stays NaN.
    """
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    gcj_lon, gcj_lat = lon - 0.0065, lat - 0.006
    for _ in range(_STEPS):
        again_lon, again_lat = _gcj02_to_bd09(gcj_lon, gcj_lat)
        gcj_lon, gcj_lat = gcj_lon + lon - again_lon, gcj_lat + lat - again_lat
    found_lon, found_lat = from_gcj02(gcj_lon, gcj_lat)
    inside = in_shift_area(found_lon, found_lat)
    return np.where(inside, found_lon, lon), np.where(inside, found_lat, lat)


def _gcj02_shift(lon: Float64s, lat: Float64s) -> Degrees:
    """The shift in degrees at a WGS84 point; zero far outside the area, where the formula overflows."""
    near = (lon > WEST - 1) & (lon < EAST + 1) & (lat > SOUTH - 1) & (lat < NORTH + 1)
    x, y = np.where(near, lon - 105.0, 0.0), np.where(near, lat - 35.0, 0.0)
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * x * math.pi) + 20.0 * np.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20.0 * np.sin(y * math.pi) + 40.0 * np.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * math.pi) + 320.0 * np.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20.0 * np.sin(x * math.pi) + 40.0 * np.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * math.pi) + 300.0 * np.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    radians = np.radians(y + 35.0)
    magic = 1 - _ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    meridian_m = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic))
    parallel_m = _SEMI_MAJOR_M / np.sqrt(magic) * np.cos(radians)
    return np.degrees(near * east / parallel_m), np.degrees(near * north / meridian_m)


def _gcj02_to_bd09(lon: Float64s, lat: Float64s) -> Degrees:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PERIOD)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PERIOD)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
