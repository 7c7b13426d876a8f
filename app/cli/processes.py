"""Child processes that don't outlive their manager, and that it starts again when they end."""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path

import psutil

DEATH_SIGNAL, NAME = 1, 15  # PR_SET_PDEATHSIG, PR_SET_NAME
HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_AFTER = 60.0

_forking = get_context("fork")
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when the parent is gone, where the system can (Linux)."""
    if _libc is not None:
        _libc.prctl(DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


class Child:
    """One process that is to run: started, watched, started again with growing pauses, stopped with all it started.

    It is a fork of this one, so that they share the memory of whatever was imported before. This process must have no
    connection, no open file that a child mustn't hold, and no other thread then.
    """

    def __init__(self, name: str, run: Callable[[], object], environment: Mapping[str, str]) -> None:
        self.name = name
        self.run = run
        self.environment = environment
        self.process: ForkProcess | None = None
        self._delay = FIRST_DELAY
        self._started = 0.0
        self._due = 0.0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def start(self) -> None:
        self._started = time.monotonic()
        self.process = _forking.Process(target=self._begin, args=(os.getpid(),), name=self.name)
        self.process.start()

    def _begin(self, manager: int) -> None:
        # A session of its own, so that Ctrl-C in the terminal reaches the manager alone, which stops all in order.
        os.setsid()
        for number in HANDLED:
            signal.signal(number, signal.SIG_DFL)
        die_with_parent(manager)
        if _libc is not None:
            _libc.prctl(NAME, self.name.lower().removeprefix("the ").encode())
        os.environ.update(self.environment)
        self.run()

    def watch(self, say: Callable[[str], None]) -> bool:
        """Start it again if it ended and the pause is over. True if it was started."""
        if self.is_running:
            if self._started + STEADY_AFTER < time.monotonic():
                self._delay = FIRST_DELAY
            return False
        if self.process is not None:
            say(f"{self.name} ended ({_how(self.process.exitcode or 0)}); starting it again in {self._delay:g} s")
            self._kill_group()
            self.process = None
            self._due = time.monotonic() + self._delay
            self._delay = min(self._delay * 2, LONGEST_DELAY)
        if time.monotonic() < self._due:
            return False
        self.start()
        return True

    def restart(self) -> None:
        """End it politely and start it again, for changed code."""
        self.ask_to_stop()
        if self.process is not None:
            self.process.join(5)
        self._kill_group()
        self.start()

    def ask_to_stop(self) -> None:
        if self.is_running and self.process is not None:
            self.process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait for its end until the deadline, then end it and all that it started."""
        if self.process is None:
            return
        self.process.join(max(0.0, deadline - time.monotonic()))
        self._kill_group()
        self.process.join()

    def _kill_group(self) -> None:
        if self.process is not None and self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def remember(path: Path, children: Iterable[Child]) -> None:
    """Write down which processes run, for a next start that finds them without their manager."""
    found = {}
    for child in children:
        if child.process is not None and child.process.pid is not None:
            with suppress(psutil.NoSuchProcess):
                found[child.process.pid] = psutil.Process(child.process.pid).create_time()
    path.write_text(json.dumps(found))


def end_left_behind(path: Path, patience: float = 5.0) -> int:
    """End the processes that a killed manager left; how many there were."""
    try:
        noted = json.loads(path.read_text())
    except (OSError, ValueError):
        return 0
    left = [process for pid, created in noted.items() for process in _session_of(int(pid), created)]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _gone, alive = psutil.wait_procs(left, timeout=patience)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    path.unlink(missing_ok=True)
    return len(left)


def _session_of(leader: int, created: float) -> list[psutil.Process]:
    """The processes of the session that a process began which was created then; it may be gone itself."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and os.getsid(process.pid) == leader and process.create_time() >= created:
                found.append(process)
    return found
