"""Workflows as drawings: each step below what it needs, boxes apart, lines around boxes; also of broken drafts."""

from itertools import pairwise
from time import perf_counter

import pytest
from flask import render_template_string
from hypothesis import given, settings
from hypothesis import strategies as st

from app.automations.definitions.schemas import WorkflowInput
from app.automations.drawing.layers import Sizes, lay_out, layers_of, reduced, without_circles
from app.automations.drawing.workflows import MOST_LINES, draw_workflow

SIZES = Sizes()


def workflow(*needs, **step):
    """Steps a, b, c …, each with the ids that it needs."""
    steps = [
        {"id": chr(97 + at), "type": "transform", "needs": list(one), **step} if at < 26 else None
        for at, one in enumerate(needs)
    ]
    return {"trigger": {"type": "manual"}, "steps": steps}


def test_a_diamond_has_three_layers_and_is_symmetrical():
    drawing = draw_workflow(workflow("", "a", "a", "bc"))
    a, b, c, d = drawing.steps
    assert a.y < b.y == c.y < d.y
    assert b.x < a.x < c.x
    assert a.x == d.x == drawing.trigger.x
    assert round(b.x + c.x - 2 * a.x, 1) == 0
    assert len(drawing.lines) == 5


def test_lines_that_follow_from_others_are_left_out():
    assert reduced([[], [0], [1, 0], [2, 1, 0]]) == [[], [0], [1], [2]]
    assert len(draw_workflow(workflow("", "a", "ba")).lines) == 3


def test_a_long_line_goes_around_the_boxes_between():
    drawing = draw_workflow(workflow("", "a", "b", "", "cd"))
    d = drawing.steps[3]
    assert d.y == drawing.steps[0].y
    long = next(line.path for line in drawing.lines if line.path.startswith(f"M{d.x:g} {d.y + SIZES.height:g}"))
    assert long.count("V") >= 2


def test_states_and_links_stand_in_the_boxes_and_in_the_words():
    drawing = draw_workflow(workflow("", "a"), {"a": "failed", "b": "skipped"}, {"a": "#step-a"}, wrong=["b"])
    a, b = drawing.steps
    assert (a.state, a.link, a.state_icon) == ("failed", "#step-a", "x")
    assert a.says == "a: Compute values, failed"
    assert b.says == "b: Compute values, skipped, has problems"


def test_it_takes_a_definition_as_the_api_has_it():
    taken = WorkflowInput.model_validate(workflow("", "a", **{"if": "true"}))
    assert [(box.id, box.is_conditional) for box in draw_workflow(taken).steps] == [("a", True), ("b", True)]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"trigger": None, "steps": None},
        {"trigger": {"type": "moon"}, "steps": [{}, {"id": 5, "needs": "a"}, "step"]},
        workflow("b", "a"),
        workflow("a"),
        workflow("z"),
        {"trigger": {"type": "manual"}, "steps": [{"id": "a", "type": "http"}, {"id": "a", "type": "nothing"}]},
    ],
)
def test_broken_drafts_are_drawn_as_far_as_it_goes(broken, app):
    drawing = draw_workflow(broken)
    assert drawing.width > 0
    with app.test_request_context():
        assert "<svg" in shown(drawing)


def test_a_circle_loses_the_line_that_closes_it():
    assert without_circles([[1], [0]]) == [[1], []]
    assert without_circles([[0]]) == [[]]


def test_many_steps_in_parallel_take_several_rows():
    drawing = draw_workflow(workflow(*[""] * 20))
    assert drawing.width < 5 * (SIZES.width + SIZES.gap)
    assert len({box.y for box in drawing.steps}) == 5


def test_two_hundred_steps_are_drawn_at_once(app):
    steps = [{"id": f"s{at}", "type": "http", "needs": [f"s{at - 1}"] * (at % 7 > 0)} for at in range(200)]
    before = perf_counter()
    drawing = draw_workflow({"trigger": {"type": "manual"}, "steps": steps})
    assert len(drawing.steps) == 200
    assert perf_counter() - before < 2
    with app.test_request_context():
        assert len(shown(drawing)) < 300_000


def test_no_more_lines_than_can_be_told_apart():
    steps = [{"id": f"s{at}", "needs": [f"s{one}" for one in range(100)] if at >= 100 else []} for at in range(200)]
    drawing = draw_workflow({"steps": steps})
    assert len(drawing.lines) == MOST_LINES
    assert drawing.lines_left_out == 100 * 100 + 100 - MOST_LINES


def test_names_are_escaped_and_shortened(app):
    drawing = draw_workflow({"steps": [{"id": "a", "type": "http", "name": "<b>" + "long " * 20}]})
    assert drawing.steps[0].name.endswith("…")
    with app.test_request_context():
        page = shown(drawing)
    assert "<b>" not in page
    assert "style=" not in page


def test_a_drawing_with_links_is_no_image_to_screen_readers(app):
    with app.test_request_context():
        assert 'role="img"' in shown(draw_workflow(workflow("")))
        assert 'role="img"' not in shown(draw_workflow(workflow(""), links={"a": "#a"}))


def shown(drawing):
    source = '{% from "automations/_drawing.html" import workflow_drawing %}{{ workflow_drawing(drawing, "Steps") }}'
    return render_template_string(source, drawing=drawing)


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 25))
    return [draw(st.lists(st.integers(0, size - 1), max_size=4)) for _ in range(size)]


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_boxes_never_overlap_and_lines_run_down(needs):
    layout = lay_out(needs, SIZES)
    kept = without_circles(needs)
    layer = layers_of(kept)
    for box, before in enumerate(kept):
        assert all(layer[one] < layer[box] and layout.boxes[one][1] < layout.boxes[box][1] for one in before)
    rows = {}
    for x, y in layout.boxes:
        rows.setdefault(y, []).append(x)
        assert SIZES.width / 2 <= x <= layout.width - SIZES.width / 2
        assert 0 < y < layout.height - SIZES.height
    for places in rows.values():
        assert all(right - left >= SIZES.width + SIZES.gap - 0.2 for left, right in pairwise(sorted(places)))
    for _, _, points in layout.lines:
        assert all(low[1] > high[1] for high, low in pairwise(points))
    for one, other, points in layout.lines:
        assert not any(crosses(points, place) for at, place in enumerate(layout.boxes) if at not in (one, other))


def crosses(points, place):
    """Whether a line passes straight through a box on its way."""
    x, y = place
    straight = [(high, low) for at, (high, low) in enumerate(pairwise(points)) if at % 2]
    return any(abs(high[0] - x) < SIZES.width / 2 and high[1] == y for high, low in straight)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_leaving_lines_out_keeps_what_comes_before_what(needs):
    kept = without_circles(needs)
    assert all(above(kept, box) == above(reduced(kept), box) for box in range(len(kept)))


def above(needs, box):
    found, waiting = set(), list(needs[box])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += needs[one]
    return found
