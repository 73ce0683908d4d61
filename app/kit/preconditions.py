"""ETag and If-Match: nobody overwrites what he has not read."""

import re
from typing import Annotated

from fastapi import Depends, Header

from app.kit.problems import PreconditionFailed, PreconditionRequired

_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def etag(version: int) -> str:
    """The ETag of version `version` of a resource."""
    return f'"{version}"'


async def read_version(
    if_match: Annotated[
        str | None, Header(description='ETag of the version that was read, `"1"` · 读取时的版本')
    ] = None,
) -> int:
    """The version in If-Match. Raises PreconditionRequired, or PreconditionFailed when it is no version."""
    if if_match is None:
        raise PreconditionRequired
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise PreconditionFailed
    return int(found[1])


ReadVersion = Annotated[int, Depends(read_version)]
"""A router's `read_version` argument; compare it with the stored version under the row's lock."""
