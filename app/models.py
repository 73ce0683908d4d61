"""Imports every domain's tables, so that migrations and tests know them all."""

from app.kit import events

TABLES = (events,)
