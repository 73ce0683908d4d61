"""GeoJSON, shapely and PostGIS geometry: the only module that knows the SRID and the two encodings.

Everything is CGCS2000, longitude and latitude in degrees (EPSG:4490). GeoJSON goes in and out without a
`crs` member (RFC 7946), which PostGIS's own functions would add for 4490.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Dialect, bindparam, cast
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from app.kit.geodesy import FLATTENING, SEMI_MAJOR_M
from app.kit.problems import Problem

SRID = 4490
MAX_VERTICES = 50_000
CHINA_WEST, CHINA_EAST, CHINA_SOUTH, CHINA_NORTH = 73.0, 136.0, 3.0, 54.0


class InvalidGeometry(Problem):
    code, status = "invalid_geometry", 422
    zh, en = "几何数据不符合要求:{reason}", "The geometry cannot be used: {reason}"


class Geometry(UserDefinedType[BaseGeometry]):
    """Column type `geometry(<kind>,4490)`; shapely geometries in Python, EWKB on the wire."""

    cache_ok = True

    def __init__(self, kind: str, srid: int = SRID) -> None:
        self.kind = kind
        self.srid = int(srid)

    def get_col_spec(self, **_: Any) -> str:
        """The type as PostgreSQL prints it, so that migrations compare equal."""
        return f"geometry({self.kind},{self.srid})"

    def bind_processor(self, dialect: Dialect) -> Callable[[BaseGeometry | None], str | None]:
        """shapely → hexadecimal EWKB."""
        return lambda shape: None if shape is None else to_ewkb_hex(shape)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], BaseGeometry | None]:
        """Hexadecimal EWKB → shapely."""
        return lambda value: None if value is None else shapely.from_wkb(value)


ischema_names["geometry"] = Geometry  # lets `alembic check` compare the column instead of warning about it


def to_ewkb_hex(shape: BaseGeometry) -> str:
    """Hexadecimal EWKB with SRID 4490, as `geometry` columns and COPY take it."""
    return str(shapely.to_wkb(shapely.set_srid(shape, SRID), hex=True, include_srid=True))


def literal(shape: BaseGeometry) -> ColumnElement[BaseGeometry]:
    """`shape` as an SQL expression of its own geometry type, for PostGIS functions and operators."""
    kind = Geometry(shape.geom_type)
    return cast(bindparam(None, shape, type_=kind), kind)


def to_geojson(shape: BaseGeometry) -> dict[str, Any]:
    """A GeoJSON geometry, `[lon, lat]`, with the coordinates' full precision, so that rings still touch."""
    return orjson.loads(orjson.dumps(mapping(shape)))  # type: ignore[no-any-return]


def parse_area(geojson: object) -> MultiPolygon:
    """A valid, non-empty MultiPolygon from a GeoJSON Polygon or MultiPolygon (exterior counter-clockwise).

    Raises InvalidGeometry with the reason: wrong type, open or short rings, numbers that are not finite or
    not on the globe, self-intersections, more than 50,000 vertices, latitude and longitude swapped.
    """
    kind, coordinates = _members(geojson, ("Polygon", "MultiPolygon"))
    parts = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(parts, list) or not parts:
        raise InvalidGeometry(reason="coordinates must be a non-empty array · coordinates 不能为空")
    left = MAX_VERTICES
    polygons = []
    for part in parts:
        if not isinstance(part, list) or not part:
            raise InvalidGeometry(reason="a polygon needs an outer ring · 多边形缺少外环")
        rings = []
        for ring in part:
            rings.append(_ring(ring, left))
            left -= len(rings[-1])
        polygons.append(Polygon(rings[0], rings[1:]))
    shape = MultiPolygon(polygons)
    if not shape.is_valid:
        raise InvalidGeometry(reason=f"{shapely.is_valid_reason(shape)} · 多边形自相交、环重叠或退化")
    oriented: MultiPolygon = shapely.orient_polygons(shape)
    return oriented


def parse_route(geojson: object) -> LineString:
    """A simple path of at least two different points from a GeoJSON LineString. Raises InvalidGeometry."""
    _, coordinates = _members(geojson, ("LineString",))
    points = _positions(coordinates, 2, MAX_VERTICES)
    route = LineString(points)
    if not route.is_valid:
        raise InvalidGeometry(reason="a route needs two different points · 路线至少需要两个不同的点")
    return route


def area_m2(shape: BaseGeometry) -> float:
    """Area on the ellipsoid in square metres, never negative; 0 for points and lines.

    Geodesic polygon area after Karney 2013, as PROJ computes it.
    """
    from pyproj import Geod  # loads PROJ's database: 50 ms that only those who need areas pay

    geod = Geod(a=SEMI_MAJOR_M, f=FLATTENING)
    polygons = [p for p in shapely.get_parts(shape, return_index=False) if isinstance(p, Polygon)]
    return math.fsum(
        abs(geod.geometry_area_perimeter(shapely.orient_polygons(p))[0]) for p in polygons if not p.is_empty
    )


def _members(geojson: object, kinds: tuple[str, ...]) -> tuple[str, Any]:
    if not isinstance(geojson, dict):
        raise InvalidGeometry(reason="a GeoJSON geometry object is expected · 应为 GeoJSON 几何对象")
    kind = geojson.get("type")
    if kind not in kinds:
        raise InvalidGeometry(reason=f"type must be {' or '.join(kinds)} · 几何类型不符")
    crs = geojson.get("crs")
    if crs is not None and not str(crs).rstrip("'}").endswith(("4490", "CRS84", "4326")):
        raise InvalidGeometry(
            reason="only CGCS2000 longitude and latitude, EPSG:4490 · 只接受 CGCS2000 经纬度"
        )
    return kind, geojson.get("coordinates")


def _ring(ring: object, most: int) -> npt.NDArray[np.float64]:
    points = _positions(ring, 4, most)
    if tuple(points[0]) != tuple(points[-1]):
        raise InvalidGeometry(reason="a ring is not closed: its last point must equal its first · 环未闭合")
    return points


def _positions(value: object, least: int, most: int) -> npt.NDArray[np.float64]:
    if not isinstance(value, list) or len(value) < least:
        raise InvalidGeometry(reason=f"at least {least} positions are needed · 至少需要 {least} 个点")
    if len(value) > most:
        raise InvalidGeometry(reason=f"more than {MAX_VERTICES} positions · 点数超过 {MAX_VERTICES}")
    for position in value:
        if not _is_position(position):
            raise InvalidGeometry(
                reason="a position is [longitude, latitude], two numbers · 点应为 [经度, 纬度]"
            )
    points = np.array([[float(p[0]), float(p[1])] for p in value], np.float64)
    if not np.isfinite(points).all():
        raise InvalidGeometry(reason="a coordinate is not a finite number · 坐标不是有限数")
    lon, lat = points[:, 0], points[:, 1]
    if _looks_swapped(lon, lat):
        raise InvalidGeometry(
            reason="latitude and longitude look swapped, send [longitude, latitude] · 经纬度疑似颠倒",
            hint="swapped_coordinates",
        )
    if (np.abs(lon) > 180).any() or (np.abs(lat) > 90).any():
        raise InvalidGeometry(reason="a coordinate lies outside the world · 坐标超出范围")
    return points


def _is_position(position: object) -> bool:
    return (
        isinstance(position, list)
        and 2 <= len(position) <= 3
        and all(
            isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e300 for v in position[:2]
        )
    )


def _looks_swapped(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> bool:
    """Every point lies in China when read as (lat, lon) and none as (lon, lat)."""
    return bool(np.all(_in_china(lat, lon)) and not np.any(_in_china(lon, lat)))


def _in_china(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    return np.asarray((lon >= CHINA_WEST) & (lon <= CHINA_EAST) & (lat >= CHINA_SOUTH) & (lat <= CHINA_NORTH))
