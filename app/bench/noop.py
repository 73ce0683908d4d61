"""The same server answering the same bodies without work: the limit that HTTP in this process sets.

It is the application itself, routes and middleware included; only what an upload costs is taken out: the
token is not looked at, and the ingestor answers at once.
"""

import socket
import sys
from datetime import UTC, datetime
from uuid import UUID

import uvicorn
from fastapi import FastAPI

from app.identity.actor import Role
from app.identity.dependencies import current_claims
from app.identity.verified import Claims
from app.kit import logs
from app.kit.db import Database
from app.kit.serving import serve, uvicorn_settings
from app.main import create_app
from app.settings import Settings

ANSWER = b'{"results":[],"padding":"' + b"." * 420 + b'"}'
NOBODY = UUID(int=1)
CLAIMS = Claims(
    account_id=NOBODY,
    role=Role.INSPECTOR,
    county_code="330921",
    area_id=NOBODY,
    device_id=NOBODY,
    login_id=NOBODY,
    token_id="",
    kid="",
    expires_at=datetime.max.replace(tzinfo=UTC),
)


class NoopIngestor:
    """Takes every upload and stores none; answers as many bytes as an upload's answer has."""

    async def take(self, county_code: str, device_id: UUID, login_id: UUID, body: bytes) -> bytes:
        """The same answer, whatever comes."""
        return ANSWER


class NoopSynchronizer:
    """Likewise for pushes and pulls."""

    async def push(
        self, claims: Claims, body: bytes, content_type: str, *, language: str, seq: int | None
    ) -> bytes:
        """The same answer, whatever comes."""
        return ANSWER

    async def pull(self, claims: Claims, text: str | None, limit: int) -> bytes:
        """Likewise."""
        return ANSWER


async def claims() -> Claims:
    """The same handheld, whoever asks."""
    return CLAIMS


def noop_app() -> FastAPI:
    """The application with the work taken out; its database is never opened."""
    app = create_app(Settings(database_url=None), Database.connect("postgresql://nowhere"))
    app.state.ingestor = NoopIngestor()
    app.state.synchronizer = NoopSynchronizer()
    app.dependency_overrides[current_claims] = claims
    return app


if __name__ == "__main__":
    logs.configure("WARNING")
    serve(
        uvicorn.Config(noop_app(), **uvicorn_settings() | {"lifespan": "off"}),
        socket.socket(fileno=int(sys.argv[1])),
    )
