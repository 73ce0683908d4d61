"""Reading whole tracks of a county's day for comparison, a hundred inspectors at a time."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection
from app.patrol import packing
from app.patrol.fixes import Fixes
from app.patrol.fold_rules import FoldRules
from app.patrol.packing import PackedBatch
from app.patrol.presence import primary_device

CHUNK = 100
"""Inspectors read at once: about 30 MB of columns."""
# As the folder's own reading: what a faulty handheld sends is bounded before it reaches this process.
TRACKS = """
SELECT inspector_id, device_id, clock_offset_ms, track, attributes
  FROM (SELECT b.*, sum(b.fix_count) OVER (PARTITION BY b.inspector_id ORDER BY b.batch_id) AS up_to
          FROM fix_batch b
         WHERE b.county_code = %b AND b.day = %b AND b.inspector_id = ANY(%b::uuid[]) AND b.track IS NOT NULL) b
 WHERE up_to <= %b
 ORDER BY inspector_id
"""


async def stream_tracks(
    session: AsyncSession,
    county_code: str,
    day: date,
    inspectors: Sequence[UUID],
    rules: FoldRules,
    most: int,
) -> AsyncIterator[tuple[UUID, Fixes]]:
    """Each inspector's usable fixes, sorted by time; nothing for those without any."""
    connection = await driver_connection(session)
    ordered = sorted(inspectors)
    for start in range(0, len(ordered), CHUNK):
        part = ordered[start : start + CHUNK]
        cursor = await connection.execute(TRACKS, [county_code, day, part, most], binary=True)
        rows: dict[UUID, list[Any]] = {}
        for row in await cursor.fetchall():
            rows.setdefault(row[0], []).append(row[1:])
        for inspector_id, batches in rows.items():
            yield inspector_id, _usable(batches, rules)


def _usable(rows: Sequence[Any], rules: FoldRules) -> Fixes:
    """The fixes of the handheld that draws the track, without inaccurate ones; mock ones are looked at, too."""
    devices = {device_id: index for index, device_id in enumerate(sorted({row[0] for row in rows}))}
    fixes = packing.unpack([PackedBatch(devices[row[0]], *row[1:]) for row in rows]).canonical()
    fixes = fixes.take(fixes.accuracy_dm <= rules.max_accuracy_m * 10)
    fixes = fixes.take(primary_device(fixes.at_ms, fixes.device, rules.online_gap_s * 1000))
    return fixes.take(np.concatenate([[True], np.diff(fixes.at_ms) > 0])[: len(fixes)])
