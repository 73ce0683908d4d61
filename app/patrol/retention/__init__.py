"""How long what is kept: a day's explanation is frozen before its fixes go, and nothing contested or held goes.

`tasks` and `cli` wake `purge` (many small transactions, resumable at any point); it asks `terms` (the rule book by
area) and calls `freezing`, `fixes` (rows and months of `fix_batch`), `leftovers` (receipts, quarantine) and
`event_months` (with `checkpoints`, pure). `frozen_days` answers from what was frozen, `holds` keeps what must stay,
`views` tells an inspector who looked at his track. `locks`: purges and appeals or holds wait for each other.
"""
