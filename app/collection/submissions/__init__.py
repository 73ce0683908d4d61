"""Submissions: what was sent about subjects, merged by field, kept whatever becomes of it.

`intake` takes items from the exchange: `envelope` (reading) → `arrivals` (forms, grids, keys) → `application`
(who comes after whom: `chains`; which field holds: `merging`; how good: `quality`) → `writing`.
Beside it: `conflicts` (two values, a person decides), `holding` (edits that wait for something), `reviews`
(returned, approved) and `sampling` (departments check a random sample).
"""
