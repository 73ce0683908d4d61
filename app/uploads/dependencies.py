"""What the routers of uploads ask for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request

from app.identity import queries as identity
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import CurrentClaims, DatabaseDep, require
from app.identity.problems import EnrolmentRequired
from app.kit.ids import DEMO_UPLOAD
from app.kit.problems import Forbidden
from app.uploads import protocol
from app.uploads.files import Files
from app.uploads.problems import TusVersionNotSupported

USERS = (Role.INSPECTOR, *SUPERVISORS, Role.DISPATCHER, Role.DEPARTMENT)
UploadId = Annotated[
    UUID,
    Path(
        description="Id of an upload · 上传编号",
        openapi_examples={"demo": {"summary": "Demo upload · 演示上传", "value": str(DEMO_UPLOAD)}},
    ),
]
Reader = Annotated[Actor, Depends(require(*USERS))]


async def sender_of(request: Request, claims: CurrentClaims, database: DatabaseDep) -> Actor:
    """Who sends, in a transaction that is over before the first byte: bodies come slowly.

    Raises as `current_actor` does, Forbidden, and then TusVersionNotSupported.
    """
    async with database.transaction() as session:
        actor = await identity.get_actor(session, claims)
    if actor.limited_to is not None:
        raise EnrolmentRequired
    if actor.role not in USERS:
        raise Forbidden
    if request.headers.get("tus-resumable") != protocol.VERSION:
        raise TusVersionNotSupported
    return actor


Sender = Annotated[Actor, Depends(sender_of)]


async def files_of_app(request: Request) -> Files:
    """Staging and store of this process."""
    files: Files = request.app.state.files
    return files


FilesDep = Annotated[Files, Depends(files_of_app)]
