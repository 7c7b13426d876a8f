"""The staff's pages of companies: the list and the forms are those of any record, the company's page is its own."""

from typing import Any

from flask import Flask, flash, redirect
from flask_login import current_user

from app.auth.people import merge_views, operations, queries
from app.auth.people.merge_operations import find_merge
from app.auth.people.resources import clients
from app.core.records import get_record
from app.crud import pages
from app.crud.record import render_record
from app.identity.models import Client
from app.web.guards import allow, staff
from app.web.refusals import saying_no

bp = pages(clients, without=("show",))
merge_views.add_to(bp, "clients")


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/<ref>")
@staff
def show(ref: str) -> str:
    client: Client = get_record(clients, ref)
    return render_record(
        "people/company.html",
        clients,
        client,
        people=queries.people_of(client.id),
        number=queries.count_people(client.id),
        keys=queries.keys_of(client_id=client.id),
        merged_into=queries.get_company(client.merged_into_id) if client.merged_into_id else None,
        can_be_taken_apart=find_merge(client) is not None,
    )


@bp.post("/<ref>/suspend")
@allow("clients:write")
def suspend(ref: str) -> Any:
    return _set_status(ref, "suspended", "Reactivate", "reactivate")


@bp.post("/<ref>/reactivate")
@allow("clients:write")
def reactivate(ref: str) -> Any:
    return _set_status(ref, "active", "Suspend", "suspend")


def _set_status(ref: str, status: str, label: str, back: str) -> Any:
    client: Client = get_record(clients, ref, for_update=True)
    here = f"/admin/clients/{client.id}"
    with saying_no(at=here):
        operations.update_client(client, {"status": status}, actor=current_user)
    flash({"text": f"“{client.name}” is {status}.", "url": f"{here}/{back}", "label": label}, "success")  # type: ignore[arg-type]
    return redirect(here, 303)
