"""What the processes that `make run` manages do: the web server, and the worker.

The application is put together once for each of the two, before the processes part, so that they share its memory: it
takes as little to have it in four processes as in one. Nothing that is open may be shared: until then there is no
connection, no thread, and no file but those that all processes map."""

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy.orm import configure_mappers

from app import create_app
from app.core.serving import begin
from app.jobs.worker import run_worker
from app.web.places import THREADS
from config import ROOT, Settings

AS_WORKER = {"FLASK_RUN_FROM_CLI": "true"}
"""What the environment of the worker says, and not that of the web server."""

_apps: dict[bool, Flask] = {}


def load_application(url: str) -> None:
    """Put the application together for web server and worker, which are given this address of the database."""
    for more in ({}, AS_WORKER):
        settings = Settings.from_environment({**os.environ, "DATABASE_URL": url, **more})
        _apps[settings.is_command] = create_app(settings)
    _finish(_apps[False])
    # What the collector of garbage marks is no longer shared, so it is kept off all this.
    gc.collect()
    gc.freeze()


def _finish(app: Flask) -> None:
    """Do what a first request would: where it goes through all routes or tables, that memory is no longer shared."""
    from app.api.cached import learn_paths  # noqa: PLC0415 - it loads the figures, which ask first where they are kept

    configure_mappers()
    app.url_map.update()
    learn_paths(app)


def serve_web() -> None:
    """Answer requests until SIGTERM, with as many processes as are set. They are forks of this one."""
    app = _apps.get(False) or create_app()
    settings: Settings = app.config["SETTINGS"]
    multiprocessing.set_start_method("fork", force=True)
    Granian(
        "wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_concurrency,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=5,
        # As a warning it says that there are many threads; most of them wait for bodies (`web/places.py`).
        log_level=LogLevels.error,
    ).serve(target_loader=lambda: begin(app), wrap_loader=False)


def work() -> None:
    """Do background jobs until SIGTERM."""
    app = _apps.get(True) or create_app()
    with app.app_context():
        run_worker(app)


def run_anew(part: Callable[[], object]) -> None:
    """Run it with the code as it is now: this process becomes a new interpreter."""
    program = f"from {part.__module__} import {part.__name__}; {part.__name__}()"
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - ourselves
