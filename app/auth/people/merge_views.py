"""Merging duplicates, for administrators: choose the one that stays, see what would happen, do it; or take it apart."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask_login import current_user

from app.auth.people import merge_operations
from app.auth.people.kinds import clients, users
from app.core.changes.history import UNDO_PERIOD
from app.core.errors import Conflict, DomainError
from app.core.kinds import Kind, listing_of
from app.core.lists import fetch, query_schema
from app.core.records import get_record
from app.extensions import db
from app.identity.models import Client, User
from app.web.guards import admin
from app.web.refusals import saying_no

FOUND = 10


@dataclass(frozen=True)
class _Merge:
    """The pages of one kind of account."""

    kind: Kind

    def form(self, ref: str) -> Any:
        """Step by step, by links alone: a search for the one that stays, then what the merge would do."""
        source = get_record(self.kind, ref)
        into = request.args.get("into", "")
        if not into:
            return self._page(source, found=self._found(source))
        target = get_record(self.kind, into)
        try:
            self._check(source, target)
        except Conflict as error:
            return self._page(source, target, problem=error.message, found=self._found(source), status=409)
        return self._page(source, target, preview=merge_operations.preview(source))

    def merge(self, ref: str) -> Any:
        source = get_record(self.kind, ref)
        target = get_record(self.kind, request.form.get("into", "-"))
        names = source.name, target.name
        target_id = target.id

        def again(no: DomainError) -> Any:
            fresh = get_record(self.kind, ref), get_record(self.kind, target_id)
            return self._page(*fresh, problem=no.message, status=no.status)

        with saying_no(tell=again):
            self._merge(source.id, target.id)
        flash(f"“{names[0]}” is part of “{names[1]}” now.", "success")
        return redirect(self.kind.url(target_id), 303)

    def take_apart(self, ref: str) -> Any:
        source = get_record(self.kind, ref, for_update=True)
        here = self.kind.url(source)
        with saying_no(at=here):
            merge_operations.take_apart(source, actor=current_user)
        flash(f"“{source.name}” is on its own again.", "success")
        return redirect(here, 303)

    def _check(self, source: Any, target: Any) -> None:
        if isinstance(source, User):
            merge_operations.check_users(source, target)
        else:
            merge_operations.check_companies(source, target)

    def _merge(self, source_id: UUID, target_id: UUID) -> None:
        merge = merge_operations.merge_users if self.kind.model is User else merge_operations.merge_companies
        merge(source_id, target_id, actor=current_user)

    def _found(self, source: User | Client) -> list[Any] | None:
        """Accounts that match what was typed and could be the same."""
        q = request.args.get("q", "").replace("\0", "").strip()[:200]
        if not q:
            return None
        query = query_schema(listing_of(self.kind).spec).model_validate({"q": q, "limit": FOUND + 1})
        rows = fetch(db.session, listing_of(self.kind).spec, query, staff=True).rows
        return [row for row in rows if row.id != source.id][:FOUND]

    def _page(self, source: Any, target: Any = None, *, status: int = 200, **more: Any) -> Any:
        page = render_template(
            "people/merge.html",
            kind=self.kind,
            record=source,
            target=target,
            q=request.args.get("q", ""),
            days=UNDO_PERIOD.days,
            **{"found": None, "preview": None, "problem": "", **more},
        )
        return page, status


def add_to(blueprint: Blueprint, key: str) -> None:
    """Give the blueprint of users or of companies its pages of merging."""
    pages = _Merge(users if key == "users" else clients)
    for path, name, view, method in (
        ("/<ref>/merge", "merge_form", pages.form, "GET"),
        ("/<ref>/merge", "merge", pages.merge, "POST"),
        ("/<ref>/take-apart", "take_apart", pages.take_apart, "POST"),
    ):
        blueprint.add_url_rule(path, name, admin(_own(view)), methods=[method])


def _own(view: Any) -> Any:
    """A view that can be marked with its audience, as a method can't."""

    def bound(ref: str) -> Any:
        return view(ref)

    return bound
