"""The page of all changes, for staff: who did what to which record, when, and each field before and after."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user
from pydantic import ValidationError

from app.core.audit import record_event
from app.core.chain.checkpoints import last_checkpoint
from app.core.changes.wording import choice_in_words
from app.core.validation import field_errors
from app.extensions import db
from app.identity import queries as users
from app.portal import audit_log
from app.portal.audit_export import FORMS, export_entries
from app.portal.audit_query import VIAS, AuditQuery
from app.portal.blueprint import bp
from app.web import htmx
from app.web.filters import readers_zone
from app.web.guards import allow


@bp.get("/admin/audit")
@allow("audit:read")
def audit() -> Any:
    query, wrong = _read(request.args.to_dict())
    kept = _kept(query)
    return htmx.page_or_fragment(
        "portal/audit.html",
        "portal/_audit_log.html",
        422 if wrong else 200,
        asked=request.args,
        wrong=wrong,
        narrowed=bool(kept),
        address=lambda **place: _address(url_for(".audit"), kept | place),
        files=[(form, _address(url_for(".export_audit", form=form), kept)) for form in FORMS],
        log=audit_log.read_log(db.session, query, zone=_zone()),
        actions=[(action, choice_in_words(action)) for action in audit_log.list_actions(db.session)],
        vias=VIAS,
        checkpoint=last_checkpoint(db.session),
    )


@bp.get("/admin/audit/export.<form>")
@allow("audit:read")
def export_audit(form: str) -> Any:
    """Exactly the entries that the page finds. That they were taken is itself an entry, after them."""
    if form not in FORMS:
        abort(404)
    query, wrong = _read(request.args.to_dict())
    if wrong:
        flash("This search can't be used as it stands, so nothing was exported. Each field says why.", "warning")
        return redirect(f"{url_for('.audit')}?{request.query_string.decode()}", 303)
    answer = export_entries(query, form, zone=_zone())
    try:
        taker = users.get_user(current_user.id)
        details = {"format": form, **_kept(query)}
        record_event(db.session, actor=current_user, action="export", about=taker, details=details)
        db.session.commit()
    except BaseException:
        answer.close()
        raise
    return answer


def _address(path: str, params: Mapping[str, Any]) -> str:
    return f"{path}?{urlencode(params)}" if params else path


def _kept(query: AuditQuery) -> dict[str, Any]:
    """What is asked, without the place in the pages."""
    return query.model_dump(mode="json", exclude_none=True, exclude={"before", "after"})


def _zone() -> tzinfo:
    return readers_zone()[0] or UTC


def _read(given: Mapping[str, str]) -> tuple[AuditQuery, dict[str, str]]:
    """The query, and what is wrong with what was typed, by field; that part is left out."""
    try:
        return AuditQuery.model_validate(given), {}
    except ValidationError as error:
        wrong = {found.pointer.split("/")[1]: found.message for found in field_errors(error)}
        return AuditQuery.model_validate({name: value for name, value in given.items() if name not in wrong}), wrong
