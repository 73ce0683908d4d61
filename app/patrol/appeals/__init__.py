"""Contesting a judged day: an inspector objects, a supervisor decides with a reason, the raw fact stays.

`router` (HTTP) → `service` (file, withdraw, decide) → `deadlines` and `workflow` (pure) and `queries` (SQL).
`standing` tells which status of a day stands: the decided one, else the judged one.
"""
