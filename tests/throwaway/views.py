from typing import Any

from flask import Blueprint

from app.core.domain import Home, Need
from app.web.guards import allow, person

bp = Blueprint("gadgets", __name__)


@bp.get("/admin/gadgets")
@allow("gadgets:read")
def index() -> str:
    return "gadgets"


@bp.get("/account/gadgets")
@person
def own() -> str:
    return "own gadgets"


def summary(who: Any) -> str:
    return f"None of {who.username}’s"


def is_on() -> bool:
    return True


def home_of(_person: Any) -> Home:
    return Home([Need("Gadget", "", "Polish it", "/gadgets", "package")])
