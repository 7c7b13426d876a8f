"""The domain that every further one is written like (`tests/reference/orders`): it works, and it is short."""

import os
import subprocess
import sys

from config import ROOT

REFERENCE = ROOT / "tests" / "reference"


def test_its_own_tests_pass(postgres):
    # In a process of its own: its tables, permissions and pages are to be there for no other test.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", str(REFERENCE / "checks.py")]
    environment = {**os.environ, "TEST_DATABASE_URL": postgres.address}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert ran.returncode == 0, ran.stdout[-4000:]


def test_it_is_written_in_few_lines():
    files = [path for path in (REFERENCE / "orders").iterdir() if path.suffix in (".py", ".sql")]
    written = [line for path in files for line in path.read_text().splitlines() if line.strip()]
    assert len(written) <= 340
