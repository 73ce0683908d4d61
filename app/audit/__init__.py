"""The read side of the event log, and the proof that nothing in it was changed.

`router` shows events (`queries`) and checks a part of a county's chain (`verification`). `wangge audit verify` (`cli`)
walks everything: `verify` the chains, `purged` where they go on after a purge, `frozen` the frozen explanations,
`periods` the snapshots of sealed periods.
"""
