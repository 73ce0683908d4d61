"""What a database holds: rows and a digest of every table, and where each county's chain of events ends.

A digest is the sum of hashes of rows, so no order matters: two databases with the same digests hold the same
rows in the same columns. It finds loss and damage, not a forger; forgery is the event chain's business.
"""

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

# what extensions bring (spatial_ref_sys) is theirs; partitions are counted with their parent
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype = 'e')
 ORDER BY c.relname COLLATE "C"
"""
# 64 bits of each row's MD5, because hashtext may differ from one release of PostgreSQL to the next
DIGEST = sql.SQL(
    "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text FROM {} t"
)
# the text of a row depends on these
SESSION = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
    "SET extra_float_digits = 1; SET bytea_output = 'hex'"
)


@dataclass(frozen=True, slots=True)
class Inventory:
    """rows, digests: by table. heads: [county_code, seq, hash in hex] of every county."""

    rows: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    heads: list[list[Any]] = field(default_factory=list)

    def differences(self, other: "Inventory") -> list[str]:
        """Names of what is not the same in both, the event heads as "event_head"."""
        names = sorted(self.rows.keys() | other.rows.keys())
        found = [
            name
            for name in names
            if (self.rows.get(name), self.digests.get(name))
            != (other.rows.get(name), other.digests.get(name))
        ]
        if self.heads != other.heads and "event_head" not in found:
            found.append("event_head")
        return found


def take_inventory(connection: psycopg.Connection[Any]) -> Inventory:
    """Reads every row of the database, in the caller's transaction and snapshot."""
    for statement in SESSION.split("; "):
        connection.execute(statement)
    found = Inventory()
    for name in list_tables(connection):
        row = connection.execute(DIGEST.format(sql.Identifier("public", name))).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always has a row
        found.rows[name], found.digests[name] = row
    if "event_head" in found.rows:
        heads = connection.execute(
            "SELECT county_code, seq, encode(hash, 'hex') FROM public.event_head ORDER BY county_code COLLATE \"C\""
        )
        found.heads.extend(list(row) for row in heads)
    return found


def list_tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Our tables, the queue's included, by name; none in an empty database."""
    return [row[0] for row in connection.execute(TABLES)]
