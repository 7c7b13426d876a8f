"""Runs with many large outputs: a try reads those that its expressions name, and an answer has a bounded size."""

import json
import random
import string
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, func, select

from app.automations import run_queries
from app.automations.definitions.uses import outputs_read
from app.automations.effects import EFFECTS
from app.automations.models import Run, RunStep
from app.automations.runs import inside, runner, work
from app.automations.runs.operations import retry_run
from app.core.audit import SYSTEM
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain, statuses, steps_of
from tests.automations.test_api_runs import BASE
from tests.factories import make_user
from tests.factories.automations import make_automation, make_run

LARGE = 900_000


def noise(length: int = LARGE) -> str:
    """A text that can't be packed, the same for the same length."""
    return "".join(random.Random(length).choices(string.ascii_letters, k=length))


def step(name: str, *needs: str, kind: str = "http", **values: Any) -> dict[str, Any]:
    given = values.pop("with_", {"url": "https://shop.example/"})
    return {"id": name, "type": kind, "needs": list(needs), "with": given, **values}


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: Any) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Answers with a large body; what it was sent."""
    sent: list[Any] = []

    def answer(form: Any, _call: Any) -> Any:
        sent.append(form.json_)
        return {"status": 200, "headers": {}, "body": noise()}

    monkeypatch.setitem(EFFECTS, "http", answer)
    return sent


@pytest.fixture
def read() -> Iterator[list[int]]:
    """How many bytes of values each query brought."""
    sizes: list[int] = []

    def note(connection: Any, cursor: Any, *_: Any) -> None:
        result = cursor.pgresult
        if result is not None:
            rows, columns = range(result.ntuples), range(result.nfields)
            sizes.append(sum(len(result.get_value(row, column) or b"") for row in rows for column in columns))

    event.listen(db.engine, "after_cursor_execute", note)
    yield sizes
    event.remove(db.engine, "after_cursor_execute", note)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"type": "transform", "with": {"x": "{{ steps.a.output.n + steps['b'].output }}"}}, {"a", "b"}),
        ({"type": "transform", "if": "steps.a.status == 'failed' or steps.b.error.message", "with": {}}, set()),
        ({"type": "condition", "with": {"if": "steps.a.output.ok"}}, {"a"}),
        ({"type": "http", "with": {"json": {"all": ["{{ json(steps.a) }}"]}}}, {"a"}),
        ({"type": "http", "with": {"url": "{{ steps[trigger.which].output }}"}}, None),
        ({"type": "transform", "with": {"x": "{{ keys(steps) }}"}}, None),
        ({"type": "transform", "with": {"x": "{{ [steps for steps in trigger.list] }}"}}, None),
        ({"type": "transform", "with": {"x": "steps.a.output"}}, set()),
        (
            {"type": "for_each", "with": {"items": "{{ steps.a.output }}", "step": {
                "type": "transform", "if": "steps.b.output", "with": {"x": "{{ steps.c.output }}"}}}},
            {"a", "b", "c"},
        ),
    ],
)  # fmt: skip
def test_what_a_step_reads_is_known_from_its_definition(given: dict[str, Any], wanted: set[str] | None) -> None:
    assert outputs_read(given) == wanted


def test_a_try_reads_the_outputs_that_it_names_and_no_others(service: list[Any], read: list[int]) -> None:
    many = [step(f"s{number}", *([f"s{number - 1}"] if number else [])) for number in range(6)]
    last = step("last", "s5", with_={"method": "POST", "url": "https://shop.example/", "json": {
        "second": "{{ length(steps.s1.output.body) }}", "state": "{{ steps.s2.status }}"}})  # fmt: skip
    run = make_run(make_automation([*many, last, step("end", "last", kind="transform", with_={"ok": "{{ true }}"})]))

    drain()

    assert statuses(run) == "succeeded"
    assert service[-1] == {"second": LARGE, "state": "succeeded"}
    assert max(read) < 1.2 * LARGE, "one query brought more than one output"
    assert sum(size > LARGE for size in read) == 1, "s1 is read once, the others never"


def test_steps_that_compute_and_loops_read_what_they_name(service: list[Any]) -> None:
    """Outputs that were left out are there for whoever names them: quick steps, conditions, items of loops."""
    steps = [
        step("a"), step("b", "a"),
        step("size", "a", "b", kind="transform", with_={"n": "{{ length(steps.a.output.body) }}"}),
        step("any", "b", kind="transform", with_={"n": "{{ length(steps[trigger.which].output.body) }}"}),
        step("right", "size", kind="condition", with_={"if": "steps.b.output.body == steps.a.output.body"}),
        step("loop", "right", kind="for_each", with_={"items": [1, 2], "step": {
            "type": "http", "with": {"method": "POST", "url": "https://shop.example/", "json": {
                "n": "{{ item + length(steps.b.output.body) }}"}}}}),
        step("go", "right", kind="transform", with_={"n": 1}, **{"if": "steps.a.output.body[0:2] != ''"}),
    ]  # fmt: skip
    run = make_run(make_automation(steps), input={"which": "a"})

    drain()

    assert statuses(run) == "succeeded"
    found = {name: row.output for name, row in steps_of(run).items()}
    assert (found["size"], found["any"], found["right"]) == ({"n": LARGE}, {"n": LARGE}, {"result": True})
    assert found["go"] == {"n": 1}
    assert sorted(one["n"] for one in service if one) == [LARGE + 1, LARGE + 2]


def test_what_a_run_answers_is_bounded(service: list[Any]) -> None:
    run = make_run(make_automation([step("a"), step("b"), step("c", kind="transform", with_={"n": 1})]))

    drain()

    db.session.refresh(run)
    assert run.output["a"]["body"] == noise()
    assert run.output["b"] == {"truncated": True}
    assert run.output["c"] == {"n": 1}


def test_a_retry_keeps_large_results_without_reading_them(service: list[Any], read: list[int]) -> None:
    steps = [step("a"), step("b", "a"), step("c", "b", kind="transform", with_={"n": "{{ 1 }}"})]
    run = make_run(make_automation(steps))
    drain()
    db.session.refresh(run)
    read.clear()

    again = retry_run(run, actor=SYSTEM, from_step="c")
    db.session.commit()
    drain()

    assert statuses(again) == "succeeded"
    kept, old = steps_of(again), steps_of(run)
    for name in ("a", "b"):
        for part in ("key", "input", "output", "attempts", "started_at", "finished_at", "status"):
            assert getattr(kept[name], part) == getattr(old[name], part)


@pytest.fixture
def large_run(service: list[Any]) -> Run:
    """Eight outputs of a megabyte, and a loop."""
    many = [step(f"s{number}") for number in range(8)]
    loop = step("loop", kind="for_each", with_={"items": [1, 2], "step": {
        "type": "http", "with": {"url": "https://shop.example/"}}})  # fmt: skip
    run = make_run(make_automation([*many, loop]))
    drain()
    assert statuses(run) == "succeeded"
    return run


def test_a_run_is_answered_within_a_bound_and_each_step_can_be_read_whole(api: Any, large_run: Run) -> None:
    staff = api(make_user(role="manager"))
    answer = staff.get(f"{BASE}/runs/{large_run.id}")

    assert answer.status_code == 200
    assert len(answer.data) < 7_000_000
    steps = {one["id"]: one for one in answer.json["steps"]}
    assert [one["status"] for one in steps.values()] == ["succeeded"] * 9
    assert [steps[f"s{n}"]["truncated"] for n in range(8)] == [False] * 4 + [True] * 4
    assert steps["s3"]["output"]["body"] == noise()
    assert steps["s7"]["output"] == {"truncated": True}
    assert steps["s7"]["input"]["url"] == "https://shop.example/", "small values are there in any case"
    assert [one["output"] for one in steps["loop"]["items"]] == [{"truncated": True}] * 2

    one = staff.get(f"{BASE}/runs/{large_run.id}/steps/s7")
    assert (one.status_code, one.json["truncated"]) == (200, False)
    assert one.json["output"]["body"] == noise()
    assert {**one.json, "output": None, "truncated": True} == {**steps["s7"], "output": None}
    loop = staff.get(f"{BASE}/runs/{large_run.id}/steps/loop").json
    assert [item["output"]["body"] for item in loop["items"]] == [noise()] * 2
    item = staff.get(f"{BASE}/runs/{large_run.id}/steps/loop/items/1")
    assert item.json == loop["items"][1]


def test_steps_that_arent_there(api: Any, large_run: Run) -> None:
    staff, other = api(make_user(role="manager")), api(make_user(role="client"))
    for path in ("steps/nothing", "steps/s1/items/0", "steps/loop/items/2", "steps/loop/items/-1"):
        assert staff.get(f"{BASE}/runs/{large_run.id}/{path}").status_code == 404, path
    assert other.get(f"{BASE}/runs/{large_run.id}/steps/s1").status_code == 404
    assert other.get(f"{BASE}/runs/{large_run.id}/steps/loop/items/0").status_code == 404


def test_a_step_that_has_not_begun_is_pending(api: Any) -> None:
    run = make_run(make_automation([step("ask", kind="approval", with_={"ask": "Go on?"}), step("b", "ask")]))
    drain()
    found = api(make_user(role="manager")).get(f"{BASE}/runs/{run.id}/steps/b")
    assert (found.json["status"], found.json["output"]) == ("pending", None)


def test_values_that_pack_well_are_bounded_by_what_they_are_unpacked(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of one letter takes twelve kilobytes in the database."""
    monkeypatch.setitem(EFFECTS, "http", lambda *_: {"status": 200, "headers": {}, "body": "x" * 400_000})
    run = make_run(make_automation([step(f"s{number}") for number in range(20)]))
    drain()

    answer = api(make_user(role="manager")).get(f"{BASE}/runs/{run.id}")

    assert len(answer.data) < 7_000_000
    assert len(json.loads(answer.data)["steps"]) == 20


def test_the_items_of_many_loops_are_bounded(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_queries, "MOST_ITEMS", 5)
    loop = {"items": "{{ trigger.list }}", "step": {"type": "transform", "with": {"n": "{{ item }}"}}}
    steps = [step(f"l{number}", kind="for_each", with_=loop) for number in range(3)]
    run = make_run(make_automation(steps), input={"list": list(range(4))})
    drain()
    assert statuses(run) == "succeeded"

    staff = api(make_user(role="manager"))
    found = staff.get(f"{BASE}/runs/{run.id}").json["steps"]

    assert [len(one["items"]) for one in found] == [4, 1, 0]
    assert [one["truncated"] for one in found] == [False, True, True]
    assert len(staff.get(f"{BASE}/runs/{run.id}/steps/l2").json["items"]) == 4


def test_a_look_writes_a_bounded_part_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that copy a large value compute in no time, and would be a transaction of half a gigabyte."""
    monkeypatch.setattr(inside, "LONGEST_LOOK", 60.0)
    monkeypatch.setattr(runner, "LONGEST_BATCH", 60.0)
    copies = [step(f"s{number}", kind="transform", with_={"x": "{{ trigger.body }}"}) for number in range(12)]
    automation = make_automation(copies)
    runs = [make_run(automation, input={"body": noise()}) for _ in range(6)]

    first = work.claim_looks(32, share=32)
    runner.advance(first)
    db.session.commit()

    done = dict(db.session.execute(select(RunStep.run_id, func.count()).group_by(RunStep.run_id)).all())
    assert [done.get(run.id, 0) for run in runs] == [5, 5, 5, 5, 0, 0]
    drain()
    assert [statuses(run) for run in runs] == ["succeeded"] * 6
