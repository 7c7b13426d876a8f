"""The API put together: what it says of itself, and the paths that the domains announce."""

from typing import Any

from flask import Blueprint, Flask, Response, render_template
from pydantic import BaseModel, Field

from app.api import cors, methods, prefixes, problems
from app.api.docs import DocsPage
from app.api.openapi import document
from app.api.operation import Example, operation
from app.core.addresses import API_VERSION, PINNED_API, api_prefix
from app.core.domain import each
from app.web.guards import public

bp = Blueprint("api", __name__, url_prefix="/api")


class Index(BaseModel):
    """Where things are."""

    version: str = Field(examples=[API_VERSION])
    openapi: str = Field(description="The OpenAPI document.")
    docs: str = Field(description="The same for people.")
    realtime_url: str | None = Field(description="The WebSocket for live news; null where there is none.")


@bp.get("")
@operation(
    allow="public",
    answers={200: Index},
    tags=("About",),
    example=Example(
        answer={"version": API_VERSION, "openapi": "/api/openapi.json", "docs": "/api/docs", "realtime_url": None}
    ),
)
def about() -> dict[str, Any]:
    """Say what is here.

    The version of the API, and the addresses of its documentation.
    """
    base = api_prefix()
    return {"version": API_VERSION, "openapi": f"{base}/openapi.json", "docs": f"{base}/docs", "realtime_url": None}


@bp.get("/openapi.json")
@operation(allow="public", answers={200: dict[str, Any]}, tags=("About",), example=Example(answer={"openapi": "3.1.0"}))
def openapi() -> dict[str, Any]:
    """Read the OpenAPI document.

    Made from the schemas that validate what you send and write what you get.
    """
    return document()


@bp.get("/docs")
@public
def docs() -> Response:
    page = Response(render_template("api/docs.html", page=DocsPage.of_this_application(), pinned=PINNED_API))
    page.headers["Cache-Control"] = "private, no-cache"
    return page


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    for domain, module in each(lambda domain: domain.api):
        app.register_blueprint(domain.module(module).bp)
    prefixes.init_app(app)
    methods.init_app(app)
    problems.init_app(app)
    cors.init_app(app)
