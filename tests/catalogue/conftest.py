"""The offices of a county, over the shipped catalogue."""

from tests.affairs import conftest as affairs

app, client, clock, offices = affairs.app, affairs.client, affairs.clock, affairs.offices
