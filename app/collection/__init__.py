"""Collection: the catalogue of items and forms, subjects, submissions, tasks, ledgers, exports and imports.

The way through: `catalogue` (what may be collected, by which form) → `submissions` (what was sent) →
`subjects` (what is known) → `assignments` (what is still to do) → `ledgers` (what is asked of it).
"""
