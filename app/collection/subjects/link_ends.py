"""Which kinds of subjects a link of each kind can join. Pure.

A dwelling is lived in, a person is not; forms whose fields are links keep to it, too.
"""

from collections.abc import Mapping

ANY = frozenset(
    {"person", "household", "dwelling", "building", "organization", "component", "article", "place"}
)
HOMES = frozenset({"dwelling", "building"})
HOLDERS = frozenset({"person", "household", "organization"})
PROPERTY = frozenset({"dwelling", "building", "component", "article", "place"})
ENDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "lives_in": (frozenset({"person", "household"}), HOMES),
    "owns": (HOLDERS, PROPERTY | {"organization"}),
    "rents": (HOLDERS, PROPERTY),
    "works_at": (frozenset({"person"}), frozenset({"organization", "place"})),
    "family_of": (frozenset({"person", "household"}), frozenset({"person", "household"})),
    "part_of": (ANY - {"person"}, ANY - {"person"}),
    "belongs_to": (ANY, ANY),
    "involved_in": (ANY, ANY),
}
"""Link kind → kinds at its beginning, kinds at its end."""


def fits(link_kind: str, from_kind: str, to_kind: str) -> bool:
    """Whether a link of that kind can lead from a subject of one kind to one of another."""
    beginnings, ends = ENDS[link_kind]
    return from_kind in beginnings and to_kind in ends
