"""Subjects as a handheld gets them: those of its grids, masked, with their states and links.

Nothing is opened here: the masked form lies beside the sealed one, so a first load costs no decryption.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.sources import Pulled, Scope

# Bodies are made by the database, as text: a page of 500 is one parse instead of thousands of small objects.
_BODY = """
SELECT s.id, s.grid_id, s.revision, cast(json_build_object(
           'kind', s.kind, 'item_code', s.item_code, 'area_id', s.area_id, 'version', s.version,
           'name', s.shown_name, 'address', s.shown_address, 'fields', s.attributes || s.masked,
           'masked_fields', ARRAY(SELECT jsonb_object_keys(s.masked) ORDER BY 1),
           'tags', s.tags, 'state', s.state, 'state_since', s.state_since,
           'position', CASE WHEN s.geom IS NOT NULL THEN json_build_array(ST_X(s.geom), ST_Y(s.geom)) END,
           'quality_score', s.quality_score, 'fresh_at', s.fresh_at, 'merged_into', s.merged_into,
           'states', (SELECT coalesce(json_agg(json_build_object('state', t.state, 'since', t.since)
                                      ORDER BY t.since, t.recorded_at), '[]')
                        FROM subject_state t
                       WHERE t.county_code = s.county_code AND t.subject_id = s.id AND t.voided_at IS NULL),
           'links', (SELECT coalesce(json_agg(json_build_object(
                                'kind', l.kind, 'to_id', l.to_id, 'valid_from', l.valid_from) ORDER BY l.id), '[]')
                       FROM subject_link l
                      WHERE l.county_code = s.county_code AND l.from_id = s.id AND l.valid_to IS NULL)
       ) AS text) AS body
"""
PAGE = text(f"""
WITH mine AS MATERIALIZED (
    SELECT id FROM (
        (SELECT id FROM subject
          WHERE county_code = :county AND grid_id = ANY (:grids) AND (cast(:after AS uuid) IS NULL OR id > :after)
          ORDER BY id LIMIT :limit)
        UNION ALL
        (SELECT id FROM subject
          WHERE county_code = :county AND grid_id IS NULL AND area_id = ANY (:areas)
            AND (cast(:after AS uuid) IS NULL OR id > :after)
          ORDER BY id LIMIT :limit)) found
     ORDER BY id LIMIT :limit)
{_BODY} FROM mine m JOIN subject s ON s.county_code = :county AND s.id = m.id ORDER BY s.id
""")
SOME = text(f"""
{_BODY} FROM subject s
 WHERE s.county_code = :county AND s.id = ANY (:ids)
   AND (s.grid_id = ANY (:grids) OR s.grid_id IS NULL AND s.area_id = ANY (:areas))
 ORDER BY s.id
""")


class SubjectSource:
    """Subjects of the inspector's grids, and those of his areas that lie in no grid.

    A merged one stays, with `merged_into`: the handheld then shows the other.
    """

    kind = "subject"
    subject_types = frozenset({"subject"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """Up to `limit` subjects with an id above `after`, by id."""
        asked = _asked(scope) | {"after": after, "limit": limit}
        return [_pulled(row) for row in await session.execute(PAGE, asked)]

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """Those of `ids` that are in scope now."""
        return [_pulled(row) for row in await session.execute(SOME, _asked(scope) | {"ids": list(ids)})]


def _asked(scope: Scope) -> dict[str, Any]:
    return {"county": scope.county_code, "grids": sorted(scope.grid_ids), "areas": sorted(scope.area_ids)}


def _pulled(row: Any) -> Pulled:
    return Pulled(row.id, row.grid_id, row.revision, orjson.loads(row.body))


SOURCE = SubjectSource()
"""What `sync` registers."""
