"""Integrity signals: what about a day's fixes a person should look at, with the evidence to verify it.

A signal never changes a figure or a status. Kinds that one day tells (`mock`, `vehicle`, `clock_skew`,
`loop`) are found by `day_signals` when a finished day is folded; kinds that need other days or other people
(`replayed_track`, `twin_devices`) by the nightly `tasks`, a county and day at a time: `tracks` reads,
`prints` and `meetings` name candidates cheaply, `replays` and `twins` look closely.
`store` keeps what was found, `service` and `router` show it and take a supervisor's review, `wording` says it
in plain words. Pure: `limits`, `signals`, `paths`, `day_signals`, `clocks`, `loops`, `prints`, `meetings`,
`replays`, `twins`, `wording`.
"""
