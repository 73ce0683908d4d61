"""Whose objects a handheld gets. Pure."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose objects: an inspector's own grids of today and the areas that they lie in, up to the root."""

    county_code: str
    inspector_id: UUID
    grid_ids: frozenset[UUID]
    area_ids: frozenset[UUID]
    today: date
