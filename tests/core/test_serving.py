"""One application, put together before the processes part that answer for it."""

import threading

import psutil
from flask import Flask

from app import create_app
from app.api.cached import READS, learn_paths
from app.core.serving import as_serving_begins, begin


def test_putting_an_application_together_begins_nothing(app: Flask) -> None:
    settings = app.config["SETTINGS"].model_copy(update={"app_env": "development"})
    process = psutil.Process()
    before = threading.enumerate(), process.net_connections("all")
    other = create_app(settings)
    learn_paths(other)
    assert (threading.enumerate(), process.net_connections("all")) == before
    assert "paths" in vars(other.extensions[READS])


def test_what_runs_beside_requests_waits_until_they_are_served() -> None:
    app, begun = Flask("test"), []
    as_serving_begins(app, lambda: begun.append(1))
    as_serving_begins(app, lambda: begun.append(2))
    assert begun == []
    assert begin(app) is app
    assert begun == [1, 2]
