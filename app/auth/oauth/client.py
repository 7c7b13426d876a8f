"""An application and its request, as Authlib asks about them."""

import hmac
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Payload
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from app.auth.oauth import redirects
from app.identity.models import Application
from app.identity.scopes import in_order
from app.identity.sessions import hash_of

NEVER_TWICE = frozenset(
    {"client_id", "client_secret", "code", "code_challenge", "code_challenge_method", "code_verifier", "grant_type",
     "prompt", "redirect_uri", "refresh_token", "response_type", "scope", "state", "token", "token_type_hint"}
)  # fmt: skip


class Party(ClientMixin):  # type: ignore[misc]
    """The application that asks."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def get_client_id(self) -> str:
        return self.application.identifier

    def get_default_redirect_uri(self) -> str | None:
        """The one that it has; which of several is meant, the request must say."""
        uris = self.application.redirect_uris
        return uris[0] if len(uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What is asked, in order; all that it may ask for where it says nothing; None for more than that."""
        asked = self.application.scopes if scope is None else scope.split(" ")
        asked = [name for name in asked if name]
        return " ".join(in_order(asked)) if set(asked) <= set(self.application.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return any(redirects.matches(registered, redirect_uri) for registered in self.application.redirect_uris)

    def check_client_secret(self, client_secret: str) -> bool:
        known = self.application.secret_hash
        return known is not None and hmac.compare_digest(known, hash_of(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") == self.application.public

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.application.grant_types


class Parameters(OAuth2Payload):  # type: ignore[misc]
    """The parameters of one request, an empty one being as good as none (RFC 6749 section 3.1)."""

    def __init__(self, given: MultiDict[str, str]) -> None:
        self._given = given

    @cached_property
    def data(self) -> Mapping[str, str]:
        return {name: value for name, value in self._given.items() if value}

    @cached_property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: list(values) for name, values in self._given.lists()})

    @property
    def response_type(self) -> str | None:
        return _printed(self.data.get("response_type"))

    @property
    def grant_type(self) -> str | None:
        return _printed(self.data.get("grant_type"))

    def problem(self) -> str | None:
        """What is wrong with the parameters before any is looked at, in the characters that an error may have."""
        twice = sorted(name for name, values in self._given.lists() if name in NEVER_TWICE and len(values) > 1)
        if twice:
            return f"The parameter {twice[0]} came more than once."
        if any("\0" in value for _, value in self._given.items(multi=True)):
            return "A parameter holds a NUL character."
        return None


class PartyRequest(FlaskOAuth2Request):  # type: ignore[misc]
    """A request to one of the OAuth endpoints. Parameters count where the endpoint takes them from, and nowhere else:
    the query of /oauth/authorize, the body of the others."""

    def __init__(self, request: Request, *, in_query: bool) -> None:
        # Whether a person's browser reached us by TLS is for whoever stands in front to see to: behind a proxy, every
        # request seems to come without. So the library isn't told of the scheme.
        super().__init__(_Secure(request))
        self.uri = request.url
        self.payload = Parameters(request.args if in_query else request.form)

    @property
    def form(self) -> Mapping[str, str]:
        return self.payload.data

    args = form


class _Secure:
    """A request whose address begins with https."""

    def __init__(self, request: Any) -> None:
        self.method, self.headers = request.method, request.headers
        self.url = f"https://{request.host}{request.path}"


def _printed(value: str | None) -> str | None:
    """The value as an error may repeat it: RFC 6749 allows no quotes, backslashes or letters beyond ASCII there."""
    if value is None:
        return None
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in value[:60])
