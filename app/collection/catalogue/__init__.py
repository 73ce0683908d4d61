"""What may be collected, by which form, in which words: items, form versions, code tables.

`router` (HTTP) → `service` (publish) → `form_language` (what a form may say, pure) and `queries` (SQL).
`usable` answers which forms may be used where and when; `forms` (pure) checks values by them.
"""
