"""An import of a large workbook, as the worker does it, then its undo, and the undo of that: the time, and the memory
of the worker's process and what it starts.

    python -m benchmarks.imports [--url postgresql://…] [--rows 100000]

Beside it, the least that could be done: python-calamine reads the same file, and COPY writes the rows as text. CPU
seconds are those of the worker with what it starts, and of its connection in a database on the same machine. Other
work on the machine raises them too (the same code took 20.5 s when idle, 33.5 s when busy), though less than the time:
compare only runs on an idle machine.
"""

import argparse
import gc
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import psutil
import psycopg
from python_calamine import CalamineWorkbook

from app.catalog.kinds import products
from app.changes import jobs
from app.core.audit import SYSTEM
from app.core.changes import staging, undo
from app.core.changes.models import ChangeSet
from app.core.tenancy import as_system
from app.extensions import db
from benchmarks.portal import Portal
from benchmarks.scale import WORK, database, server
from tests.factories.workbooks import sheet_xml, xlsx

HEADING = ("name", "slug", "category", "price", "currency", "description", "features", "icon")
_MB = 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        work(*options.inside)
        return
    WORK.mkdir(parents=True, exist_ok=True)
    workbook = WORK / f"products-{options.rows}.xlsx"
    write_workbook(workbook, options.rows)
    print(f"{options.rows:,} rows, {workbook.stat().st_size / _MB:.1f} MB")
    with server(options.url) as url:
        address = database(url, 1)
        Portal(address, WORK).migrate()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("truncate products, change_sets cascade")
        least = measure_least(workbook, address)
        print(f"python-calamine and COPY alone: {least:.1f} s, so at most {1.5 * least + 60:.1f} s")
        command = [sys.executable, "-m", "benchmarks.imports", "--inside", address, str(workbook)]
        subprocess.run(command, check=True)


def write_workbook(path: Path, rows: int) -> None:
    with (
        zipfile.ZipFile(BytesIO(xlsx({"Products": []}))) as frame,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in frame.namelist():
            with made.open(name, "w") as file:
                pieces = sheet_xml(_rows(rows)) if "sheet1" in name else [frame.read(name).decode()]
                for piece in pieces:
                    file.write(piece.encode())


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    yield HEADING
    for n in range(count):
        yield (
            f"Shelf {n}", f"shelf-{n}", f"Category {n % 40}", n % 5_000 + 0.5, "EUR",
            f"Solid oak, oiled, number {n} of the list, ninety centimetres wide", "light | dark", "box",
        )  # fmt: skip


def measure_least(workbook: Path, address: str) -> float:
    began = time.perf_counter()
    sheet = CalamineWorkbook.from_path(str(workbook)).get_sheet_by_index(0)
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(f"create temporary table bare ({', '.join(f'{name} text' for name in HEADING)})")
        with cursor.copy("copy bare from stdin") as copy:
            for row in sheet.iter_rows():
                copy.write_row(row)
    return time.perf_counter() - began


def work(address: str, workbook: str) -> None:
    """What the worker does, in a process like its own."""
    portal = Portal(address, WORK)
    gc.collect()
    gc.freeze()
    with portal.app.app_context(), as_system("a benchmark"), Path(workbook).open("rb") as file:
        change_set = staging.stage_import(db.session, products, file, filename="products.xlsx", actor=SYSTEM)
        key = change_set.id
        db.session.commit()
        db.session.remove()
        memory, cpu = Memory(), Cpu()
        began = time.perf_counter()
        jobs.preview_change_set(str(key))
        db.session.commit()
        previewed = time.perf_counter() - began
        print(f"previewed in {previewed:.1f} s; {cpu}, {memory.most:.0f} MiB above rest so far")
        _queue(key)
        jobs.apply_change_set(str(key), None, "system")
        db.session.commit()
        spent = time.perf_counter() - began
        done = db.session.get_one(ChangeSet, key)
        print(f"applied in {spent - previewed:.1f} s; {done.state}, {done.rows_done:,} rows written")
        print(f"in all {spent:.1f} s; {cpu}; memory {memory.stop():.0f} MiB above rest")
        undone = measure_undo(key, "undone", memory.rest)
        measure_undo(undone, "done again", memory.rest)


def measure_undo(key: Any, what: str, rest: int) -> Any:
    """Take back that change set, as the worker does it: looked at and written by one job."""
    db.session.remove()
    undo_set = undo.stage_undo(db.session, actor=SYSTEM, change_set=staging.get_change_set(db.session, key))
    undo_key = undo_set.id
    db.session.commit()
    db.session.remove()
    memory, cpu, began = Memory(rest), Cpu(), time.perf_counter()
    jobs.preview_change_set(str(undo_key))
    db.session.commit()
    spent = time.perf_counter() - began
    done = db.session.get_one(ChangeSet, undo_key)
    print(f"{what} in {spent:.1f} s; {done.state}, {done.rows_done:,} rows")
    print(f"  {cpu}; memory {memory.stop():.0f} MiB above rest")
    return undo_key


def _queue(key: Any) -> None:
    change_set = staging.get_change_set(db.session, key, for_update=True)
    change_set.state = "queued"
    db.session.commit()


class Cpu:
    """The seconds that processors worked for this process and for its connection to the database, since then."""

    def __init__(self) -> None:
        pid = db.session.connection().exec_driver_sql("select pg_backend_pid()").scalar_one()
        self._server = psutil.Process(pid) if psutil.pid_exists(pid) else None
        self._before = self._now()

    def _now(self) -> tuple[float, float]:
        own = os.times()
        server = self._server.cpu_times() if self._server else None
        return sum(own[:4]), server.user + server.system if server else 0.0

    def __str__(self) -> str:
        own, server = (now - before for now, before in zip(self._now(), self._before, strict=True))
        return f"CPU {own:.1f} s here" + (f" and {server:.1f} s in the database" if self._server else "")


class Memory:
    """The most that this process and those it started held, beyond what it held at the beginning, or at that `rest`."""

    def __init__(self, rest: int | None = None) -> None:
        self.rest = _resident() if rest is None else rest
        self.most, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, (_resident() - self.rest) / _MB)

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self.most


def _resident() -> int:
    children = Path("/proc/self/task")
    pids = {os.getpid()} | {int(p) for t in children.iterdir() for p in (t / "children").read_text().split()}
    return sum(map(_resident_of, pids))


def _resident_of(pid: int) -> int:
    """What the process holds; pages that it shares with others (a fork, before it becomes another program) in part."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
