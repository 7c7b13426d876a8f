"""A real web server in front of a test's own database."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from flask import Flask

from app.web.places import THREADS
from config import ROOT, environment_for


@contextmanager
def serving(app: Flask, database_url: str, folder: Path, **more: str) -> Iterator[str]:
    """Serve a `committed_db` with the web server of `make run`; yields the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = environment_for(
        DATABASE_URL=database_url,
        SECRET_KEY=str(app.secret_key),
        DATA_DIR=str(folder / "data"),
        RATE_LIMITS="off",
        **more,
    )
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws", "wsgi:app"]
    options = [
        "--workers",
        "1",
        "--workers-kill-timeout",
        "5",
        "--blocking-threads",
        str(THREADS),
        "--log-level",
        "error",
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}", process, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(15)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with suppress(URLError, OSError), urlopen(f"{address}/healthz", timeout=2):
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))
