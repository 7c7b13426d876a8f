"""What the processes that `make run` manages do: the web server, and the worker.

The application is imported once, before they part, so that they share its memory. Each puts its own together: nothing
that is open may be shared."""

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from app import create_app
from app.core.domain import each
from app.core.modules import import_every
from app.jobs.tasks import load_tasks
from app.jobs.worker import run_worker
from app.web.places import THREADS
from config import ROOT, Settings


def load_application() -> None:
    """Import everything, and keep the collector of garbage off it: what it marks is no longer shared."""
    for name in ("app.factory", "sqlalchemy.dialects.postgresql.psycopg"):
        import_module(name)
    for domain, module in each(lambda domain: (*domain.setup, *domain.pages, *domain.api, *domain.commands)):
        domain.module(module)
    import_every("models")
    import_every("events")
    import_every("undoing")
    load_tasks()
    gc.collect()
    gc.freeze()


def serve_web() -> None:
    """Answer requests until SIGTERM, with as many processes as are set."""
    settings = Settings.from_environment()
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
    ).serve()


def work() -> None:
    """Do background jobs until SIGTERM."""
    app = create_app()
    with app.app_context():
        run_worker(app)


def run_anew(part: Callable[[], object]) -> None:
    """Run it with the code as it is now: this process becomes a new interpreter."""
    program = f"from {part.__module__} import {part.__name__}; {part.__name__}()"
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - ourselves
