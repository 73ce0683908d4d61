"""From fixes to a defensible day.

An upload passes, in this order: `upload_router` (HTTP), `ingestor` (one per process), `wire` (decoding),
`door` (columns, what can be said without the database), `arrival`, `writer` (many uploads, one commit),
`ingest` (the transaction of a group), `context` and `presses` (whose, on duty when), `placing` (which day),
`batch_rows`, `packing` and `twkb` (few bytes), `results`, `batches` (SQL), `quarantine`.
`uploads` answers a handheld's own questions.

A day is read by `day_reader` and `own_grids`, folded by `fold` (pure; the modules it imports are the trade's rules),
judged by `judging`, told by `sentences`, written by `folder` and `fold_store`, shown by `shown_days`, `days` and
`tracks`; `passers` searches the tracks of many.

Around the day, a folder each: `online` (who is heard now, online rates of areas), `page` (one A4 sheet),
`integrity` (asks a person to look at what seems odd, without touching a figure), `appeals` (a judgement contested
and decided), `periods` (weeks and months summed up and sealed), `retention` (what is purged, what is held).
"""
