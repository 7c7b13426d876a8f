"""The applications of third parties, for their companies' owners and for administrators."""

from typing import Any

from flask import Blueprint

from app.api.access import actor
from app.api.operation import Answer, Example, operation_with
from app.api.paging import list_answer
from app.auth.oauth import operations, queries
from app.auth.oauth.operations import NewApplication
from app.auth.oauth.schemas import ApplicationInput, ApplicationOut, NewApplicationOut
from app.core.addresses import api_prefix
from app.core.lists import query_schema
from app.extensions import db

bp = Blueprint("oauth_api", __name__, url_prefix="/api/oauth")

operation = operation_with(allow="owner", tags=("Applications",))
_PATH = {"reference": "The id of the application (`id`, not `client_id`)."}
_ID = "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10"
_BODY = {
    "name": "Shop reports",
    "redirect_uris": ["https://shop.example/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["products:read"],
    "public": False,
}
_ANSWER = {
    "id": _ID,
    "client_id": "3f0a9c5d7e1b4a2f8c6d0e9b7a5c3d1f",
    **_BODY,
    "company_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01",
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}
_WITH_SECRET = {**_ANSWER, "client_secret": "dls_k3Jw9cQmTt0a…"}


@bp.get("/clients")
@operation(
    query=query_schema(queries.LISTING),
    answers={200: list[ApplicationOut]},
    problems=(404,),
    paged=True,
    example=Example(query="limit=2", answer=[_ANSWER]),
)
def list_applications(query: Any) -> Answer:
    """List applications.

    Those of your company; an administrator sees all, and may ask for one company's with `company_id`.
    """
    return list_answer(queries.LISTING, queries.narrowed(query, person=actor()), staff=False)


@bp.post("/clients")
@operation(
    body=ApplicationInput,
    server_sets=NewApplicationOut,
    answers={201: NewApplicationOut},
    problems=(404,),
    conditional=True,
    example=Example(body=_BODY, answer=_WITH_SECRET),
)
def create_application(body: ApplicationInput) -> Answer:
    """Register an application of a third party.

    `client_id` and `client_secret` are what it proves itself with; the secret is told this once. A public application
    (in a browser, on a phone) has none, and must use PKCE. An owner's belongs to their company. An administrator may
    name one with `company_id`; without one, the application acts for people only.
    """
    made = operations.register_application(body, person=actor(), actor=actor())
    return Answer(_told(made), headers={"Location": f"{api_prefix()}/oauth/clients/{made.application.id}"})


@bp.get("/clients/<reference>")
@operation(
    answers={200: ApplicationOut},
    path=_PATH,
    example=Example(path={"reference": _ID}, answer=_ANSWER),
)
def get_application(reference: str) -> Any:
    """Read one application."""
    return queries.get_application(reference, person=actor())


@bp.delete("/clients/<reference>")
@operation(
    answers={204: None},
    path=_PATH,
    example=Example(path={"reference": _ID}),
)
def delete_application(reference: str) -> None:
    """Delete an application.

    Whatever people let it do is taken back, and its tokens stop at once.
    """
    application = queries.get_application(reference, person=actor(), for_update=True)
    operations.delete_application(application, actor=actor())


@bp.post("/clients/<reference>/secret")
@operation(
    answers={200: NewApplicationOut},
    path=_PATH,
    example=Example(path={"reference": _ID}, answer=_WITH_SECRET),
)
def rotate_application_secret(reference: str) -> Any:
    """Give an application a new secret.

    It is told this once, and the old one opens nothing from now on. Tokens that were issued before go on.
    """
    application = queries.get_application(reference, person=actor(), for_update=True)
    return _told(operations.rotate_secret(application, actor=actor()))


def _told(made: NewApplication) -> NewApplicationOut:
    db.session.flush()
    told = NewApplicationOut.model_validate(made.application)
    return told.model_copy(update={"client_secret": made.secret})
