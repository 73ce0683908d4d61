"""Rows and findings as the API shows them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row

from app.areas.schemas import (
    AreaRead,
    CoverageRead,
    FindingRead,
    GeoJSONGeometry,
    GridCollection,
    GridDetail,
    GridFeature,
    GridRead,
    GridVersionRead,
    OutlineFeature,
)
from app.areas.service import AreaCoverage
from app.areas.topology import Finding
from app.kit.geo import area_m2, to_geojson

MAX_FINDINGS = 100


def geometry(shape: BaseGeometry | None) -> GeoJSONGeometry | None:
    """A shape as GeoJSON, None for none."""
    return None if shape is None else GeoJSONGeometry.model_validate(to_geojson(shape))


def size_m2(shape: BaseGeometry | None) -> float | None:
    """Area in m² to the square decimetre; None for no shape and for routes."""
    return None if shape is None or shape.geom_type == "LineString" else round(area_m2(shape), 2)


def outline_feature(area: Row[Any], outline: BaseGeometry | None) -> OutlineFeature:
    """An area as a Feature."""
    return OutlineFeature(
        type="Feature", id=area.id, geometry=geometry(outline), properties=AreaRead.model_validate(area)
    )


def grid_detail(row: Row[Any]) -> GridDetail:
    """A grid with its shape and size."""
    known = GridRead.model_validate(row).model_dump()
    return GridDetail(**known, area_m2=size_m2(row.shape), geometry=geometry(row.shape))


def grid_version(row: Row[Any]) -> GridVersionRead:
    """One version of a grid's shape."""
    shape = geometry(row.shape)
    assert shape is not None  # noqa: S101 - the table's constraint: a version has a polygon or a route
    return GridVersionRead(
        id=row.id,
        version=row.version,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        reason=row.reason,
        decided_by=row.decided_by,
        area_m2=size_m2(row.shape),
        geometry=shape,
    )


def grid_collection(rows: Sequence[Row[Any]], following: str | None) -> GridCollection:
    """One page of grids as a FeatureCollection."""
    features = [
        GridFeature(
            type="Feature", id=row.id, geometry=geometry(row.shape), properties=GridRead.model_validate(row)
        )
        for row in rows
    ]
    return GridCollection(type="FeatureCollection", features=features, next=following)


def coverage_read(area_id: UUID, day: date, found: AreaCoverage) -> CoverageRead:
    """A coverage with the largest findings of each kind."""
    cover = found.coverage
    return CoverageRead(
        area_id=area_id,
        day=day,
        grids=found.grids,
        outline_m2=cover.outline_m2,
        grids_m2=cover.regions_m2,
        share=cover.share,
        gap_count=len(cover.gaps),
        overlap_count=len(cover.overlaps),
        outside_count=len(cover.outside),
        gaps=_findings(cover.gaps),
        overlaps=_findings(cover.overlaps),
        outside=_findings(cover.outside),
        rule_version=found.rule_version,
    )


def _findings(findings: Sequence[Finding]) -> list[FindingRead]:
    return [
        FindingRead(
            grid_ids=list(f.ids),
            area_m2=round(f.area_m2, 2),
            sliver=f.sliver,
            geometry=GeoJSONGeometry.model_validate(to_geojson(f.shape)),
        )
        for f in findings[:MAX_FINDINGS]
    ]
