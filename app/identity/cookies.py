"""The cookies that open something. In production their names bind them to HTTPS, and to this host and no sub-path of it
where they aren't for one path alone (RFC 6265bis, section 4.1.3)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast

from flask import current_app, request
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

from config import Settings


@dataclass(frozen=True)
class Cookie:
    """One of them, called `diglit_` and its name. Lax is for those that a link from another site has to bring along."""

    name: str
    lasts: timedelta
    for_one_path: bool = False
    same_site: Literal["Lax", "Strict"] = "Lax"

    @property
    def full_name(self) -> str:
        prefix = "__Secure-" if self.for_one_path else "__Host-"
        return f"{prefix if _is_production() else ''}diglit_{self.name}"

    def sent(self) -> str:
        """What the browser brought along; empty where there is none."""
        return request.cookies.get(self.full_name, "")

    def header(self, value: str, *, path: str = "/") -> str:
        """The `Set-Cookie` that has the browser keep the value, or forget the cookie where it is empty."""
        return dump_cookie(
            self.full_name,
            value,
            max_age=self.lasts if value else 0,
            path=path,
            secure=_is_production(),
            httponly=True,
            samesite=self.same_site,
        )

    def keep(self, answer: Response, value: str, *, path: str = "/") -> None:
        answer.headers.add("Set-Cookie", self.header(value, path=path))

    def drop(self, answer: Response, *, path: str = "/") -> None:
        """Let the browser forget it, if it has it."""
        if self.full_name in request.cookies:
            self.keep(answer, "", path=path)


def _is_production() -> bool:
    return cast("Settings", current_app.config["SETTINGS"]).is_production
