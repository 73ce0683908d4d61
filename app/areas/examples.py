"""Request examples of the API pages; they work once on a fresh demo county."""

from typing import Any

from app.kit.ids import DEMO_COMMUNITY

# A square of some 100 m inside DEMO_GRID (tests/demo proves that it is): the example leaves a gap, which a
# coverage report shows, and overlaps nobody.
DEMO_SQUARE = [
    [122.139, 30.3105],
    [122.14, 30.3105],
    [122.14, 30.3115],
    [122.139, 30.3115],
    [122.139, 30.3105],
]
DEMO_LONGITUDE, DEMO_LATITUDE = 122.1395, 30.311
"""A point inside DEMO_GRID."""

OPEN_EXAMPLE: dict[str, Any] = {
    "market": {
        "summary": "Special grid without a polygon · 无边界的专属网格",
        "value": {
            "area_id": str(DEMO_COMMUNITY),
            "name": "水产市场专属网格",
            "grid_class": "S",
            "in_grid_rule": "none",
            "movement_profile": "foot",
            "opened_on": "2026-12-01",
            "reason": "新设水产交易市场",
        },
    }
}
RESHAPE_EXAMPLE: dict[str, Any] = {
    "square": {
        "summary": 'Send If-Match: "1" · 请求头 If-Match 填 "1"',
        "value": {
            "geometry": {"type": "Polygon", "coordinates": [DEMO_SQUARE]},
            "valid_from": "2027-06-01",
            "reason": "道路改造后按新街巷定界",
        },
    }
}
RETIRE_EXAMPLE: dict[str, Any] = {
    "merge": {
        "summary": "Send If-Match with the ETag · 请求头 If-Match 填 ETag",
        "value": {"retired_on": "2030-01-01", "reason": "并入相邻网格"},
    }
}
CHANGE_EXAMPLE: dict[str, Any] = {
    "rename": {
        "summary": "Another name from a day on · 更名",
        "value": {"name": "高亭街道", "valid_from": "2028-01-01", "reason": "撤镇设街道(示例)"},
    }
}
CODE_EXAMPLE: dict[str, Any] = {
    "code": {
        "summary": "Another code from a day on · 代码变更",
        "value": {
            "code_system": "NBS2023",
            "code": "330921001000",
            "valid_from": "2028-01-01",
            "reason": "撤镇设街道(示例)",
        },
    }
}
