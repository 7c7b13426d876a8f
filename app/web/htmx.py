"""What htmx asks and is answered; nothing else reads or writes its headers."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, make_response, render_template, request

_READ = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")


def wants_fragment() -> bool:
    """Whether only the changed part of the page is wanted. A boosted link and Back want the whole page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and not (
        headers.get("HX-Boosted") == "true" or headers.get("HX-History-Restore-Request") == "true"
    )


def target_id() -> str:
    """The id of the element that the answer goes into; empty where htmx didn't say."""
    return request.headers.get("HX-Target", "").partition("#")[2]


def page_or_fragment(page: str, fragment: str, status: int = 200, **context: Any) -> Response:
    """Render the page, or the fragment of it that changed; caches keep the two apart."""
    response = make_response(render_template(fragment if wants_fragment() else page, **context), status)
    response.vary.update(_READ)
    return response


def show_url(response: Response, url: str, *, replace: bool = False) -> Response:
    """Let the address bar show `url` where htmx swapped the answer in; `replace` adds no step for Back."""
    if wants_fragment():
        response.headers["HX-Replace-Url" if replace else "HX-Push-Url"] = url
    return response


def current_page() -> str | None:
    """The path of the page that htmx asks from, as the address bar shows it."""
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    if here.netloc != request.host:
        return None
    return here.path + (f"?{here.query}" if here.query else "")


def go_to(url: str) -> Response:
    """Let htmx leave the page for `url`; a redirect would be followed inside the fragment."""
    return Response(status=204, headers={"HX-Redirect": url})


def whole_page(response: Response) -> Response:
    """Let the answer take the place of the whole page, whatever the request was meant to change."""
    if wants_fragment():
        response.headers["HX-Retarget"] = "body"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def beside_the_page(response: Response) -> Response:
    """Let the answer stand among the messages, and the page stay as it is: its rows, its form and its address."""
    if wants_fragment():
        response.headers["HX-Retarget"] = "#flashes"
        response.headers["HX-Reswap"] = "beforeend"
        response.headers["HX-Reselect"] = ".flash"
        response.headers["HX-Push-Url"] = "false"
    return response
