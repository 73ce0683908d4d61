"""The application at noon, over a database that is rolled back; a small county with a month of days."""

from tests.patrol.conftest import app, beat, client, clock, foreigner, handheld, office, supervisor

__all__ = ["app", "beat", "client", "clock", "foreigner", "handheld", "office", "supervisor"]
