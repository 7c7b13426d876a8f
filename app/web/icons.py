"""Icons drawn into the page: `icon("chart-bar")` gives the SVG of that name from Tabler's set.

Records carry icon names that people type, so any name of the set works, and another one draws a neutral shape. The
shapes are read once, from the static build.
"""

import json
from functools import lru_cache

from markupsafe import Markup, escape

from app.web.assets import BUILD, build_is_missing

FALLBACK = "hexagon"


@lru_cache(maxsize=1)
def shapes() -> dict[str, str]:
    """The markup inside the <svg> of each icon, by name."""
    try:
        text = (BUILD / "icons.json").read_text()
    except FileNotFoundError:
        raise build_is_missing() from None
    loaded: dict[str, str] = json.loads(text)
    return loaded


@lru_cache(maxsize=4096)
def icon(name: str | None, css_class: str = "", label: str = "") -> Markup:
    """The icon as inline SVG; hidden from screen readers unless it has a label."""
    known = shapes()
    shape = known.get(name or "") or known[FALLBACK]
    told = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    classes = f"icon {css_class}" if css_class else "icon"
    return Markup('<svg class="{}" viewBox="0 0 24 24" {}>{}</svg>').format(escape(classes), told, Markup(shape))  # noqa: S704


@lru_cache(maxsize=4096)
def drawn_at(name: str, x: float, y: float, size: float, css_class: str) -> Markup:
    """The icon as a part of a drawing, with its upper left corner there."""
    shape = shapes().get(name) or shapes()[FALLBACK]
    place = f"translate({x:g} {y:g}) scale({size / 24:.4g})"
    return Markup('<g class="{}" transform="{}">{}</g>').format(css_class, place, Markup(shape))  # noqa: S704


def names(prefix: str, limit: int) -> list[str]:
    """Names that begin with `prefix`, then those that contain it."""
    wanted = prefix.strip().lower()
    first = [name for name in shapes() if name.startswith(wanted)]
    then = [name for name in shapes() if wanted in name and not name.startswith(wanted)] if len(first) < limit else []
    return (first + then)[:limit]
