"""The reference handheld: an offline queue on SQLite, push, pull and resumable photos (docs/sync.md).

It imports nothing of the service: what it knows, an app developer can know.
"""
