"""What a handheld gets next: a page of its first load, of a grid that it has gained, or of what has changed.

State, not history: an event leads to the present state of its object, so a page may be told twice without harm.
The place in the feed is taken before a load begins; what changes meanwhile is told after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.sources import Pulled, Scope, Source
from app.sync import feed
from app.sync.cursor import Load, Position, areas_digest
from app.sync.feed import Place
from app.sync.heads import MARK_BYTES
from app.sync.kinds import DAILY
from app.sync.scopes import narrowed, on_day
from app.sync.sources import RuleSource


@dataclass(slots=True)
class Page:
    """One answer. objects and gone: with their kind. position: where the next pull goes on."""

    position: Position
    head: int
    objects: list[tuple[str, Pulled]] = field(default_factory=list)
    gone: list[tuple[str, UUID]] = field(default_factory=list)
    left_grids: list[UUID] = field(default_factory=list)
    reset: bool = False
    more: bool = False


async def next_page(
    session: AsyncSession, scope: Scope, position: Position | None, limit: int, sources: Sequence[Source]
) -> Page:
    """The page after `position` (None: the first of all), with about `limit` objects."""
    head = await feed.head(session, scope.county_code)
    if position is None or not await _fits(session, scope, position, head):
        start = _start(scope, head)
        page = await _loaded(session, scope, start, head, limit, sources)
        page.reset = position is not None
        return page
    known = position.grid_ids | (position.load.grid_ids if position.load else frozenset())
    left = sorted(known - scope.grid_ids)
    position = _without(position, scope)
    if position.load is None and scope.grid_ids - position.grid_ids:
        position = replace(position, load=Load(scope.grid_ids - position.grid_ids, whole=False))
    if position.load is not None:
        page = await _loaded(session, scope, position, head, limit, sources)
    elif position.day != scope.today:
        page = await _turned(session, scope, position, head, sources)
    else:
        page = await _changed(session, scope, position, head, limit, sources)
    page.left_grids = left
    return page


def _start(scope: Scope, head: Place) -> Position:
    return Position(
        scope.county_code,
        scope.inspector_id,
        head.seq,
        head.mark,
        frozenset(),
        areas_digest(scope),
        scope.today,
        Load(scope.grid_ids, whole=True),
    )


async def _fits(session: AsyncSession, scope: Scope, position: Position, head: Place) -> bool:
    """Whether what was told up to `position` can be built upon; else the handheld begins anew."""
    return (
        (position.county_code, position.inspector_id) == (scope.county_code, scope.inspector_id)
        and position.areas == areas_digest(scope)
        and position.seq <= head.seq
        and await feed.is_known(session, scope.county_code, Place(position.seq, position.mark))
    )


def _without(position: Position, scope: Scope) -> Position:
    """The position without grids that are no longer own."""
    load = position.load
    if load is not None:
        load = replace(load, grid_ids=load.grid_ids & scope.grid_ids)
        if not load.grid_ids and not load.whole:
            load = None
    return replace(position, grid_ids=position.grid_ids & scope.grid_ids, load=load)


async def _loaded(
    session: AsyncSession,
    scope: Scope,
    position: Position,
    head: Place,
    limit: int,
    sources: Sequence[Source],
) -> Page:
    """The next objects of a load, source by source and by id."""
    load = position.load or Load(frozenset(), whole=False)
    wanted = narrowed(scope, load.grid_ids)
    page = Page(position, head.seq, more=True)
    kinds = [source.kind for source in sources]
    # a kind that an older release knew: the load begins again
    number, after = (kinds.index(load.source), load.after) if load.source in kinds else (0, None)
    while number < len(sources):
        room = limit - len(page.objects)
        if room <= 0:
            page.position = replace(position, load=replace(load, source=kinds[number], after=after))
            return page
        found = await sources[number].page(session, wanted, after, room)
        kind = sources[number].kind
        page.objects += [(kind, o) for o in found if load.whole or o.grid_id in load.grid_ids]
        if len(found) < room:
            number, after = number + 1, None
        else:
            after = found[-1].id
    page.position = replace(position, grid_ids=position.grid_ids | load.grid_ids, load=None)
    page.more = (page.position.seq, page.position.grid_ids, page.position.day) != (
        head.seq,
        scope.grid_ids,
        scope.today,
    )
    return page


async def _changed(
    session: AsyncSession,
    scope: Scope,
    position: Position,
    head: Place,
    limit: int,
    sources: Sequence[Source],
) -> Page:
    """The present state of what events after the position are about."""
    types = sorted({type_ for source in sources for type_ in source.subject_types})
    rows = await feed.changes(session, scope, position.seq, head.seq, types, limit)
    full = len(rows) == limit and rows[-1].seq < head.seq
    seen = Place(rows[-1].seq, rows[-1].hash[:MARK_BYTES]) if full else head
    page = Page(replace(position, seq=seen.seq, mark=seen.mark), head.seq, more=full)
    touched = feed.subjects_by_type(rows)
    for source in sources:
        ids = sorted({id_ for type_ in source.subject_types for id_ in touched.get(type_, ())})
        if not ids:
            continue
        found = await source.some(session, scope, ids)
        page.objects += [(source.kind, each) for each in found]
        if not isinstance(source, RuleSource):
            there = {each.id for each in found}
            page.gone += [(source.kind, id_) for id_ in ids if id_ not in there]
    return page


async def _turned(
    session: AsyncSession, scope: Scope, position: Position, head: Place, sources: Sequence[Source]
) -> Page:
    """What the date alone has changed since the handheld's last day; no event tells of it."""
    page = Page(replace(position, day=scope.today), head.seq, more=True)
    before = on_day(scope, position.day)
    for source in sources:
        if source.kind not in DAILY:
            continue
        old = {each.id: each for each in await _all_of(session, source, before)}
        new = {each.id: each for each in await _all_of(session, source, scope)}
        page.objects += [(source.kind, each) for id_, each in new.items() if old.get(id_) != each]
        page.gone += [(source.kind, id_) for id_ in sorted(old.keys() - new.keys())]
    return page


async def _all_of(session: AsyncSession, source: Source, scope: Scope, step: int = 500) -> list[Pulled]:
    found: list[Pulled] = []
    while True:
        some = await source.page(session, scope, found[-1].id if found else None, step)
        found += some
        if len(some) < step:
            return found
