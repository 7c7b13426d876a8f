"""Values without expressions that can't work whatever a run brings: told before the run has to fail of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.automations.definitions.types import ChatWith, EmailWith, HttpWith, LanguageModelWith, SmsWith
from app.core.errors import FieldError
from app.integrations.chat.webhooks import message_for
from app.integrations.email.message import address_of
from app.integrations.language_model.json_answers import BadSchema, Form
from app.integrations.outgoing.addresses import Forbidden, Networks, address_in, require_allowed
from app.integrations.outgoing.client import NO_URL, Refused, is_port_for_http, require_header, require_url
from app.integrations.sms.twilio import SmsRefused, number_of

OPEN = "{{"
_SCHEMES = ("http://", "https://")


def problems_of_constants(form: Any) -> Iterator[FieldError]:
    """What is wrong with the `with` of a step, with pointers into it."""
    check = _CHECKS.get(type(form))
    if check is not None:
        yield from check(form)


def warnings_of_constants(given: Mapping[str, Any], private: Networks) -> Iterator[FieldError]:
    """Why the `url` in a `with` can't be reached from here, as far as it is known without a look-up."""
    before, is_open, _ = str(given.get("url", "")).partition(OPEN)
    scheme, _, rest = before.partition("//")
    if is_open and not any(end in rest for end in "/?#"):
        return  # Where the host ends, only the run knows.
    try:
        parts = urlsplit(before)
        address, port = address_in(parts.hostname or ""), parts.port
    except ValueError:
        return
    if not scheme or not parts.hostname:
        return
    if not is_port_for_http(port):
        yield FieldError("", f"Requests to port {port} are refused: it isn’t used for HTTP.", "bad-port")
    try:
        if address is not None:
            require_allowed(address, private)
    except Forbidden:
        yield FieldError("", "This is a private address. Requests to it are refused.", "private-address")


def _of_url(url: str, at: str = "/url") -> Iterator[FieldError]:
    before, is_open, _ = url.partition(OPEN)
    if is_open:
        begun = before.lower()
        if not any(begun.startswith(one) or one.startswith(begun) for one in _SCHEMES):
            yield FieldError(at, NO_URL, "bad-url")
        return
    try:
        require_url(url)
    except Refused as error:
        yield FieldError(at, str(error), "bad-url")


def _of_http(form: HttpWith) -> Iterator[FieldError]:
    yield from _of_url(form.url)
    for name, value in form.headers.items():
        try:
            require_header(name, "" if OPEN in value else value)
        except Refused as error:
            yield FieldError(f"/headers/{name}", str(error), "bad-header")


def _of_chat(form: ChatWith) -> Iterator[FieldError]:
    if form.url:
        yield from _of_url(form.url)
    if OPEN not in form.text:
        try:
            message_for("" if OPEN in form.url else form.url, form.text)
        except ValueError as error:
            yield FieldError("/text", str(error), "bad-text")


def _of_email(form: EmailWith) -> Iterator[FieldError]:
    if form.to == []:
        yield FieldError("/to", "Enter at least one email address.", "missing")
    places = enumerate(form.to) if isinstance(form.to, list) else [(None, form.to)]
    for index, one in places:
        try:
            if OPEN not in one:
                address_of(one)
        except ValueError:
            message = "This isn’t a valid email address."
            yield FieldError("/to" if index is None else f"/to/{index}", message, "bad-address")


def _of_sms(form: SmsWith) -> Iterator[FieldError]:
    try:
        if OPEN not in form.to:
            number_of(form.to)
    except SmsRefused as error:
        yield FieldError("/to", str(error), "bad-number")


def _of_model(form: LanguageModelWith) -> Iterator[FieldError]:
    try:
        if form.json_schema is not None and OPEN not in str(form.json_schema):
            Form(form.json_schema)
    except BadSchema as error:
        yield FieldError("/json_schema", f"This isn’t a valid JSON Schema: {error}.", "bad-schema")


_CHECKS: dict[type, Callable[[Any], Iterator[FieldError]]] = {
    HttpWith: _of_http, ChatWith: _of_chat, EmailWith: _of_email, SmsWith: _of_sms, LanguageModelWith: _of_model,
}  # fmt: skip
