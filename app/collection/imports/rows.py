"""What becomes of a row, and what every kind of import offers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.imports.cell_values import Remark
from app.collection.imports.tables import Line, Table
from app.exchange.items import Desk

RowOutcome = Literal["new", "changed", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What a row is, or became. remarks: why it is refused, or what was put right."""

    number: int
    outcome: RowOutcome
    remarks: Sequence[Remark] = field(default_factory=tuple)


def refused(line: Line, *remarks: Remark) -> RowResult:
    """A row that is not taken."""
    return RowResult(line.number, "refused", remarks)


class Importer(Protocol):
    """Takes the rows of one kind of file.

    chunk_rows: rows of one transaction; None: all together, where only the whole makes sense
    """

    @property
    def chunk_rows(self) -> int | None: ...

    def check_headings(self, table: Table) -> None:
        """Raises ImportHeadings."""

    async def take(
        self, session: AsyncSession, desk: Desk, lines: Sequence[Line], *, apply: bool
    ) -> list[RowResult]:
        """One result for each row; nothing is written unless `apply`. A broken row never costs its neighbours."""
