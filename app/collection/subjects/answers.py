"""Rows of subjects as they are answered."""

from typing import Any, cast

from sqlalchemy import Row

from app.collection.catalogue.form_fields import Link
from app.collection.subjects.merge_schemas import ProposalEnd, ProposalRead
from app.collection.subjects.models import SubjectLink
from app.collection.subjects.network import Network
from app.collection.subjects.schemas import (
    EdgeRead,
    LinkRead,
    NetworkRead,
    NodeRead,
    SubjectBrief,
    VersionRead,
)


def brief_read(row: Row[Any]) -> SubjectBrief:
    """A subject in a list."""
    shown = row._mapping
    return SubjectBrief.model_validate(
        {
            **shown,
            "name": row.shown_name,
            "address": row.shown_address,
            "position": None if row.geom is None else [row.geom.x, row.geom.y],
        }
    )


def version_read(row: Row[Any]) -> VersionRead:
    """A version, masked."""
    return VersionRead.model_validate({**row._mapping, "fields": row.attributes | row.masked})


def link_read(row: Row[Any], other: Row[Any]) -> LinkRead:
    """A link with its other end."""
    return LinkRead.model_validate({**row._mapping, "subject": brief_read(other)})


def entered_link_read(link: SubjectLink, other: Row[Any]) -> LinkRead:
    """A link that was just entered or ended."""
    is_out = link.to_id == other.id
    return LinkRead(
        id=link.id,
        kind=cast("Link", link.kind),  # the column's check holds it to these
        direction="out" if is_out else "in",
        own_id=link.from_id if is_out else link.to_id,
        subject=brief_read(other),
        field=link.field,
        valid_from=link.valid_from,
        valid_to=link.valid_to,
    )


def network_read(network: Network) -> NetworkRead:
    """What was walked."""
    return NetworkRead(
        nodes=[NodeRead(steps=node.steps, subject=brief_read(node.subject)) for node in network.nodes],
        links=[EdgeRead.model_validate(edge) for edge in network.links],
        is_truncated=network.is_truncated,
    )


def proposal_read(row: Row[Any]) -> ProposalRead:
    """A proposal with both its ends."""

    def end(name: str) -> ProposalEnd:
        found = row._mapping
        return ProposalEnd(
            id=found[f"{name}_id"],
            kind=found[f"{name}_kind"],
            name=found[f"{name}_shown_name"],
            address=found[f"{name}_shown_address"],
        )

    return ProposalRead.model_validate({**row._mapping, "one": end("one"), "other": end("other")})
