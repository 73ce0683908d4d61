"""GPX 1.0 and 1.1: tracks with their segments; without any, routes, or waypoints that carry times."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import gpxpy
from gpxpy.gpx import GPX, GPXException, GPXRoutePoint, GPXTrackPoint, GPXWaypoint

from app.replay.walk import METRES_PER_HDOP, Sighting, WalkUnreadable

Point = GPXTrackPoint | GPXRoutePoint | GPXWaypoint


def read(path: Path, content: str, zone: ZoneInfo) -> Iterator[Sighting]:
    """The points of a GPX file. Times without offset are UTC, as the format defines. Raises WalkUnreadable."""
    if "<!ENTITY" in content:
        raise WalkUnreadable(f"{path}: XML entities are not allowed in a GPX file")
    try:
        # the text is decoded already; an encoding that it still declares would be believed
        gpx = gpxpy.parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", content, count=1))
    except (GPXException, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise WalkUnreadable(f"{path}: not a GPX file: {_reason(error)}") from error
    found = False
    for place, point in _points(gpx):
        found = True
        yield _sighting(path, place, point)
    if not found:
        raise WalkUnreadable(
            f"{path}: no track and no route in it"
            + (f", only {len(gpx.waypoints)} waypoints" if gpx.waypoints else "")
        )


def _points(gpx: GPX) -> Iterator[tuple[str, Point]]:
    if any(segment.points for track in gpx.tracks for segment in track.segments):
        for t, track in enumerate(gpx.tracks, 1):
            for s, segment in enumerate(track.segments, 1):
                yield from _numbered(f"track {t}, segment {s}", segment.points)
    elif any(route.points for route in gpx.routes):
        for r, route in enumerate(gpx.routes, 1):
            yield from _numbered(f"route {r}", route.points)
    elif len(gpx.waypoints) > 1 and all(w.time is not None for w in gpx.waypoints):
        yield from _numbered("waypoints", gpx.waypoints)


def _numbered(where: str, points: Sequence[Point]) -> Iterator[tuple[str, Point]]:
    return ((f"{where}, point {number}", point) for number, point in enumerate(points, 1))


def _sighting(path: Path, place: str, point: Point) -> Sighting:
    if point.latitude is None or point.longitude is None:
        raise WalkUnreadable(f"{path}, {place}: latitude or longitude is missing")
    extra = _extensions(point)
    hdop = point.horizontal_dilution
    accuracy_m = extra.get("accuracy", hdop * METRES_PER_HDOP if hdop else None)
    time = point.time
    return Sighting(
        place,
        point.longitude,
        point.latitude,
        None
        if time is None
        else round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000),
        accuracy_m=accuracy_m,
        altitude_m=point.elevation,
        speed_mps=extra.get("speed", getattr(point, "speed", None)),
    )


def _extensions(point: Point) -> dict[str, float]:
    """Accuracy and speed as loggers add them to a point, whatever their namespace."""
    found: dict[str, float] = {}
    for extension in point.extensions:
        for element in extension.iter():
            name = str(element.tag).rpartition("}")[2].lower()
            if name in ("accuracy", "speed"):
                try:
                    found[name] = float(element.text or "")
                except ValueError:
                    continue
    return found


def _reason(error: Exception) -> str:
    return " ".join(str(error).removeprefix("Error parsing XML: ").split())[:200] or type(error).__name__
