"""What a handheld calls to give and to get: push, pull, receipts (docs/sync.md)."""
