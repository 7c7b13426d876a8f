"""A machine of states: what its declaration refuses, finds and says. The kind is made up, its table is real."""

import threading
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import Field
from sqlalchemy import text

from app.assistants.engagements.steps import MATCH
from app.core import steps as core
from app.core.audit import SYSTEM
from app.core.changes import rules as undoing
from app.core.errors import Conflict
from app.core.kinds import Filing, editing_of
from app.core.schemas import Input
from app.core.steps import Confirm, State, Step, Steps, WrongStep
from app.extensions import db
from app.projects.change_orders.steps import ORDER
from app.projects.kinds import projects
from tests.factories.engagements import make_match


class Reason(Input):
    note: Annotated[str, Field(min_length=1, title="Why?")]


class Sealed(Conflict):
    code = "sealed"


@pytest.fixture
def parcel(monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.setattr(core, "_DECLARED", {})
    monkeypatch.setattr(core, "_COLOURS", {})
    return Steps(
        table="parcels",
        noun="parcel",
        by={"staff": "projects:manage"},
        states=(State("packed"), State("on_way", "info", words="on its way"), State("lost", "danger")),
        steps=(
            Step("send", ("packed",), "on_way", past="sent"),
            Step("lose", ("packed", "on_way"), "lost", did="mislaid"),
            Step("burn", ("lost",), past="burnt", confirm=Confirm("Burn it?")),
        ),
    )


def at(status: str, **more: Any) -> Any:
    return SimpleNamespace(id=1, status=status, **more)


def test_a_step_that_does_not_follow_is_refused_with_one_error(parcel: Steps) -> None:
    with pytest.raises(WrongStep) as refused:
        parcel.require(at("on_way"), "burn")
    assert (refused.value.status, refused.value.code) == (409, "wrong-step")
    assert refused.value.message == "A parcel that is on its way can’t be burnt."
    with pytest.raises(WrongStep, match="This parcel is lost already"):
        parcel.require(at("lost"), "lose")
    parcel.require(at("packed"), "lose")


def test_what_else_is_in_the_way_is_told_after_the_state(parcel: Steps) -> None:
    @parcel.does("send", unless=lambda one: Sealed("It is sealed.") if one.sealed else None)
    def send(one: Any, *, actor: Any) -> Any:
        return one

    assert parcel.obstacle(at("packed", sealed=False), "send") is None
    assert parcel.obstacle(at("packed", sealed=True), "send").code == "sealed"
    assert parcel.obstacle(at("lost", sealed=True), "send").code == "wrong-step"


def test_a_record_that_is_archived_takes_no_step(parcel: Steps) -> None:
    obstacle = parcel.obstacle(at("packed", is_archived=True), "send")
    assert obstacle is not None
    assert (obstacle.status, obstacle.code) == (409, "archived")
    assert obstacle.message == "This parcel is archived. Restore it first."
    assert parcel.obstacle(at("lost", is_archived=True), "send").code == "wrong-step"
    assert parcel.obstacle(at("packed", is_archived=False), "send") is None


def test_an_older_code_stays_what_programs_know(parcel: Steps) -> None:
    parcel.does("burn", instead=lambda one: Sealed(f"No: {one.status}."))(lambda one, *, actor: one)
    assert (parcel.obstacle(at("packed"), "burn").code, parcel.obstacle(at("lost"), "burn")) == ("sealed", None)


def test_the_operation_is_given_what_it_takes(parcel: Steps) -> None:
    taken: list[Any] = []

    @parcel.does("lose", form=Reason)
    def lose(one: Any, note: str, *, step: Step, actor: Any) -> str:
        taken.append((one, note, step.verb, actor))
        return "gone"

    @parcel.does("send")
    def send(one: Any, *, actor: Any) -> None:
        taken.append(one)

    assert (parcel["lose"].form, parcel["lose"].body, parcel["send"].form) == (Reason, Reason, None)
    assert parcel.take(7, "lose", Reason(note="Rain."), actor=SYSTEM) == "gone"
    parcel.take(8, "send", Reason(note="Not asked."), actor=SYSTEM)
    assert taken == [(7, "Rain.", "lose", SYSTEM), 8]


def test_a_step_without_an_operation_is_not_drawn(parcel: Steps) -> None:
    with pytest.raises(LookupError, match="parcels: no operation is declared for send, lose, burn"):
        parcel.require_operations()


def test_the_way_to_a_state_is_found_from_where_the_record_is(parcel: Steps) -> None:
    assert parcel.towards(at("on_way"), "lost").verb == "lose"
    with pytest.raises(WrongStep, match="A parcel that is lost can’t be sent"):
        parcel.towards(at("lost"), "on_way")
    with pytest.raises(WrongStep, match="A parcel that is lost can’t be made packed again"):
        parcel.towards(at("lost"), "packed")


def test_a_step_must_name_states_that_are_there() -> None:
    nowhere = Step("fly", ("packed",), "moon", past="flown")
    with pytest.raises(ValueError, match="the step fly names no state"):
        Steps(table="rockets", noun="rocket", states=(State("packed"),), steps=(nowhere,))


def test_the_same_state_has_one_colour_everywhere(parcel: Steps) -> None:
    with pytest.raises(ValueError, match="packed has another colour elsewhere"):
        Steps(table="crates", noun="crate", states=(State("packed", "danger"),))


def test_a_step_takes_from_its_kind_what_it_does_not_say(parcel: Steps) -> None:
    step = Steps(
        table="letters",
        noun="letter",
        by={"company": "letters:write"},
        action="{verb}-letter",
        did="{past} a letter of",
        done="{past} a letter, now {to}",
        said="It is {state} for {record.name}.",
        states=(State("sealed", words="closed"),),
        steps=(Step("seal", ("sealed",), "sealed"), Step("open", ("sealed",), past="read", by={"staff": "mail:read"})),
    )
    seal, opened = step.steps
    assert (seal.label, seal.past, seal.action, seal.did) == ("Seal", "closed", "seal-letter", "closed a letter of")
    assert (seal.done, seal.by) == ("closed a letter, now sealed", {"company": "letters:write"})
    assert (opened.by, opened.past, opened.action) == ({"staff": "mail:read"}, "read", "open-letter")
    assert step.told(seal, at("sealed", name="Ana")) == "It is closed for Ana."


def test_type_check_badge_and_history_come_from_it(parcel: Steps) -> None:
    assert parcel.literal.__args__ == ("packed", "on_way", "lost")
    assert str(parcel.check().sqltext) == "status in ('packed', 'on_way', 'lost')"
    assert (parcel.final, parcel.named("on_way").shown) == (frozenset(), "On way")
    assert list(core.history_words()) == [
        ("send", "sent", "sent it"),
        ("lose", "mislaid", "mislaid it"),
        ("burn", "burnt", "burnt it"),
    ]
    assert core.steps_of("parcels") is parcel
    assert core.steps_of("stamps") is None


def test_a_bulk_change_may_not_set_a_state() -> None:
    with pytest.raises(TypeError, match="projects: status is changed by steps alone"):
        Filing(editing_of(projects), bulk_fields=("status",))


def test_a_state_is_not_undone_by_putting_back_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(undoing._rules, "projects", raising=False)
    kept = undoing.rules_of("projects").kept
    assert (kept("update", "status"), kept("update", "name"), kept("create", None)) == (undoing.BY_STEPS, "", "")


@pytest.mark.parametrize(
    ("steps", "state", "verb", "says"),
    [
        (ORDER, "draft", "approve", "“More” is a draft, and can’t be approved."),
        (MATCH, "ended", "end", "This match is over already."),
        (MATCH, "ended", "complete", "A match that is over can’t be completed."),
        (MATCH, "completed", "end", "A match that is completed can’t be ended early."),
    ],
)
def test_the_words_of_a_state_make_a_sentence(steps: Steps, state: str, verb: str, says: str) -> None:
    with pytest.raises(WrongStep) as refused:
        steps.require_state(at(state, title="More"), verb)
    assert str(refused.value) == says


@pytest.mark.usefixtures("committed_db", "db_session")
def test_the_state_is_read_afresh_under_the_lock() -> None:
    """What was read before somebody else committed doesn't count, and nobody gets between the look and the step."""
    match = make_match("proposed")
    db.session.commit()
    assert match.status == "proposed"
    with db.engine.connect() as other:
        other.execute(text("update matches set status = 'withdrawn' where id = :id"), {"id": match.id})
        threading.Timer(0.3, other.commit).start()
        with pytest.raises(WrongStep, match="This match is withdrawn already"):
            MATCH.locked(match, "withdraw", actor=SYSTEM)
    db.session.rollback()
