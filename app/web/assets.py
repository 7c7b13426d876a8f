"""Static files: built once with a content hash in each name, so that browsers keep them for good.

`flask --app wsgi build-static` takes what the pages need from the front-end packages and from `static/css`, `static/js`
and `static/img`, and writes `static/build/` with a manifest. Templates write `asset_url("portal.css")`. While
developing, a changed source is built again by itself.
"""

import gzip
import hashlib
import json
import re
import time
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
from flask import Flask, Response, abort, current_app, request, send_file

from app.web.guards import public
from config import ROOT

SOURCES = ROOT / "static"
PACKAGES = ROOT / "node_modules"
BUILD = SOURCES / "build"

FROM_PACKAGES = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
}
OUTLINES = "@tabler/icons/tabler-nodes-outline.json"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
STALE_AFTER = 24 * 3600
"""Seconds for which files of earlier builds stay: pages that are open, and processes that run, still ask for them."""
FOREVER = "public, max-age=31536000, immutable"

_BUILT = re.compile(r"[\w-]+(?:\.[\w-]+)*-[0-9a-f]{12}\.(?:css|js|svg|png|woff2)", re.ASCII).fullmatch
_IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])\./([\w.-]+\.js)\2""")
_SOURCE_MAP = re.compile(r"\n?(/\*|//)# sourceMappingURL=[^\n*]*(\*/)?")


class StaticBuildMissing(RuntimeError):
    """There is no usable static build."""


def build_is_missing() -> StaticBuildMissing:
    return StaticBuildMissing("The static files are not built. Run `make static`, or `flask --app wsgi build-static`.")


def init_app(app: Flask) -> None:
    app.jinja_env.globals["asset_url"] = asset_url
    app.add_url_rule("/static/<path:name>", "static", serve)
    app.cli.add_command(build_static)


# Serving


def asset_url(name: str) -> str:
    """The address of a built file; its content never changes."""
    return f"/static/{_current_manifest()[name]}"


@public
def serve(name: str) -> Response:
    """A built file, compressed where the browser takes it so."""
    path = BUILD / name
    if not _BUILT(name) or not path.is_file():
        abort(404)
    packed = path.with_name(path.name + ".gz")
    use_packed = request.accept_encodings.quality("gzip") > 0 and packed.is_file()
    response = send_file(packed if use_packed else path, mimetype=TYPES[path.suffix], conditional=True, etag=False)
    response.headers["Cache-Control"] = FOREVER
    response.headers["Vary"] = "Accept-Encoding"
    if use_packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _current_manifest() -> dict[str, str]:
    if not current_app.config["SETTINGS"].is_production:
        _keep_fresh()
    return _manifest(_stamp())


def _stamp() -> int:
    return _manifest_stamp(int(time.monotonic()) if current_app.debug else 0)


@lru_cache(maxsize=2)
def _manifest_stamp(_second: int) -> int:
    try:
        return (BUILD / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        raise build_is_missing() from None


@lru_cache(maxsize=2)
def _manifest(_stamp: int) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((BUILD / "manifest.json").read_text())
    return loaded


def _keep_fresh() -> None:
    """Outside production: build what is missing, and in debug mode what changed, looking once a second at most."""
    _freshen(int(time.monotonic()) if current_app.debug else 0)


@lru_cache(maxsize=2)
def _freshen(_second: int) -> None:
    manifest = BUILD / "manifest.json"
    newest = max((path.stat().st_mtime for path in _own_sources()), default=0.0) if current_app.debug else 0.0
    if not manifest.exists() or newest > manifest.stat().st_mtime:
        build()
        _manifest_stamp.cache_clear()


# Building


@click.command("build-static")
def build_static() -> None:
    """Build the static files into static/build."""
    try:
        manifest = build()
    except (StaticBuildMissing, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Built {len(manifest)} static files.")


def build() -> dict[str, str]:
    """Write every file under its hashed name, then the manifest; what was no longer named a day ago is removed last."""
    BUILD.mkdir(parents=True, exist_ok=True)
    texts = {name: _SOURCE_MAP.sub("", _package_text(path)).encode() for name, path in FROM_PACKAGES.items()}
    texts |= {path.name: path.read_bytes() for path in _own_sources()}
    manifest: dict[str, str] = {}
    for name in _imported_first(texts):
        content = _with_hashed_imports(texts[name], manifest) if name.endswith(".js") else texts[name]
        manifest[name] = _hashed_name(name, content)
        _write(BUILD / manifest[name], content)
        if not name.endswith((".png", ".woff2")):
            _write(BUILD / f"{manifest[name]}.gz", gzip.compress(content, 9, mtime=0))
    _write(BUILD / "icons.json", _icon_shapes())
    _write(BUILD / "manifest.json", json.dumps(manifest, indent=1, sort_keys=True).encode())
    _remove_what_is_not_in(manifest)
    return manifest


def _own_sources() -> list[Path]:
    return sorted(
        path
        for folder in ("css", "js", "img")
        for path in (SOURCES / folder).glob("*")
        if path.suffix in TYPES and not path.name.startswith(".")
    )


def _package_text(path: str) -> str:
    try:
        return (PACKAGES / path).read_text()
    except FileNotFoundError:
        raise StaticBuildMissing("The front-end packages are not installed. Run `make setup` or `npm ci`.") from None


def _icon_shapes() -> bytes:
    nodes: dict[str, list[tuple[str, dict[str, str]]]] = json.loads(_package_text(OUTLINES))
    shapes = {name: "".join(_element(tag, attributes) for tag, attributes in parts) for name, parts in nodes.items()}
    return json.dumps(shapes, separators=(",", ":"), sort_keys=True).encode()


def _element(tag: str, attributes: dict[str, str]) -> str:
    return f"<{tag} " + " ".join(f'{key}="{value}"' for key, value in attributes.items()) + "/>"


def _imported_first(texts: dict[str, bytes]) -> list[str]:
    """The names, each after the modules that it imports, whose hashed names it will carry."""
    ordered: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise StaticBuildMissing(f"These modules import each other: {' → '.join((*above, name))}.")
        if name not in texts:
            raise StaticBuildMissing(f"{above[-1]} imports {name}, which is not there.")
        if name in ordered:
            return
        if name.endswith(".js") and name not in FROM_PACKAGES:
            for match in _IMPORT.finditer(texts[name].decode()):
                visit(match[3], (*above, name))
        ordered.append(name)

    for name in texts:
        visit(name, ())
    return ordered


def _with_hashed_imports(content: bytes, manifest: dict[str, str]) -> bytes:
    def hashed(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}./{manifest.get(match[3], match[3])}{match[2]}"

    return _IMPORT.sub(hashed, content.decode()).encode()


def _hashed_name(name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"


def _write(path: Path, content: bytes) -> None:
    """Replace the file in one step: another process may be reading it, or building too."""
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as draft:
        draft.write(content)
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(path)


def _remove_what_is_not_in(manifest: dict[str, str]) -> None:
    kept = {"manifest.json", "icons.json"} | {name + end for name in manifest.values() for end in ("", ".gz")}
    old = time.time() - STALE_AFTER
    for path in BUILD.iterdir():
        if path.name not in kept and path.stat().st_mtime < old:
            path.unlink(missing_ok=True)
