"""Who might have moved together: pairs that share place and minute often, found without comparing all pairs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.kit.geodesy import metres_per_degree
from app.patrol.fixes import Int64s
from app.patrol.integrity.paths import BRIDGE_S

SLOT_S = 60
"""Positions are compared once a minute."""
KEY_EVERY = 5
"""Only every fifth minute makes a key: who walks together for an hour meets twelve times."""
CELL_M = 80.0
MOVED_M = 60.0
"""Less than this in five minutes is standing about: offices and canteens pair nobody."""
MEET_SHARE = 0.4
"""Share of the keys of the asked minutes that must be equal; cell borders and noise cost the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Minutes:
    """A track once a minute: `first_slot` counts minutes since 1970; int64[k] times 10^7, or MISSING."""

    first_slot: int
    lon_e7: Int64s
    lat_e7: Int64s


MISSING = -(2**62)


def minutes_of(at_ms: Int64s, lon_e7: Int64s, lat_e7: Int64s) -> Minutes:
    """Positions at whole minutes between fixes no further than two minutes apart; fixes sorted by rising time."""
    if len(at_ms) < 2:
        return Minutes(0, np.empty(0, np.int64), np.empty(0, np.int64))
    slots = np.arange(-(-at_ms[0] // (SLOT_S * 1000)), at_ms[-1] // (SLOT_S * 1000) + 1)
    t_ms = slots * SLOT_S * 1000
    after = np.clip(np.searchsorted(at_ms, t_ms, side="right"), 1, len(at_ms) - 1)
    known = at_ms[after] - at_ms[after - 1] <= 2 * BRIDGE_S * 1000
    lon = np.rint(np.interp(t_ms, at_ms, lon_e7)).astype(np.int64)
    lat = np.rint(np.interp(t_ms, at_ms, lat_e7)).astype(np.int64)
    first = int(slots[0]) if len(slots) else 0
    return Minutes(first, np.where(known, lon, MISSING), np.where(known, lat, MISSING))


def find_meetings(tracks: Sequence[Minutes], min_minutes: int, group_max: int) -> list[tuple[int, int]]:
    """Pairs (a < b) of tracks that share moving keys often enough to be looked at closely.

    Keys are (cell, five minutes), hashed twice with cells moved by half, so that a border parts nobody. A key
    with more than `group_max` tracks is an outing and pairs nobody.
    """
    slot, lon, lat, who = _moving_keys(tracks)
    if not len(who):
        return []
    east, north = (float(m[0]) for m in metres_per_degree(np.array([np.median(lat) / 1e7])))
    counts: dict[int, int] = {}
    for offset in (0.0, 0.5):
        cx = np.floor(lon / 1e7 * east / CELL_M + offset).astype(np.int64)
        cy = np.floor(lat / 1e7 * north / CELL_M + offset).astype(np.int64)
        for pair, count in _pairs(slot, cx, cy, who, group_max, len(tracks)):
            counts[pair] = max(counts.get(pair, 0), count)
    asked = max(min_minutes / KEY_EVERY * MEET_SHARE, 1)
    return sorted(divmod(pair, len(tracks)) for pair, count in counts.items() if count >= asked)


def _moving_keys(tracks: Sequence[Minutes]) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """Slot, place and track of every fifth minute at the end of five minutes of moving."""
    parts: list[tuple[Int64s, Int64s, Int64s, Int64s]] = []
    for index, track in enumerate(tracks):
        slots = track.first_slot + np.arange(len(track.lon_e7))
        at = np.flatnonzero(slots % KEY_EVERY == 0)
        at = at[at >= KEY_EVERY]
        known = (track.lon_e7[at] != MISSING) & (track.lon_e7[at - KEY_EVERY] != MISSING)
        at = at[known]
        if len(at):
            moved = metres_between(track, at, track, at - KEY_EVERY)
            at = at[moved >= MOVED_M]
            parts.append((slots[at], track.lon_e7[at], track.lat_e7[at], np.full(len(at), index)))
    if not parts:
        return (np.empty(0, np.int64),) * 4
    slot, lon, lat, who = (np.concatenate(column) for column in zip(*parts, strict=True))
    return slot, lon, lat, who


def metres_between(
    a: Minutes, at: npt.NDArray[np.int64], b: Minutes, bt: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Metres between positions `at` of one track and `bt` of another (indices, equally many, all known)."""
    east, north = metres_per_degree(np.asarray(a.lat_e7[at]) / 1e7)
    return np.hypot((a.lon_e7[at] - b.lon_e7[bt]) / 1e7 * east, (a.lat_e7[at] - b.lat_e7[bt]) / 1e7 * north)


def _pairs(
    slot: Int64s, cx: Int64s, cy: Int64s, who: Int64s, group_max: int, n: int
) -> list[tuple[int, int]]:
    """(a * n + b, keys in common) over all groups of one key."""
    order = np.lexsort((who, cy, cx, slot))
    slot, cx, cy, who = slot[order], cx[order], cy[order], who[order]
    fresh = (np.diff(slot) != 0) | (np.diff(cx) != 0) | (np.diff(cy) != 0)
    group = np.concatenate([[0], np.cumsum(fresh)])
    size = np.bincount(group)[group]
    usable = (size > 1) & (size <= group_max)
    group, who = group[usable], who[usable]
    codes = []
    for k in range(1, group_max):
        if len(group) <= k:
            break
        same = group[k:] == group[:-k]
        codes.append(who[:-k][same] * n + who[k:][same])
    if not codes:
        return []
    pairs, counts = np.unique(np.concatenate(codes), return_counts=True)
    return list(zip(pairs.tolist(), counts.tolist(), strict=True))
