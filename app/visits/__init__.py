"""Visits to key persons and key places (走访): who is due, who went, what counts. The domain to read first.

Every domain is built like this one:

`router`, `key_router`    HTTP: a path, a role, the problems it can answer; nothing is decided there
`schemas`, `key_schemas`  what goes in and out, every field described
`service`, `designations`, `plan`  the verbs: they ask the pure modules, then write, then record events
`duty`, `proof`, `categories`  the rules of the trade, pure: what a month asks for, what proves a visit
`queries`, `key_queries`, `duty_queries`, `ground`, `parameters`  what is read: SQL, grids, the rule book
`models`, `problems`      tables; what can be wrong
`intake`, `pull`          the way in from handhelds, and the way out to them
`tasks`                   the job that proves a visit when its photo comes after it

A visit's way: `intake.take` reads a set of items, `ground` places them, `proof` judges, `service` credits the
patrol day (`app.patrol.work`) and tells the log. Nothing is counted up: `plan` reads designations and visits of
a month and `duty` says how each subject stands, so neither order nor delay of what arrives makes a difference.
"""
