"""The drawing of a workflow: its trigger, its steps, each below those that it needs, and what became of them in a run.

    drawing = draw_workflow(version.workflow, states={"a": "succeeded"}, links={"a": "#step-a"})

    {% from "automations/_drawing.html" import workflow_drawing %}
    {{ workflow_drawing(drawing, "Steps of Invoice intake") }}

It takes definitions as they are kept, also drafts that are wrong: what waits in a circle, or for a step that isn't
there, is drawn without that line.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from app.automations.definitions.schemas import WorkflowInput
from app.automations.definitions.types import STEP_TYPES
from app.automations.drawing.layers import Layout, Sizes, lay_out

MOST_LINES = 1_500
"""More can't be told apart, and would weigh more than the rest of the page; the list of the steps names them all."""
USUAL = Sizes()
SMALL = Sizes(width=34, height=34, gap=10, drop=14, lane=8, margin=2)
_LONGEST_NAME, _LONGEST_TYPE = 16, 20
_TRIGGERS = {
    "manual": ("hand-click", "Manual"),
    "schedule": ("calendar-event", "Schedule"),
    "webhook": ("webhook", "Webhook"),
    "event": ("bolt", "Event"),
}
_STATE_ICONS = {
    "succeeded": "check", "failed": "x", "skipped": "arrow-forward-up", "cancelled": "ban", "running": "loader-2",
    "waiting": "hourglass", "queued": "dots", "pending": "dots",
}  # fmt: skip


@dataclass(frozen=True)
class Box:
    """The trigger, or a step. `needs` are the ids of the steps before it, `after` their names as text."""

    id: str
    name: str
    title: str
    type: str
    label: str
    icon: str
    x: float
    y: float
    state: str = ""
    state_icon: str = ""
    link: str | None = None
    is_wrong: bool = False
    is_conditional: bool = False
    needs: tuple[str, ...] = ()

    @property
    def says(self) -> str:
        """All that the box shows, in words."""
        parts = [f"{self.title}: {self.label}" if self.label else self.title]
        if self.is_conditional:
            parts.append("conditional")
        if self.state:
            parts.append(self.state)
        if self.is_wrong:
            parts.append("has problems")
        return ", ".join(parts)


@dataclass(frozen=True)
class Line:
    path: str
    state: str


@dataclass(frozen=True)
class Drawing:
    trigger: Box
    steps: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float
    sizes: Sizes
    lines_left_out: int = 0

    @property
    def boxes(self) -> tuple[Box, ...]:
        return (self.trigger, *self.steps)

    @property
    def has_links(self) -> bool:
        return any(box.link for box in self.boxes)


def draw_workflow(
    definition: WorkflowInput | Mapping[str, Any],
    states: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    *,
    wrong: Collection[str] = (),
    small: bool = False,
) -> Drawing:
    """Lay a workflow out. `states` has the state of steps in a run, `links` where a click on a step leads, both by the
    step's id; `wrong` are the ids of steps that something is wrong with. Small drawings show icons alone."""
    workflow = _as_kept(definition)
    steps = workflow["steps"]
    at = {step["id"]: index + 1 for index, step in reversed(list(enumerate(steps)))}
    needs = [[]] + [[at[one] for one in step["needs"] if one in at] or [0] for step in steps]
    sizes = SMALL if small else USUAL
    layout = lay_out(needs, sizes, broad=6 if small else 4)
    known = states or {}
    boxes = [
        _step(step, layout.boxes[index + 1], known.get(step["id"], ""), (links or {}).get(step["id"]), wrong)
        for index, step in enumerate(steps)
    ]
    lines = _lines(layout, [""] + [box.state for box in boxes])
    return Drawing(
        _trigger(workflow["trigger"], layout.boxes[0]), tuple(boxes), lines[:MOST_LINES], layout.width, layout.height,
        sizes, max(0, len(lines) - MOST_LINES),
    )  # fmt: skip


def _as_kept(definition: WorkflowInput | Mapping[str, Any]) -> dict[str, Any]:
    """The parts that are drawn, in a form that can be relied upon."""
    given: Any = definition
    if isinstance(definition, WorkflowInput):
        given = definition.model_dump(mode="json", by_alias=True)
    trigger = given.get("trigger")
    steps = given.get("steps")
    return {
        "trigger": trigger if isinstance(trigger, dict) else {},
        "steps": [_step_as_kept(one) for one in steps if isinstance(one, dict)] if isinstance(steps, list) else [],
    }


def _step_as_kept(step: Mapping[str, Any]) -> dict[str, Any]:
    needs = step.get("needs")
    return {
        "id": str(step.get("id") or ""),
        "name": str(step.get("name") or ""),
        "type": str(step.get("type") or ""),
        "needs": [one for one in needs if isinstance(one, str)] if isinstance(needs, list) else [],
        "if": step.get("if"),
    }


def _trigger(trigger: Mapping[str, Any], place: tuple[float, float]) -> Box:
    kind = str(trigger.get("type"))
    icon, label = _TRIGGERS.get(kind, ("hand-click", "No trigger"))
    more = {"schedule": trigger.get("cron"), "event": trigger.get("event")}.get(kind)
    return Box("", shortened(label, _LONGEST_NAME), label, kind, str(more or ""), icon, *place)


def _step(
    step: Mapping[str, Any], place: tuple[float, float], state: str, link: str | None, wrong: Collection[str]
) -> Box:
    kind = STEP_TYPES.get(step["type"])
    title = step["name"] or step["id"]
    label = kind.label if kind else step["type"]
    return Box(
        step["id"],
        shortened(title, _LONGEST_NAME),
        title,
        step["type"],
        shortened(label, _LONGEST_TYPE),
        kind.icon if kind else "help",
        *place,
        state=state,
        state_icon=_STATE_ICONS.get(state, ""),
        link=link,
        is_wrong=step["id"] in wrong,
        is_conditional=step["if"] is not None,
        needs=tuple(step["needs"]),
    )


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _lines(layout: Layout, states: list[str]) -> tuple[Line, ...]:
    """A line has the state of the box that it leads to."""
    return tuple(Line(_path(points), states[below]) for _, below, points in layout.lines)


def _path(points: Any) -> str:
    """Straight past the boxes, and curved from one row to the next."""
    x, y = points[0]
    parts = [f"M{x:g} {y:g}"]
    for at, (to_x, to_y) in enumerate(points[1:]):
        if at % 2 or to_x == x:
            parts.append(f"V{to_y:g}")
        else:
            middle = (y + to_y) / 2
            parts.append(f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}")
        x, y = to_x, to_y
    return "".join(parts)
