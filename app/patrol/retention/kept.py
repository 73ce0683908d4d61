"""What may not go, however old: SQL conditions over a `patrol_day d`."""

KEPT = """(
    EXISTS (SELECT FROM appeal a
             WHERE a.county_code = d.county_code AND a.inspector_id = d.inspector_id
               AND a.service_day = d.service_day AND a.state = 'filed')
    OR EXISTS (SELECT FROM legal_hold h
                WHERE h.county_code = d.county_code AND h.released_at IS NULL AND h.days @> d.service_day
                  AND (h.inspector_id = d.inspector_id
                       OR h.inspector_id IS NULL AND EXISTS (
                          SELECT FROM area_closure c
                           WHERE c.area_id = d.area_id AND c.ancestor_id = h.area_id))))"""
"""An appeal waits for its decision, or a hold covers the day."""

PAST = """JOIN unnest(cast(:areas AS uuid[]), cast(:befores AS date[])) AS term(area_id, before)
       ON term.area_id = d.area_id AND d.service_day < term.before"""
"""The day is past the retention that its area asks for."""
