"""How much a request may bring. A view that takes files says more: `view.largest_body = 64 * MEGABYTE`."""

from flask import Flask, current_app, request

MEGABYTE = 1024 * 1024
LARGEST_FORM = 2 * MEGABYTE


def init_app(app: Flask) -> None:
    """Goes before whatever reads the form, the check of its CSRF token among it."""
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_MEMORY_SIZE=LARGEST_FORM)
    app.before_request(_make_room)


def _make_room() -> None:
    largest = getattr(current_app.view_functions.get(request.endpoint or ""), "largest_body", None)
    if largest is not None:
        request.max_content_length = largest
