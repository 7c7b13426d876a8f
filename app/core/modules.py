"""Finding the modules that every domain has under the same name."""

from importlib import import_module
from pathlib import Path

from app.core.domain import installed

APP = Path(__file__).parent.parent


def import_every(name: str) -> None:
    """Import every `name.py` of the application, so that what it declares is known."""
    for path in sorted(APP.glob(f"*/**/{name}.py")):
        import_module(".".join(path.relative_to(APP.parent).with_suffix("").parts))
    for domain in installed():
        if not domain.package.startswith("app"):
            _import_from(domain.package, name)


def _import_from(package: str, name: str) -> None:
    folder = Path(import_module(package).__path__[0])
    for path in sorted(folder.rglob(f"{name}.py")):
        import_module(".".join((package, *path.relative_to(folder).with_suffix("").parts)))
