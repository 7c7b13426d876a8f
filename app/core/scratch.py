"""Files that are needed only while something is read."""

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX, _IN_USE = "diglit-scratch-", "in-use"
_JUST_MADE = 60.0
"""Seconds within which a folder without a lock may be one that its process is about to lock."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone afterwards. What a killed process left behind is removed by the next that asks for one."""
    _remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / _IN_USE).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder


def _remove_left_behind() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _JUST_MADE and not _is_in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    if not (folder / _IN_USE).exists():
        return False
    with (folder / _IN_USE).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
