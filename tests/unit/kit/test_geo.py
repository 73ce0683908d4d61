"""GeoJSON in and out, areas and local metres."""

from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from app.kit.geo import (
    MAX_VERTICES,
    InvalidGeometry,
    area_m2,
    parse_area,
    parse_route,
    to_ewkb_hex,
    to_geojson,
)
from app.kit.geodesy import LocalMetres

SQUARE = [[122.0, 30.0], [122.1, 30.0], [122.1, 30.1], [122.0, 30.1], [122.0, 30.0]]
BOW_TIE = [[122.0, 30.0], [122.1, 30.1], [122.1, 30.0], [122.0, 30.1], [122.0, 30.0]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def replaced(index: int, position: Any) -> list[Any]:
    return [position if i == index else p for i, p in enumerate(SQUARE)]


def test_polygon_becomes_an_oriented_multipolygon_and_returns_unchanged() -> None:
    shape = parse_area(polygon(SQUARE[::-1]))
    assert isinstance(shape, MultiPolygon)
    assert shape.geoms[0].exterior.is_ccw
    out = to_geojson(shape)
    assert set(out) == {"type", "coordinates"}
    assert out["type"] == "MultiPolygon"
    assert parse_area(out).equals_exact(shape)


def test_full_precision_survives_the_round_trip() -> None:
    odd = [[122.00000000000001, 30.0], *SQUARE[1:-1], [122.00000000000001, 30.0]]
    assert [122.00000000000001, 30.0] in to_geojson(parse_area(polygon(odd)))["coordinates"][0][0]


@pytest.mark.parametrize(
    ("geojson", "reason"),
    [
        (None, "object"),
        ([], "object"),
        ({}, "type"),
        ({"type": "Point", "coordinates": [122, 30]}, "type"),
        ({"type": "Feature", "geometry": polygon(SQUARE)}, "type"),
        ({"type": "Polygon"}, "outer ring"),
        ({"type": "Polygon", "coordinates": []}, "outer ring"),
        ({"type": "MultiPolygon", "coordinates": []}, "non-empty"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "outer ring"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "position"),
        (polygon(SQUARE[:-1]), "closed"),
        (polygon(SQUARE[:3]), "at least 4"),
        (polygon(replaced(1, [float("nan"), 30.0])), "position"),
        (polygon(replaced(1, [float("inf"), 30.0])), "position"),
        (polygon(replaced(1, [10**400, 30.0])), "position"),
        (polygon(replaced(1, [True, 30.0])), "position"),
        (polygon(replaced(1, ["122", "30"])), "position"),
        (polygon(replaced(1, [122.0])), "position"),
        (polygon(replaced(1, [181.0, 30.0])), "outside the world"),
        (polygon(replaced(1, [122.0, -90.5])), "outside the world"),
        (polygon([[lat, lon] for lon, lat in SQUARE]), "swapped"),
        (polygon(BOW_TIE), "Self-intersection"),
        (polygon([[122.0, 30.0]] * 4), "·"),
        (polygon([[122.0, 30.0], [122.1, 30.0], [122.2, 30.0], [122.0, 30.0]]), "·"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, "·"),
        (polygon([[122 + i * 1e-7, 30.0] for i in range(MAX_VERTICES + 1)]), "more than"),
        (polygon(SQUARE) | {"crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}, "4490"),
    ],
)
def test_what_cannot_be_an_area_is_refused_with_its_reason(geojson: Any, reason: str) -> None:
    with pytest.raises(InvalidGeometry) as refused:
        parse_area(geojson)
    assert reason in refused.value.extra["reason"]


def test_vertex_limit_counts_all_parts_together() -> None:
    angles = np.linspace(0, 2 * np.pi, MAX_VERTICES // 2)
    ring = np.column_stack([122 + np.cos(angles) / 100, 30 + np.sin(angles) / 100]).tolist()
    ring[-1] = ring[0]
    parts = [[[[x + shift, y] for x, y in ring]] for shift in (0, 0.1, 0.2)]
    with pytest.raises(InvalidGeometry, match="invalid_geometry"):
        parse_area({"type": "MultiPolygon", "coordinates": parts})
    assert parse_area({"type": "MultiPolygon", "coordinates": parts[:2]})


def test_swapped_coordinates_are_hinted_at_as_a_member() -> None:
    with pytest.raises(InvalidGeometry) as refused:
        parse_area(polygon([[lat, lon] for lon, lat in SQUARE]))
    assert refused.value.extra["hint"] == "swapped_coordinates"


def test_route_needs_two_different_points() -> None:
    assert parse_route({"type": "LineString", "coordinates": [[122, 30], [122.1, 30]]}).length > 0
    for points in ([[122, 30]], [[122, 30], [122, 30]]):
        with pytest.raises(InvalidGeometry):
            parse_route({"type": "LineString", "coordinates": points})


def test_area_of_a_degree_square_matches_the_published_value() -> None:
    # One degree square at the equator: 12,308.8 km² on WGS84/GRS80 (Karney's planimeter).
    assert area_m2(box(0, 0, 1, 1)) == pytest.approx(12_308_778_361.0, rel=1e-7)


def test_area_ignores_orientation_points_and_lines_and_subtracts_holes() -> None:
    outer, hole = box(122, 30, 122.1, 30.1), box(122.02, 30.02, 122.04, 30.04)
    assert area_m2(outer.reverse()) == area_m2(outer)
    ring = Polygon(outer.exterior.coords, [hole.exterior.coords])
    assert area_m2(ring) == pytest.approx(area_m2(outer) - area_m2(hole), rel=1e-12)
    mixed = shapely.GeometryCollection([outer, shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 1)])])
    assert area_m2(mixed) == area_m2(outer)
    assert area_m2(Polygon()) == 0


def test_local_metres_are_metres_and_return() -> None:
    shape = box(122.0, 30.0, 122.1, 30.1)
    metres = LocalMetres.around(shape)
    assert metres.to_metres(shape).area == pytest.approx(area_m2(shape), rel=1e-3)
    assert metres.to_degrees(metres.to_metres(shape)).equals_exact(shape, 1e-12)


def test_ewkb_names_the_srid() -> None:
    shape = parse_area(polygon(SQUARE))
    back = shapely.from_wkb(to_ewkb_hex(shape))
    assert shapely.get_srid(back) == 4490
    assert back.equals_exact(shape)
