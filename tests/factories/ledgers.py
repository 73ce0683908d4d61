"""A community with a building, dwellings, people and firms, written by the shipped forms; and who looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.catalogue.form_fields import FormField, fields_of
from app.collection.catalogue.shipped import read_forms
from app.collection.subjects import store
from app.collection.subjects.changing import Change, Place, StateChange
from app.identity.actor import Role
from app.identity.models import Account
from app.kit.events import SYSTEM
from app.rules.service import Decision, set_value
from tests.factories import areas, identity
from tests.factories import catalogue as catalogue_rows
from tests.factories.subjects import COUNTY, NOW, TODAY, desk


@cache
def form_fields(item_code: str) -> tuple[str, Mapping[str, FormField]]:
    """Kind of subject and fields of a shipped form."""
    form = next(form for form in read_forms() if form.code == item_code)
    return form.subject_kind or "", fields_of(form.schema)


@dataclass
class Town:
    """A county with a town and two communities, an area elsewhere, and their people."""

    session: AsyncSession
    county: UUID
    town: UUID
    community: UUID
    other: UUID
    grid: UUID
    elsewhere: UUID
    accounts: dict[str, Account]

    async def add(
        self,
        item_code: str,
        values: Mapping[str, Any],
        *,
        area: UUID | None = None,
        grid: UUID | None = None,
        state: str | None = None,
    ) -> UUID:
        """A subject of the form, in the community unless told otherwise; returns its id."""
        kind, fields = form_fields(item_code)
        change = Change(
            subject_id=uuid7(),
            kind=kind,
            item_code=item_code,
            fields=fields,
            values=values,
            recorded_at=NOW,
            day=TODAY,
            place=Place(area or self.community, grid or (self.grid if area is None else None)),
            state=StateChange(state, TODAY) if state else None,
        )
        [applied] = await store.write_many(self.session, desk(), [change])
        return applied.after.id

    async def person(self, name: str, *, item: str = "resident_registered", **more: Any) -> UUID:
        """A resident."""
        place = {key: more.pop(key) for key in ("area", "grid", "state") if key in more}
        return await self.add(item, {"name": name, "gender": "1", **more}, **place)


async def town(session: AsyncSession) -> Town:
    """The tree, the catalogue and accounts; no subjects yet."""
    county = await areas.area(session, "county", "岱山县", code=f"{COUNTY}000000")
    township = await areas.area(session, "township", "高亭镇", parent=county, code=f"{COUNTY}100000")
    community = await areas.area(session, "community", "沙涂社区", parent=township, code=f"{COUNTY}100001")
    other = await areas.area(session, "community", "兰秀社区", parent=township, code=f"{COUNTY}100002")
    foreign = await areas.area(session, "county", "罗湖区", code="440303000000", county_code="440303")
    grid = await areas.grid(session, community, f"{COUNTY}100001001", areas.square(0))
    await catalogue_rows.admit(session, COUNTY, county, since=datetime(2026, 10, 1, tzinfo=UTC))
    accounts = {
        "inspector": await identity.account(session, community, Role.INSPECTOR),
        "community": await identity.account(session, community, Role.COMMUNITY),
        "neighbour": await identity.account(session, community, Role.COMMUNITY),
        "township": await identity.account(session, township, Role.TOWNSHIP),
        "county": await identity.account(session, county, Role.COUNTY),
        "county_2": await identity.account(session, county, Role.COUNTY),
        "foreigner": await identity.account(session, foreign, Role.COUNTY),
        "system_admin": await identity.account(session, county, Role.SYSTEM_ADMIN),
    }
    return Town(session, county, township, community, other, grid, foreign, accounts)


async def event_data(session: AsyncSession, type_: str) -> list[dict[str, Any]]:
    """Data of the events of a type, in order."""
    found = await session.scalars(
        text("SELECT data FROM event WHERE type = :type ORDER BY ord"), {"type": type_}
    )
    return list(found)


async def set_rule(session: AsyncSession, key: str, value: Any, area_id: UUID) -> None:
    """A rule of an area, since long ago."""
    await set_value(
        session,
        SYSTEM,
        Decision(key, area_id, date(2025, 1, 1), None, value, "test"),
        county_code=COUNTY,
        area_path=[area_id],
        now=NOW,
        today=None,
    )
