"""`make bench`: beside the peers where they are at hand, and by itself at 1,000 and 1,000,000 rows."""

import subprocess
import sys

PARTS = ("benchmarks.peers", "benchmarks.scale")

statuses = [subprocess.run([sys.executable, "-m", part, *sys.argv[1:]], check=False).returncode for part in PARTS]
sys.exit(max(statuses))
