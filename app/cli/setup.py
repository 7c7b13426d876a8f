"""Sets a checkout up: the virtual environment, pinned Python packages, front-end packages.

`make` calls this with the system's Python before anything is installed, so it uses the standard library alone and is
run as a file. Each step leaves a mark with the hash of what it installed, and is passed over while that still holds.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE = ROOT / ".node"
PACKAGES = ROOT / "node_modules"
LOG = VENV / "setup.log"
UNREACHABLE = ("connection", "resolve", "timed out", "timeout", "unreachable", "no matching distribution",
               "getaddrinfo", "network", "proxy", "could not find a version", "max retries")  # fmt: skip


class SetupFailed(Exception):
    """A step failed; the message says what to do, in one line."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="setup", description="Install what the portal needs.")
    parser.add_argument("--dev", action="store_true", help="also what tests and lint need")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    try:
        with (ROOT / ".setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            make_environment()
            install_python_packages(dev=arguments.dev)
            install_front_end_packages(dev=arguments.dev)
    except SetupFailed as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The checkout can't be set up: {error.filename or ROOT}: {error.strerror}.")
    except KeyboardInterrupt:
        sys.exit(130)


def make_environment() -> None:
    # A link to a Python that has since been removed doesn't exist either.
    if PYTHON.exists():
        return
    say("Making the virtual environment")
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        # Debian leaves ensurepip out of python3; a pip of the system's can still install into the environment.
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV)], check=True)
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
            raise SetupFailed("This Python can make no environment with pip; on Debian: apt-get install python3-venv")


def install_python_packages(*, dev: bool) -> None:
    """Install the pinned packages. Those for development include all of the others."""
    marks = {name: VENV / f".{name}.installed" for name in ("requirements", "requirements-dev")}
    wanted = {name: _hash(ROOT / f"{name}.txt") for name in marks}
    name = "requirements-dev" if dev else "requirements"
    if any(_read(marks[other]) == wanted[other] for other in {name, "requirements-dev"}):
        return
    say("Installing the Python packages" + (" and what tests and lint need" if dev else ""))
    _install(PYTHON, ROOT / f"{name}.txt", "The Python packages")
    marks[name].write_text(wanted[name])


def _install(python: Path, requirements: Path, what: str) -> None:
    """Install into the environment of that Python, by the pip of ours or else of the system's."""
    pip = [str(PYTHON), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pip[0] = sys.executable
    options = ["--disable-pip-version-check", "--no-input", "--quiet", "--retries", "2", "--require-hashes"]
    _run([*pip, "--python", str(python), "install", *options, "-r", str(requirements)], what)


def install_front_end_packages(*, dev: bool) -> None:
    """Install the pinned packages. Those for development include all of the others."""
    mark = PACKAGES / ".installed"
    wanted = _hash(ROOT / "package-lock.json")
    with_dev = f"{wanted} dev"
    if _read(mark) in ({with_dev} if dev else {wanted, with_dev}):
        return
    npm = shutil.which("npm") or _npm_from_wheel()
    say("Installing the front-end packages")
    environment = {**os.environ, "PATH": f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    some = [] if dev else ["--omit=dev"]
    _run([npm, "ci", "--no-progress", "--loglevel=error", *some], "The front-end packages", environment)
    mark.write_text(with_dev if dev else wanted)


def _npm_from_wheel() -> str:
    """The npm that comes as a Python package, in an environment of its own."""
    npm = NODE / "bin" / "npm"
    mark = NODE / ".installed"
    wanted = _hash(ROOT / "requirements-node.txt")
    if _read(mark) != wanted:
        say("Installing npm, for this machine has none")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(NODE)], check=True)
        _install(NODE / "bin" / "python", ROOT / "requirements-node.txt", "npm")
        mark.write_text(wanted)
    return str(npm)


def _run(command: list[str], what: str, environment: dict[str, str] | None = None) -> None:
    began = time.monotonic()
    with LOG.open("w") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, check=False
        )
    if result.returncode == 0:
        say(f"  done in {time.monotonic() - began:.0f} s")
        return
    words = LOG.read_text(errors="replace").lower()
    where = LOG.relative_to(ROOT)
    if any(part in words for part in UNREACHABLE):
        raise SetupFailed(f"{what} can't be fetched: no registry that has them answers. Details: {where}")
    raise SetupFailed(f"{what} can't be installed. Details: {where}")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def say(what: str) -> None:
    print(f"· {what}", flush=True)


if __name__ == "__main__":
    main()
