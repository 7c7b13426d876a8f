"""Which way imports may go. `python -m tests.structure` writes the table into docs/architecture.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

from config import ROOT

APP = ROOT / "app"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- arrows -->\n", "<!-- /arrows -->\n"

DOMAINS = ("catalog", "auth", "assistants", "projects", "automations", "notifications", "portal")

_CORE = frozenset({"core", "extensions"})
_KERNEL = _CORE | {"jobs", "identity"}
_DOMAIN = _KERNEL | {"web", "events", "changes", "crud", "api", "integrations"}

ALLOWED: dict[str, frozenset[str]] = {
    "extensions": frozenset({"core"}),
    "core": frozenset({"extensions"}),
    "integrations": frozenset({"core"}),
    "jobs": _CORE,
    "identity": _CORE | {"jobs"},
    "web": _KERNEL,
    "events": _KERNEL | {"web"},
    "changes": _KERNEL | {"web"},
    "crud": _KERNEL | {"web", "changes"},
    "api": _KERNEL | {"web"},
    "catalog": _DOMAIN,
    "auth": _DOMAIN,
    "assistants": _DOMAIN,
    "projects": _DOMAIN | {"assistants", "catalog"},
    "automations": _DOMAIN,
    "notifications": _DOMAIN,
    "portal": _DOMAIN,
    "domains": frozenset({"core", "changes", "events", *DOMAINS}),
    "cli": _DOMAIN | {"auth", "assistants"},
    "factory": frozenset({"api", "cli", "core", "extensions", "identity", "integrations", "jobs", "web"}),
    "": frozenset({"domains", "factory"}),
}
"""What each package may import, from the bottom to the top. `""` is `app/__init__.py`."""
FACES = ("operations", "queries", "policy", "models", "schemas", "errors", "events", "facts")
"""By what a domain may be entered from another one; also `weekly_queries` and the like."""

EDGE_PACKAGES = ("web", "changes", "crud", "api", "portal", "cli", "jobs", "events", "factory")
EDGE_NAMES = ("views", "pages", "api", "jobs", "forms", "cli", "consumer", "hooks", "routes", "runner")
"""Modules of these names, or `their_views`, read requests, answer them and commit. All others are rules."""
EDGES_ELSEWHERE = {
    "app.auth.brute_force.attempts": "counts what a request tries, in the limits of the web",
    "app.auth.brute_force.known_browsers": "a browser is known by a cookie",
    "app.auth.mfa.relying_party": "without PUBLIC_URL, the address that the browser shows",
    "app.auth.oauth.grants": "Authlib calls them with the request",
    "app.auth.oauth.server": "Authlib's server of requests",
    "app.identity.authentication": "finds out who asks from the request",
    "app.identity.cache.session_uses": "a thread of its own writes down what requests noted",
    "app.identity.cookies": "a browser shows and keeps them",
    "app.identity.login": "Flask-Login's manager",
    "app.identity.tenancy": "begins every request as nobody",
}
"""The edges that no name tells, each with its reason."""

Module = str


def name_of(path: Path) -> Module:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES: dict[Module, Path] = {name_of(path): path for path in sorted(APP.rglob("*.py"))}


def package_of(module: Module) -> str:
    """The part of the house: `projects` of `app.projects.teams.views`; empty for the application itself."""
    return [*module.split("."), ""][1]


def imported_by(module: Module) -> Iterator[tuple[Module, str]]:
    """Each module of ours that it imports, and the name taken from it ('' for the module itself)."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.split(".")[0] == "app")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "app":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole, "") if whole in MODULES else (node.module or "", alias.name)


def is_called(module: Module, names: tuple[str, ...]) -> bool:
    last = module.rpartition(".")[2]
    return last in names or last.endswith(tuple(f"_{name}" for name in names))


def is_edge(module: Module) -> bool:
    return package_of(module) in (*EDGE_PACKAGES, "") or is_called(module, EDGE_NAMES) or module in EDGES_ELSEWHERE


def arrows() -> set[tuple[str, str]]:
    """Which package imports which."""
    found = {(package_of(module), package_of(other)) for module in MODULES for other, _ in imported_by(module)}
    return {(above, below) for above, below in found if above != below and below}


def table() -> str:
    """The arrows as Markdown: a row for each package, from the top to the bottom."""
    columns = [name for name in reversed(ALLOWED) if name]
    there = arrows()
    lines = [f"| imports → | {' | '.join(columns)} |", f"| --- |{' :---: |' * len(columns)}"]
    for above in reversed(ALLOWED):
        cells = [
            "●" if (above, below) in there else "○" if below in ALLOWED[above] else "—" if above == below else ""
            for below in columns
        ]
        lines.append(f"| {above or 'app'} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """The page as it is to be."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(written())
