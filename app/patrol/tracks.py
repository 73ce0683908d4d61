"""A folded day's track as GeoJSON and GPX, with verdicts. Pure."""

from typing import Any

import gpxpy.gpx
import numpy as np
from shapely.geometry import LineString, MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from app.kit.clock import from_ms
from app.kit.geo import to_geojson
from app.patrol.day_document import instant
from app.patrol.figures import DayFold, Segment, Verdict

OFF_TRACK = (Verdict.MOCK, Verdict.INACCURATE, Verdict.JUMP)
"""Verdicts whose fixes are shown as points: joining them would draw a way nobody went."""


def as_geojson(fold: DayFold, *, with_points: bool) -> dict[str, Any]:
    """A FeatureCollection: one feature a segment, and one a fix when `with_points`; [lon, lat], EPSG:4490."""
    features = [_segment_feature(fold, segment) for segment in fold.segments]
    if with_points:
        on_duty = np.flatnonzero(fold.verdicts != Verdict.OUTSIDE_DUTY).tolist()
        features += [_fix_feature(fold, index) for index in on_duty]
    return {"type": "FeatureCollection", "features": features}


def as_gpx(fold: DayFold, name: str) -> str:
    """GPX 1.1: one track segment a run of equal verdicts, the verdict as each point's comment."""
    gpx = gpxpy.gpx.GPX()
    gpx.creator = "Wangge"
    track = gpxpy.gpx.GPXTrack(name=name)
    gpx.tracks.append(track)
    for segment in fold.segments:
        points = [
            gpxpy.gpx.GPXTrackPoint(
                latitude=fold.fixes.lat_e7[i] / 1e7,
                longitude=fold.fixes.lon_e7[i] / 1e7,
                time=from_ms(int(fold.fixes.at_ms[i])),
                comment=segment.verdict.code,
            )
            for i in _members(fold, segment)
        ]
        track.segments.append(gpxpy.gpx.GPXTrackSegment(points))
    return gpx.to_xml()


def _members(fold: DayFold, segment: Segment) -> list[int]:
    """Indices of the fixes of a segment: those of its verdict from the device that draws the track."""
    span = np.arange(segment.first, segment.last + 1)
    own = fold.primary[span] & (fold.verdicts[span] == segment.verdict)
    return [int(i) for i in span[own]]


def _segment_feature(fold: DayFold, segment: Segment) -> dict[str, Any]:
    members = _members(fold, segment)
    places = list(
        zip(
            (fold.fixes.lon_e7[members] / 1e7).tolist(),
            (fold.fixes.lat_e7[members] / 1e7).tolist(),
            strict=True,
        )
    )
    shape: BaseGeometry
    if len(places) == 1:
        shape = Point(places[0])
    else:
        shape = MultiPoint(places) if segment.verdict in OFF_TRACK else LineString(places)
    return {
        "type": "Feature",
        "geometry": to_geojson(shape),
        "properties": {
            "kind": "segment",
            "verdict": segment.verdict.code,
            "start_at": instant(segment.start_ms),
            "end_at": instant(segment.end_ms),
            "fixes": segment.fixes_count,
            "distance_m": round(segment.distance_m, 1),
            "raw_distance_m": round(segment.raw_mm / 1000, 1),
        },
    }


def _fix_feature(fold: DayFold, index: int) -> dict[str, Any]:
    fixes = fold.fixes
    return {
        "type": "Feature",
        "geometry": to_geojson(Point(fixes.lon_e7[index] / 1e7, fixes.lat_e7[index] / 1e7)),
        "properties": {
            "kind": "fix",
            "verdict": Verdict(int(fold.verdicts[index])).code,
            "recorded_at": instant(int(fixes.sent_ms[index])),
            "at": instant(int(fixes.at_ms[index])),
            "accuracy_m": int(fixes.accuracy_dm[index]) / 10,
            "in_grid": bool(fold.in_grid[index]),
            "credited_m": int(fold.credited_mm[index]) / 1000,
        },
    }
