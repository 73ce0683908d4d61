"""What stands on the page: the day's documents and what the office adds to them. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class GridShape:
    """An own grid of the day: its code and name, and its shape in degrees (EPSG:4490), None where it has none."""

    code: str
    name: str
    shape: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided about an appeal."""

    decision: str
    decided_status: str | None
    reason: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Loan:
    """A handheld of somebody else that the inspector held while on duty; None: from duty's start, to its end."""

    serial_no: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DayPage:
    """Everything on the page.

    explanation  as `day_schemas.ExplanationRead`, instants as RFC 3339 texts
    track        GeoJSON of the day's segments with their verdicts
    places       names of the area and those above it, the county first
    prorate      share of a whole day's thresholds that was asked, 0..1
    """

    explanation: dict[str, Any]
    track: dict[str, Any]
    tz: tzinfo
    printed_at: datetime
    places: tuple[str, ...]
    posts: tuple[str, ...]
    grids: tuple[GridShape, ...]
    day_kind: str
    prorate: float
    legal_basis: str
    approval_no: str
    complaint_contact: str
    ruling: Ruling | None
    loans: tuple[Loan, ...]
    digest: str

    @property
    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.explanation["figures"]
        return figures

    @property
    def day(self) -> date:
        day: date = self.explanation["service_day"]
        return day

    @property
    def raw_status(self) -> str:
        """As computed."""
        return str(self.figures["status"])

    @property
    def status(self) -> str:
        """As it stands: what was decided, else what was computed."""
        return str(self.explanation["standing"]["decided_status"] or self.raw_status)

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The gaps that are facts, by time."""
        return sorted((g for g in self.explanation["gaps"] if g["is_fact"]), key=lambda g: g["start_at"])
