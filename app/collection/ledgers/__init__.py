"""Ledgers (台账): questions asked of what is stored, never data of their own (S2-01).

A ledger is declared (`declarations`), one builder makes its query (`queries`), one renderer its rows (`rows`);
the list, the counts and the exports all read through them.
"""
