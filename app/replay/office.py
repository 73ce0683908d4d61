"""The supervisor's side of a replay: who serves which grid with which handheld, and a code for it."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shapely.geometry import shape

from app.handheld.activated import Activation
from app.handheld.api import Api
from app.replay.relocation import Grid

GRID_CODE_DIGITS = 15
POLYGONS = ("Polygon", "MultiPolygon")

Row = Mapping[str, Any]


class UnknownThere(Exception):
    """The service doesn't know what was asked for; the text says what."""


class Office(Api):
    """A supervisor who is signed in."""

    async def find_inspector(self, name: str, day: date, at: datetime) -> Row:
        """The inspector with this account id or user name, or who serves the grid with this code at `at`.

        Raises UnknownThere.
        """
        if name.isdigit() and len(name) == GRID_CODE_DIGITS:
            return await self._inspector_of_code(name, day, at)
        try:
            account = await self.find(f"/accounts/{UUID(name)}")
        except ValueError:
            account = await self._inspector_named(name)
        if account is None or account["role"] != "inspector":
            raise UnknownThere(f"no inspector {name!r} in the area of this supervisor")
        return dict(account)

    async def inspector_of(self, grid: Grid | Row, at: datetime) -> Row:
        """Who serves the grid at `at`; of several the one with the lowest user name. Raises UnknownThere."""
        row = {"id": grid.id, "code": grid.code, "area_id": grid.area_id} if isinstance(grid, Grid) else grid
        async for account in self._inspectors(row["area_id"]):
            async for appointment in self.rows(
                "/appointments", inspector_id=account["id"], at=at.isoformat()
            ):
                if appointment["grid_id"] == row["id"]:
                    return account
        raise UnknownThere(f"nobody serves grid {row['code']} on {at:%Y-%m-%d}")

    async def grids(self, day: date) -> list[Grid]:
        """The base grids with a polygon in the supervisor's area on `day`, by code."""
        me = await self.get("/me")
        path = f"/areas/{me['area_id']}/grids.geojson"
        rows = [row async for row in self.rows(path, day=day.isoformat())]
        return [
            _grid(r["properties"], r["geometry"]) for r in rows if _is_walked(r["properties"], r["geometry"])
        ]

    async def own_grids(self, inspector_id: str, day: date, at: datetime) -> list[Grid]:
        """The grids with a polygon that the inspector serves at `at`."""
        found = []
        async for appointment in self.rows("/appointments", inspector_id=inspector_id, at=at.isoformat()):
            row = await self.find(f"/grids/{appointment['grid_id']}", day=day.isoformat())
            if row is not None and row["geometry"] and row["geometry"]["type"] in POLYGONS:
                found.append(_grid(row, row["geometry"]))
        return found

    async def activation_for(self, inspector: Row) -> Activation:
        """A one-time code for the handheld that is bound to the inspector. Raises UnknownThere or Refused."""
        device = await self._device_of(inspector)
        issued = await self.post(
            f"/devices/{device['id']}/activation-codes", {"inspector_id": str(inspector["id"])}
        )
        return Activation(str(device["serial_no"]), str(issued["code"]), str(device["county_code"]))

    async def _device_of(self, inspector: Row) -> Row:
        devices = [device async for device in self.rows("/devices", state="active")]
        # nearly always it is kept where its holder works: that saves asking for the others
        devices.sort(key=lambda d: (d["area_id"] != inspector["area_id"], d["serial_no"]))
        for device in devices:
            async for binding in self.rows(f"/devices/{device['id']}/bindings"):
                if binding["valid_to"] is None and binding["inspector_id"] == inspector["id"]:
                    return device
        raise UnknownThere(f"no handheld is bound to {inspector['display_name']} ({inspector['username']})")

    async def _inspector_of_code(self, code: str, day: date, at: datetime) -> Row:
        async for row in self.rows("/grids", code=code, day=day.isoformat()):
            return await self.inspector_of(row, at)
        raise UnknownThere(f"no grid {code} in the area of this supervisor on {day}")

    async def _inspector_named(self, username: str) -> Row | None:
        async for account in self.rows("/accounts", role="inspector"):
            if account["username"] == username.lower():
                return account
        return None

    async def _inspectors(self, area_id: str) -> AsyncIterator[dict[str, Any]]:
        async for account in self.rows("/accounts", role="inspector", enabled=True):
            if account["area_id"] == area_id:
                yield account


def _is_walked(row: Row, geometry: Row | None) -> bool:
    return (
        row["grid_class"] == "B"
        and row["in_grid_rule"] == "polygon"
        and row["movement_profile"] == "foot"
        and geometry is not None
        and geometry["type"] in POLYGONS
    )


def _grid(row: Row, geometry: Row) -> Grid:
    return Grid(str(row["id"]), str(row["code"]), str(row["area_id"]), shape(geometry))
