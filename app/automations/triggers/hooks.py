"""`POST /api/hooks/:token`: a delivery is read, checked and kept with its run, and answered before anything runs."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, request
from pydantic import BaseModel, Field

from app.api.bodies import UnsupportedMediaType, parse_json
from app.api.operation import Answer, Example, operation
from app.automations.errors import Loop
from app.automations.runs.inside import DEEPEST
from app.automations.triggers import deliveries
from app.automations.triggers.deliveries import Hook, NoSuchHook, WrongSignature
from app.core.chains import caller_in
from app.extensions import db
from app.web.guards import for_programs
from app.web.limits import count_request, counts_itself

bp = Blueprint("automation_hooks", __name__, url_prefix="/api/hooks")

JSON, FORM, PARTS = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
_RUN = "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e31"
_INVOICE = {"invoice": "R-1017", "amount": "99.90"}
_NOT_SHOWN = {"authorization", "proxy-authorization", "cookie", "x-signature-256", "forwarded", "x-real-ip", "host"}
"""Headers that a workflow doesn't see: what opens something, and what proxies tell of the way."""


class Accepted(BaseModel):
    """The run that this delivery started. A repeated delivery gets the run of the first one."""

    run_id: str = Field(examples=[_RUN])


class UnreadableBody(UnsupportedMediaType):
    says = "Send JSON, a form without files, or UTF-8 text."


@bp.post("/<token>")
@for_programs
@counts_itself
@operation(
    allow="entrance",
    path={"token": "The last part of `webhook_url`."},
    takes={JSON: _INVOICE, FORM: _INVOICE, PARTS: _INVOICE},
    answers={202: Accepted},
    tags=("Runs",),
    problems=(401, 404, 409),
    idempotent=False,
    example=Example(path={"token": "Zk3…"}, answer={"run_id": _RUN}),
)
def deliver(token: str) -> Answer:
    """Send a delivery to a webhook.

    Starts a run, which reads the delivery as `trigger.body`, `trigger.headers` (names in lower case) and
    `trigger.query`. Bodies of other types are read as text. The answer is sent before the run starts.
    Deliveries with the same `Idempotency-Key` or `X-Delivery-ID` start only one run: a repeated delivery is answered
    with the run of the first one, even if its body differs. If the automation requires signatures, `X-Signature-256`
    must be `sha256=` followed by the hexadecimal HMAC-SHA256 of the body with the webhook’s secret. With `X-Timestamp`
    (Unix time in seconds, at most 5 minutes off), sign the timestamp, a full stop and the body instead. To stop loops,
    a call from a workflow at the end of a chain of six runs is refused (409). `http` steps identify themselves with the
    header `Automation-Run`; only a value that they created counts.
    """
    raw = request.get_data()
    hook = _admitted(token, raw)
    count_request("deliveries", str(hook.automation_id))
    hook.require_active()
    given = {"body": _body(raw), "headers": _headers(), "query": _values(request.args.lists())}
    depth = chain_depth()
    if depth > DEEPEST:
        deliveries.refuse_loop(hook, given, _key())
        db.session.commit()
        raise Loop
    run_id, is_new = deliveries.accept(hook, given, _key(), depth=depth)
    return Answer({"run_id": str(run_id)}, headers={} if is_new else {"Idempotency-Replayed": "true"})


def chain_depth() -> int:
    """How many runs stand above one that this request begins."""
    caller = caller_in(request.environ)
    return 0 if caller is None else caller.depth + 1


def _admitted(token: str, raw: bytes) -> Hook:
    """The webhook, if the delivery may come in. What is refused counts against the address that it comes from."""
    headers = request.headers
    try:
        hook = deliveries.hook_of(token)
        deliveries.require_signature(
            hook, raw, signature=headers.get(deliveries.SIGNATURE), timestamp=headers.get(deliveries.TIMESTAMP)
        )
    except (NoSuchHook, WrongSignature):
        count_request("refused-deliveries", request.remote_addr or "")
        raise
    return hook


def _key() -> str | None:
    """What makes the delivery count once; a header without anything in it is none."""
    for name in ("Idempotency-Key", "X-Delivery-ID"):
        if key := request.headers.get(name, "").strip():
            return key
    return None


def _body(raw: bytes) -> Any:
    """The body by its type; text where it says none and is no JSON."""
    kind = request.mimetype
    if not raw:
        return None
    if kind == JSON or kind.endswith("+json"):
        return parse_json(raw)
    if kind in (FORM, PARTS):
        if request.files:
            raise UnreadableBody
        return _values(request.form.lists())
    text = _text(raw)
    if kind or not text.lstrip().startswith(("{", "[")):
        return text
    return parse_json(raw)


def _text(raw: bytes) -> str:
    try:
        return raw.decode(request.mimetype_params.get("charset", "utf-8"))
    except (UnicodeDecodeError, LookupError):
        raise UnreadableBody from None


def _headers() -> Mapping[str, str]:
    named = ((name.lower(), value) for name, value in request.headers)
    return {name: value for name, value in named if name not in _NOT_SHOWN and not name.startswith("x-forwarded-")}


def _values(lists: Iterable[tuple[str, list[str]]]) -> dict[str, Any]:
    """Names with their values: a text, or a list of texts where a name comes several times."""
    return {name: values[0] if len(values) == 1 else values for name, values in lists}
