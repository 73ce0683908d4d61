"""Exports of ledgers as jobs: masked unless somebody else approved, watermarked, and gone after a while."""
