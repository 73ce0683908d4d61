"""Bulk roster: one request plans many inspectors over many days from a daily pattern.

`pattern` turns days and sessions into shifts, purely; `service` writes them in one statement and tells of each
whether it was planned, there before, or refused.
"""
