"""Changes of definitions, what is different between two, and bringing two together."""

from copy import deepcopy

import pytest

from app.automations.editor import edits
from app.automations.editor.comparing import changes_between, summary_of
from app.automations.editor.merging import merge


def flow(*steps, **trigger):
    return {"trigger": {"type": "manual", **trigger}, "steps": [dict(step) for step in steps]}


A = {"id": "a", "type": "http", "with": {"url": "https://a.example"}}
B = {"id": "b", "type": "transform", "needs": ["a"], "with": {"n": "{{ steps.a.output.body.n }}"}}
C = {"id": "c", "type": "email", "needs": ["b"], "if": "steps.b.output.n > 1", "with": {"to": "x@example.com"}}
BASE = flow(A, B, C)


def test_a_new_step_needs_the_one_before_it():
    made, step_id = edits.add_step(BASE, "http", after="a")
    assert step_id == "http"
    assert [step["id"] for step in made["steps"]] == ["a", "http", "b", "c"]
    assert made["steps"][1]["needs"] == ["a"]
    assert edits.add_step(edits.blank(), "http")[0]["steps"] == [{"id": "http", "type": "http"}]


def test_a_copy_has_an_id_of_its_own():
    made, step_id = edits.duplicate_step(BASE, "b")
    assert [step["id"] for step in made["steps"]] == ["a", "b", step_id, "c"]
    assert made["steps"][2] == {**B, "id": step_id}
    assert made["steps"][2]["with"] is not BASE["steps"][1]["with"]


def test_what_needed_a_deleted_step_needs_what_it_needed():
    made = edits.delete_step(BASE, "b")
    assert made["steps"] == [A, {**C, "needs": ["a"]}]
    assert edits.delete_step(BASE, "a")["steps"][0] == {k: v for k, v in B.items() if k != "needs"}


def test_a_new_id_is_followed_by_needs_and_expressions():
    made = edits.replace_step(BASE, "b", {**B, "id": "sum-up"})
    assert made["steps"][2] == {**C, "needs": ["sum-up"], "if": "steps['sum-up'].output.n > 1"}
    again = edits.replace_step(made, "sum-up", {**made["steps"][1], "id": "b"})
    assert again == flow(A, B, {**C, "if": "steps.b.output.n > 1"})


def test_a_new_id_leaves_alone_what_only_begins_so():
    workflow = flow(
        {"id": "a", "type": "transform"}, {"id": "b", "type": "transform", "with": {"x": "{{ steps.ab.output }}"}}
    )
    assert edits.replace_step(workflow, "a", {"id": "z", "type": "transform"})["steps"][1] == workflow["steps"][1]


@pytest.mark.parametrize(("new", "error"), [("a", edits.StepIdTaken), ("1x", edits.NotAStepId), ("", edits.NotAStepId)])
def test_ids_that_cannot_be(new, error):
    with pytest.raises(error):
        edits.replace_step(BASE, "b", {**B, "id": new})


def test_moving_stops_at_the_ends_and_nothing_is_changed_in_place():
    before = deepcopy(BASE)
    assert [step["id"] for step in edits.move_step(BASE, "a", -1)["steps"]] == ["a", "b", "c"]
    assert [step["id"] for step in edits.move_step(BASE, "a", 1)["steps"]] == ["b", "a", "c"]
    edits.delete_step(BASE, "a"), edits.duplicate_step(BASE, "a"), edits.add_step(BASE, "sms")
    assert before == BASE


def test_no_more_steps_than_a_workflow_may_have():
    full = flow(*({"id": f"s{n}", "type": "transform"} for n in range(200)))
    with pytest.raises(edits.TooManySteps):
        edits.add_step(full, "http")
    with pytest.raises(edits.TooManySteps):
        edits.duplicate_step(full, "s1")


def test_changes_are_told_member_by_member():
    after = flow(
        {**A, "with": {"url": "https://b.example", "method": "POST"}, "retry": {"max_attempts": 3}},
        {"id": "d", "type": "sms", "with": {"to": "1"}},
        C,
        type="schedule",
        cron="0 6 * * 1",
    )
    changes = changes_between(BASE, after)
    assert [(one.kind, one.step_id) for one in changes] == [
        ("changed", ""), ("changed", "a"), ("added", "d"), ("removed", "b"),
    ]  # fmt: skip
    assert [(one.label, one.before, one.after) for one in changes[1].members] == [
        ("URL", "https://a.example", "https://b.example"),
        ("Method", None, "POST"),
        ("Attempts", None, "3"),
    ]
    assert summary_of(changes) == "Trigger changed, 1 step added, 1 removed, 1 changed."
    assert summary_of([]) == "No changes."


def test_one_and_true_are_different_and_a_moved_step_is_told():
    one, other = flow({**A, "example": 1}, B, C), flow(C, {**A, "example": True}, B)
    assert [(change.kind, change.step_id) for change in changes_between(one, other)] == [
        ("changed", "a"),
        ("moved", "c"),
    ]


def test_what_one_side_changed_alone_is_taken_member_by_member():
    theirs = flow({**A, "with": {"url": "https://theirs.example"}}, B, C)
    ours = flow({**A, "timeout_seconds": 5}, B, {**C, "name": "Tell them"})
    merged, conflicts = merge(BASE, theirs, ours)
    assert conflicts == []
    assert merged["steps"] == [
        {**A, "with": {"url": "https://theirs.example"}, "timeout_seconds": 5}, B, {**C, "name": "Tell them"},
    ]  # fmt: skip


def test_what_both_changed_stays_ours_and_is_told():
    theirs = flow({**A, "with": {"url": "https://theirs.example"}}, B, C)
    ours = flow({**A, "with": {"url": "https://ours.example"}}, B, C)
    merged, conflicts = merge(BASE, theirs, ours)
    assert merged == ours
    assert conflicts == ["URL of “a”: changed in both. Your value was kept."]


def test_steps_that_one_side_added_or_deleted():
    theirs = flow(A, {"id": "x", "type": "delay", "needs": ["a"], "with": {"seconds": 1}}, {**B, "needs": ["x"]}, C)
    ours = flow(A, B)
    merged, conflicts = merge(BASE, theirs, ours)
    assert [step["id"] for step in merged["steps"]] == ["a", "x", "b"]
    assert merged["steps"][2]["needs"] == ["x"]
    assert conflicts == []
    merged, conflicts = merge(BASE, flow(A, B, {**C, "name": "n"}), flow(A, {**B, "name": "m"}))
    assert [step["id"] for step in merged["steps"]] == ["a", "b"]
    assert conflicts == ["“n” was changed, but you deleted it. It stays deleted."]
    merged, conflicts = merge(BASE, flow(A), ours)
    assert [step["id"] for step in merged["steps"]] == ["a"]
