"""What a process does beside its requests from the moment it begins to answer them.

An application may be put together in one process and answer in others, which are forks of it. So whatever needs a
thread or a connection of its own waits until `begin`.
"""

from collections.abc import Callable

from flask import Flask

EXTENSION = "as_serving_begins"


def as_serving_begins(app: Flask, action: Callable[[], None]) -> None:
    """Have it done in every process that answers requests, before its first one. It must not take long."""
    app.extensions.setdefault(EXTENSION, []).append(action)


def begin(app: Flask) -> Flask:
    """Called once in each process, before it answers requests."""
    for action in app.extensions.get(EXTENSION, ()):
        action()
    return app
