"""The page of all changes, for staff: who did what to which record, when, and each field before and after."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from flask import request
from pydantic import ValidationError

from app.core.validation import field_errors
from app.extensions import db
from app.portal import audit_log
from app.portal.audit_log import AuditQuery
from app.portal.blueprint import bp
from app.web import htmx
from app.web.filters import readers_zone
from app.web.guards import allow


@bp.get("/admin/audit")
@allow("audit:read")
def audit() -> Any:
    query, wrong = _read(request.args.to_dict())
    kept = query.model_dump(mode="json", exclude_none=True, exclude={"before", "after"})

    def address(**place: int) -> str:
        params = kept | place
        return f"/admin/audit?{urlencode(params)}" if params else "/admin/audit"

    return htmx.page_or_fragment(
        "portal/audit.html",
        "portal/_audit_log.html",
        422 if wrong else 200,
        asked=request.args,
        wrong=wrong,
        narrowed=bool(kept),
        address=address,
        log=audit_log.read_log(db.session, query, zone=readers_zone()[0] or UTC),
        actions=audit_log.list_actions(db.session),
    )


def _read(given: Mapping[str, str]) -> tuple[AuditQuery, dict[str, str]]:
    """The query, and what is wrong with what was typed, by field; that part is left out."""
    try:
        return AuditQuery.model_validate(given), {}
    except ValidationError as error:
        wrong = {found.pointer.split("/")[1]: found.message for found in field_errors(error)}
        return AuditQuery.model_validate({name: value for name, value in given.items() if name not in wrong}), wrong
