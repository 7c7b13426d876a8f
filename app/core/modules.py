"""Finding the modules that every domain has under the same name."""

from importlib import import_module
from pathlib import Path

APP = Path(__file__).parent.parent


def import_every(name: str) -> None:
    """Import every `name.py` of the application, so that what it declares is known."""
    for path in sorted(APP.glob(f"*/**/{name}.py")):
        import_module(".".join(path.relative_to(APP.parent).with_suffix("").parts))
