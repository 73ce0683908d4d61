"""Every parameter there is, by key. A new one is declared in the module of its topic, nowhere else."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from app.rules.catalogue import (
    appeals,
    areas,
    collection,
    declarations,
    duty,
    fold,
    fold_track,
    handhelds,
    ingest,
    integrity,
    judging,
    ledgers,
    operations,
    page,
    periods,
    presence,
    retention,
    sign_in,
    staffing,
    subjects,
    submissions,
    tasks,
    uploads,
    visits,
    working_time,
)
from app.rules.parameter import Parameter

TOPICS: tuple[ModuleType, ...] = (
    judging,
    periods,
    fold,
    fold_track,
    ingest,
    integrity,
    page,
    handhelds,
    presence,
    duty,
    appeals,
    retention,
    areas,
    staffing,
    sign_in,
    working_time,
    operations,
    collection,
    subjects,
    submissions,
    tasks,
    declarations,
    visits,
    ledgers,
    uploads,
)


def _declared() -> Iterator[Parameter[Any]]:
    for topic in TOPICS:
        for thing in vars(topic).values():
            group = thing if isinstance(thing, tuple) else (thing,)
            yield from (each for each in group if isinstance(each, Parameter))


def _by_key() -> dict[str, Parameter[Any]]:
    found: dict[str, Parameter[Any]] = {}
    for parameter in _declared():
        if found.setdefault(parameter.key, parameter) is not parameter:
            raise ValueError(f"two parameters have the key {parameter.key}")
        if parameter.parse(parameter.dump(parameter.default)) != parameter.default:
            raise ValueError(f"the default of {parameter.key} does not fit its own bounds")
    return found


PARAMETERS: Mapping[str, Parameter[Any]] = MappingProxyType(_by_key())
"""The catalogue, in the order of declaration."""
