"""Every ledger there is, by code. A new one is declared in the module of its topic, nowhere else."""

from collections.abc import Mapping
from types import MappingProxyType

from app.collection.ledgers.declaration import Ledger
from app.collection.ledgers.declared import houses, papers, people, units
from app.collection.ledgers.problems import UnknownLedger

LEDGERS: Mapping[str, Ledger] = MappingProxyType(
    {ledger.code: ledger for module in (people, units, houses, papers) for ledger in module.LEDGERS}
)


def ledger_of(code: str) -> Ledger:
    """The ledger of that code. Raises UnknownLedger."""
    found = LEDGERS.get(code)
    if found is None:
        raise UnknownLedger(ledger=code[:60])
    return found
