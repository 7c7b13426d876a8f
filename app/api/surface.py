"""The API put together: what it says of itself, and the paths of every domain."""

from typing import Any

from flask import Blueprint, Flask, Response, render_template
from pydantic import BaseModel, Field

from app.api import cors, methods, prefixes, problems
from app.api.docs import DocsPage
from app.api.openapi import document
from app.api.operation import Example, operation
from app.assistants.engagements import api as matches
from app.assistants.profiles import api as assistants
from app.assistants.requests import api as match_requests
from app.assistants.skills import api as skills
from app.auth.api_keys import api as keys
from app.auth.mfa import api as factors
from app.auth.oauth import api as oauth
from app.auth.people import api as people
from app.auth.registration import api as registration
from app.auth.sessions import api as signins
from app.auth.sign_in import api as auth
from app.auth.signing_keys import api as signing
from app.catalog import api as catalog
from app.core.addresses import API_VERSION, PINNED_API, api_prefix
from app.projects import api as projects
from app.projects.money import api as project_money
from app.projects.teams import api as teams
from app.projects.timesheets import api as project_time
from app.web.guards import public

bp = Blueprint("api", __name__, url_prefix="/api")
BLUEPRINTS = (
    bp,
    auth.bp,
    signins.bp,
    signing.bp,
    keys.bp,
    factors.bp,
    registration.bp,
    oauth.bp,
    people.bp,
    catalog.bp,
    assistants.bp,
    skills.bp,
    projects.bp,
    teams.bp,
    project_time.bp,
    project_money.bp,
    matches.bp,
    match_requests.bp,
)


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
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    prefixes.init_app(app)
    methods.init_app(app)
    problems.init_app(app)
    cors.init_app(app)
