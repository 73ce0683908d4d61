"""What becomes of a set of items: chains are followed, subjects locked, fields merged; nothing is written yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import store
from app.collection.subjects.changing import Applied, Stored
from app.collection.submissions import chains, known, places
from app.collection.submissions.application import Board, Outcome, past_of
from app.collection.submissions.arrivals import held_candidates
from app.collection.submissions.candidates import Candidate
from app.collection.submissions.chains import Ground, Wait
from app.collection.submissions.grading import weights_of
from app.exchange.items import Desk
from app.identity.scope import area_paths
from app.kit.problems import Problem
from app.rules import service as rules

Fate = Outcome | Wait | Problem
"""A candidate was applied, waits, or was refused."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The fate of each candidate, those that were held before among them, and what its subjects become."""

    candidates: Mapping[UUID, Candidate]
    fates: Mapping[UUID, Fate]
    applied: Sequence[Applied]


async def settle(
    session: AsyncSession,
    desk: Desk,
    new: Sequence[Candidate],
    refused: Iterable[UUID],
    held: Sequence[Row[Any]] = (),
    redirects: Mapping[UUID, UUID] = MappingProxyType({}),
) -> Settled:
    """Decides about new candidates and everything that waits for them; locks what they change.

    refused: items of the same set that are rejected already. held: submissions to be tried although nothing
    that they wait for came. redirects: subjects that are to mean others, by decision of a person.
    """
    refused = set(refused)
    county = desk.actor.county_code
    awaited = (
        {c.id for c in new} | {c.sent_subject_id for c in new if c.makes and c.sent_subject_id} | refused
    )
    rows = {row.id: row for row in [*held, *await known.waiting_for(session, county, awaited)]}
    candidates = {c.id: c for c in [*new, *await held_candidates(session, desk, list(rows.values()))]}
    earlier = {c.after for c in candidates.values() if c.after} - candidates.keys() - refused
    chain = await known.chain_of(session, county, earlier)
    subjects = await _subjects(session, desk, list(candidates.values()), redirects)
    board = await _board(session, desk, list(candidates.values()), subjects, chain)
    ground = Ground(board.subjects.keys(), chain.applied, chain.refused | refused)
    return _run(board, candidates, ground)


def _run(board: Board, candidates: Mapping[UUID, Candidate], ground: Ground) -> Settled:
    order, waits = chains.arrange([c.link for c in candidates.values()], ground)
    fates: dict[UUID, Fate] = dict(waits)
    refused = set(ground.refused)
    for item_id in order:
        candidate = candidates[item_id]
        if candidate.after in refused:
            fate: Fate = Wait("rejected_item", candidate.after)
        elif candidate.subject_id and not candidate.makes and candidate.subject_id not in board.subjects:
            fate = Wait("subject", candidate.sent_subject_id or candidate.subject_id)
        else:
            fate = board.apply(candidate)
        if not isinstance(fate, Outcome):
            refused.add(item_id)
        fates[item_id] = fate
    return Settled(candidates, fates, board.applied)


async def _subjects(
    session: AsyncSession, desk: Desk, candidates: Sequence[Candidate], redirects: Mapping[UUID, UUID]
) -> dict[UUID, Stored]:
    """The subjects that exist, locked; every candidate names the one that it means from here on."""
    county = desk.actor.county_code
    named = {c.sent_subject_id for c in candidates if c.sent_subject_id}
    linked = {each for c in candidates for each in c.links_to}
    known_as = await known.aliases(session, county, named | linked) | dict(redirects)
    keys = {key for c in candidates if c.makes for key in c.natural_keys}
    holders = await store.find_by_keys(session, desk.vault, county, keys)
    wanted = named | set(known_as.values()) | set(holders.values())
    locked = await store.lock_many(session, desk.vault, county, wanted)
    while merged := {s.merged_into for s in locked.values() if s.merged_into} - locked.keys():
        more = await store.lock_many(session, desk.vault, county, [each for each in merged if each])
        locked |= more
        if not more:
            break
    known_as |= {s.id: s.merged_into for s in locked.values() if s.merged_into}
    _resolve(candidates, locked, known_as, dict(holders))
    return {i: s for i, s in locked.items() if s.merged_into is None}


def _resolve(
    candidates: Sequence[Candidate],
    locked: Mapping[UUID, Stored],
    known_as: dict[UUID, UUID],
    holders: dict[tuple[str, str], UUID],
) -> None:
    """Gives each candidate the id under which its subject is known; makers of one natural key make one subject."""
    makers = sorted((c for c in candidates if c.makes), key=lambda c: (c.recorded_at, c.id))
    for candidate in makers:
        mine = candidate.subject_id
        if mine is None or (mine in locked and mine not in known_as):
            continue
        keys = candidate.natural_keys
        holder = next((holders[key] for key in keys if key in holders), None)
        if mine not in known_as and holder is not None and holder != mine:
            known_as[mine] = holder
        for key in keys:
            holders.setdefault(key, _followed(mine, known_as))
    for candidate in candidates:
        if candidate.subject_id is not None:
            sent = candidate.sent_subject_id or candidate.subject_id
            candidate.subject_id = _followed(sent, known_as)
            candidate.is_redirected = sent in locked and candidate.subject_id != sent
        candidate.fields = candidate.with_links(known_as)


def _followed(subject_id: UUID, known_as: Mapping[UUID, UUID]) -> UUID:
    seen = set()
    while subject_id in known_as and subject_id not in seen:
        seen.add(subject_id)
        subject_id = known_as[subject_id]
    return subject_id


async def _board(
    session: AsyncSession,
    desk: Desk,
    candidates: Sequence[Candidate],
    subjects: dict[UUID, Stored],
    chain: known.Chain,
) -> Board:
    county = desk.actor.county_code
    since: dict[UUID, int] = {}
    for c in candidates:
        if c.subject_id in subjects and c.subject_id is not None:
            base = c.seen_version if c.seen_version <= subjects[c.subject_id].version else 0
            since[c.subject_id] = min(base, since.get(c.subject_id, base))
    histories = await store.history(session, county, since) if since else {}
    linked = await known.places(
        session, county, {each for c in candidates if c.area_id is None for each in c.links_to}
    )
    areas = {c.area_id for c in candidates if c.area_id} | {c.author_area_id for c in candidates}
    areas |= {s.place.area_id for s in subjects.values()} | {area for area, _ in linked.values()}
    paths = await area_paths(session, areas)
    book = await rules.rule_book(session)
    today = places.day_of(desk.now, desk.zone)
    return Board(
        zone=desk.zone,
        now=desk.now,
        subjects=subjects,
        past=past_of(histories),
        after={**chain.after, **{c.id: c.after for c in candidates}},
        authors={**chain.authors, **{c.id: c.author_id for c in candidates}},
        paths=paths,
        linked=linked,
        weights={area: weights_of(book.resolve(paths.get(area, ()), today)) for area in areas},
    )
