"""The divisions that the demo fills the area tree with: real names and codes, NBS 2023."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

CODE_SYSTEM = "NBS2023"

# The file begins at townships; these are the counties and cities above them.
UPPER = (
    ("330900000000", "舟山市", "city", None),
    ("330921000000", "岱山县", "county", "330900000000"),
    ("310100000000", "上海市", "city", None),
    ("310112000000", "闵行区", "county", "310100000000"),
    ("360300000000", "萍乡市", "city", None),
    ("360302000000", "安源区", "county", "360300000000"),
    ("440300000000", "深圳市", "city", None),
    ("440303000000", "罗湖区", "county", "440300000000"),
    ("440304000000", "福田区", "county", "440300000000"),
    ("440310000000", "坪山区", "county", "440300000000"),
)


@dataclass(frozen=True, slots=True)
class Division:
    """A division: 12-digit code, name, level, and the code of the one above."""

    code: str
    name: str
    level: str
    parent: str | None

    @property
    def short_name(self) -> str:
        """The name without the committee's title: 沙涂社区, 大岙二村."""
        return self.name.removesuffix("居委会").removesuffix("村委会")


def read_divisions() -> list[Division]:
    """All divisions of the demo, from the top down, by code within a level."""
    found = [Division(*row) for row in UPPER]
    found += [Division(row["code12"], row["name"], row["level"], row["parent"]) for row in _rows()]
    order = ("city", "county", "township", "community")
    return sorted(found, key=lambda d: (order.index(d.level), d.code))


def _rows() -> Iterator[dict[str, str]]:
    text = (files("app.demo") / "data" / "divisions.csv").read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())
