"""Folders for files that are being read: gone afterwards, even where the process was killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core.scratch import scratch_folder
from config import ROOT


@pytest.fixture
def temp(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_afterwards(temp):
    with scratch_folder() as folder:
        (folder / "a.jsonl").write_text("{}")
        assert list(temp.iterdir()) == [folder]
    assert list(temp.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(temp):
    code = (
        "import time; from app.core.scratch import scratch_folder\n"
        "with scratch_folder() as folder: print(folder, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temp)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    long_ago = time.time() - 3_600
    os.utime(left, (long_ago, long_ago))
    with scratch_folder():
        assert left.exists(), "it is in use"
    process.kill()
    process.wait()
    process.stdout.close()
    with scratch_folder():
        assert not left.exists()
