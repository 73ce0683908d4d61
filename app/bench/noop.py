"""The same server answering the same bodies without work: the limit that HTTP in this process sets."""

import sys

import uvicorn
from starlette.types import Receive, Scope, Send

from app.kit.serving import uvicorn_settings

ANSWER = b'{"results":[],"padding":"' + b"." * 420 + b'"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the whole body and answers as many bytes as an upload's answer has."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    uvicorn.Server(
        uvicorn.Config(answer, port=int(sys.argv[1]), **uvicorn_settings() | {"lifespan": "off"})
    ).run()
