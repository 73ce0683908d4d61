"""People who walk a grid with a handheld, and what their handhelds record and send. Pure; the same seed gives the
same day, ids included.

    episodes   what happens one after the other: walk(), stay(), indoors(), lost_signal(), killed(), ride(), …
    streets    where it happens: ways inside the grid's polygon
    plan       a DayPlan: shifts with their episodes, grid, receiver, clock, seed
    day        simulate_day(plan) → HandheldDay: fixes, presses, beats, reports and the metres truly walked
    uploads    the day cut into the uploads of a handheld, as `app.patrol.wire` reads them
    habits     ordinary days made up by chance, for a fleet
    truths, receivers   paths of known length and how a receiver records them (also for `bench truth`)
"""
