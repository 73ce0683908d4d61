"""Who is on line: live positions, instant online rates, silent handhelds.

A handheld's `state` comes with its uploads and is kept by `states` (one row a handheld, the newest told wins).
The rate: `roster` reads who was expected, on leave and heard, `rates` (pure) counts minute by minute, `service`
stores the days of areas (`online_day`) for the periods, `tasks` does so every hour.
`positions` shows an area's inspectors on a map and records who looked; `silence` lists handhelds for ops.
"""
