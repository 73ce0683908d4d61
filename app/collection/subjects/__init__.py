"""Subjects: what is known about people, households, dwellings, buildings, organizations, components, articles, places.

`store` is what submissions write through (set-based); `changing` and `lifecycle` (pure) decide, `indexing`
makes what is searched by. Readers: `router` → `service` → `queries`. `duplicates` and `merging` bring two
records of one thing together, reversibly; `reveals` shows personal data in plain; `network` walks links;
`pull` is what a handheld gets; `rotation` follows a change of the master key.
"""
