"""Swagger UI and ReDoc from our own process: an intranet has no outside address to fetch them from."""

from functools import cache
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse, Response

ASSETS = Path(fastapi_offline.__file__).parent / "static"
ASSETS_PATH = "/static/docs"
OAUTH_REDIRECT_PATH = "/docs/oauth2-redirect"
REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
SWAGGER_PARAMETERS: dict[str, Any] = {
    "deepLinking": True,
    "defaultModelsExpandDepth": 0,
    "displayRequestDuration": True,
    "docExpansion": "none",
    "filter": True,
    "persistAuthorization": True,
    "tryItOutEnabled": True,
    "validatorUrl": None,  # else its badge asks an outside server
}
# The browser refuses whatever an asset might still want from elsewhere.
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"
HEADERS = {"Content-Security-Policy": POLICY}


def mount_docs(app: FastAPI) -> None:
    """Adds /docs, /redoc and their files. Operations keep the document's order, which tells the story."""

    @app.get("/docs", include_in_schema=False)
    async def swagger(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=app.title,
            oauth2_redirect_url=f"{root}{OAUTH_REDIRECT_PATH}",
            swagger_js_url=f"{root}{ASSETS_PATH}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{ASSETS_PATH}/swagger-ui.css",
            swagger_favicon_url=f"{root}{ASSETS_PATH}/favicon.png",
            swagger_ui_parameters=SWAGGER_PARAMETERS,
        )
        page.headers.update(HEADERS)
        return page

    @app.get(OAUTH_REDIRECT_PATH, include_in_schema=False)
    async def oauth_redirect() -> HTMLResponse:
        return get_swagger_ui_oauth2_redirect_html()

    @app.get("/redoc", include_in_schema=False)
    async def redoc(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_redoc_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=app.title,
            redoc_js_url=f"{root}{ASSETS_PATH}/redoc.js",
            redoc_favicon_url=f"{root}{ASSETS_PATH}/favicon.png",
            with_google_fonts=False,
        )
        page.headers.update(HEADERS)
        return page

    @app.get(f"{ASSETS_PATH}/redoc.js", include_in_schema=False)
    async def redoc_script() -> Response:
        return Response(
            redoc_without_logo(), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"}
        )

    app.mount(ASSETS_PATH, StaticFiles(directory=ASSETS), name="docs-assets")


@cache
def redoc_without_logo() -> bytes:
    """ReDoc's script with the logo of its footer taken from here instead of the maker's server."""
    script = (ASSETS / "redoc.standalone.js").read_bytes()
    return script.replace(REDOC_LOGO.encode(), f"{ASSETS_PATH}/favicon.png".encode())
