"""GeoJSON: lines with `coordTimes`, or points with a time each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.replay.readers.instants import epoch_ms, parse_instant
from app.replay.walk import METRES_PER_HDOP, Sighting, WalkUnreadable

TIME = ("time", "timestamp", "recorded_at", "datetime", "date_time")
TIMES = ("coordTimes", "times", "coord_times", *TIME)
ACCURACY = ("accuracy_m", "accuracy", "horizontal_accuracy", "hacc")
SPEED = ("speed_mps", "speed")
ALTITUDE = ("altitude_m", "altitude", "elevation", "ele")
LINES = {"LineString": 1, "MultiPoint": 1, "MultiLineString": 2}
"""Kinds with many positions, and how deep these are nested."""


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    zone: ZoneInfo


def read(path: Path, content: str, zone: ZoneInfo) -> Iterator[Sighting]:
    """The points of a GeoJSON document (WGS 84). Raises WalkUnreadable."""
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        raise WalkUnreadable(f"{path}, line {error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise WalkUnreadable(f"{path}: nested too deeply") from error
    source = _Source(path, zone)
    try:
        for place, geometry, properties in _features(document):
            yield from _sightings(source, place, geometry, properties)
    except (ValueError, OverflowError) as error:
        raise WalkUnreadable(f"{path}, {error}") from error


def _features(document: object) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    if not isinstance(document, dict):
        raise ValueError("top level: a GeoJSON object is expected")
    if document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise ValueError("top level: `features` must be an array")
        for number, feature in enumerate(features, 1):
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                raise ValueError(f"feature {number}: not a Feature")
            yield f"feature {number}", feature.get("geometry"), feature.get("properties") or {}
    elif document.get("type") == "Feature":
        yield "the feature", document.get("geometry"), document.get("properties") or {}
    else:
        yield "the geometry", document, {}


def _sightings(
    source: _Source, place: str, geometry: Any, properties: Mapping[str, Any]
) -> Iterator[Sighting]:
    if geometry is None:
        return
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(properties, dict):
        raise ValueError(f"{place}: `properties` must be an object")
    if kind == "Point":
        time = _first(properties, TIME)
        yield _sighting(source, place, geometry.get("coordinates"), time, properties)
    elif kind in LINES:
        positions = _flat(geometry.get("coordinates"), LINES[kind], place)
        times = _times(properties, LINES[kind], len(positions), place)
        for number, (position, time) in enumerate(zip(positions, times, strict=True), 1):
            yield _sighting(source, f"{place}, position {number}", position, time, {})
    else:
        raise ValueError(f"{place}: {kind} is not a walk; lines and points are")


def _times(properties: Mapping[str, Any], depth: int, count: int, place: str) -> list[Any]:
    nested = properties.get("coordinateProperties")
    found = _first(nested, TIMES) if isinstance(nested, dict) else None
    found = found if found is not None else _first(properties, TIMES)
    if not isinstance(found, list):  # one time for a whole line says nothing about its points
        return [None] * count
    times = _flat(found, depth, place) if depth > 1 and found and isinstance(found[0], list) else found
    if len(times) != count:
        raise ValueError(f"{place}: {len(times)} times for {count} positions")
    return times


def _flat(value: Any, depth: int, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{place}: an array is expected")
    if depth == 1:
        return value
    return [item for part in value for item in _flat(part, depth - 1, place)]


def _sighting(
    source: _Source, place: str, position: Any, time: Any, properties: Mapping[str, Any]
) -> Sighting:
    if not isinstance(position, list) or len(position) < 2:
        raise ValueError(f"{place}: a position is [longitude, latitude]")
    longitude, latitude = (_number(v, place) for v in position[:2])
    altitude = _number(position[2], place) if len(position) > 2 and position[2] is not None else None
    hdop = _optional(properties, ("hdop",), place)
    accuracy_m = _optional(properties, ACCURACY, place)
    return Sighting(
        place,
        longitude,
        latitude,
        _at_ms(time, source.zone, place),
        accuracy_m=accuracy_m if accuracy_m is not None else hdop and hdop * METRES_PER_HDOP,
        altitude_m=altitude if altitude is not None else _optional(properties, ALTITUDE, place),
        speed_mps=_optional(properties, SPEED, place),
    )


def _at_ms(time: Any, zone: ZoneInfo, place: str) -> int | None:
    if time is None or time == "":
        return None
    try:
        if isinstance(time, str):
            return parse_instant(time, zone)
        return epoch_ms(_number(time, place))
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(place) else f"{place}: {error}") from error


def _first(properties: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((properties[name] for name in names if properties.get(name) is not None), None)


def _optional(properties: Mapping[str, Any], names: tuple[str, ...], place: str) -> float | None:
    value = _first(properties, names)
    return None if value is None else _number(value, place)


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{place}: {str(value)[:40]!r} is not a number")
    return float(value)
