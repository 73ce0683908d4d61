"""What travels between a handheld and the service: items in (`items`), objects out (`sources`).

Domains above this package take items of their kinds and offer objects of theirs; `sync` brings both together.
`receiving` is the one door for items, whether pushed by a handheld or posted by an office: it claims the
client's ids, hands new items to their kind, and keeps one receipt for each.
"""
