"""Who serves which grid, who is planned when, and what really holds of the plan.

Here: `service` with `appointments_router` and `shifts_router` (one post, one shift), `duty` (pure: shifts and presses
become windows on duty), `expectation` (pure: whose presence is expected), `inputs` (all that ingest and folder read,
and how days are marked changed), `away` (what absences and exemptions share), `touched_days` (pure), `unserved` with
`gaps` (pure: which grids nobody present serves).

A folder each: `absences` (one person asks, a supervisor decides), `exemptions` (a whole area), `swaps` (two exchange
grids by the hour), `planning` (many shifts at once), `own_duty` (what the handheld shows), `checks` (staffing against
the rules). Absences and exemptions never change a shift: the view `effective_shift` lays them over the plan.
"""
