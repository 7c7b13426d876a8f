"""What could be automated, by the rules: bounds, directions, and a suggestion that can be deployed as it is."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.automations.analysis.facts import Assumptions, Process, ProcessStep
from app.automations.analysis.potential import potential_of
from app.automations.analysis.scoring import Analysed, analyse
from app.automations.definitions.checking import Surroundings, problems_of
from app.automations.definitions.schemas import WorkflowInput
from app.automations.definitions.types import STEP_TYPES

ASSUMED = Assumptions()

HARD_NAMES = [
    "Send an e-mail",
    "{{{{ secrets.X }}",
    "Prüfen, ob bezahlt",
    "用户",
    "class",
    "1",
    "Check {{",
    "}}{{",
    "chat",
]
names = st.one_of(
    st.text(min_size=1, max_size=160).filter(lambda text: text.strip() != ""),
    st.sampled_from(HARD_NAMES),
)  # fmt: skip
steps = st.builds(
    ProcessStep,
    name=names,
    minutes=st.decimals("0", "10000", places=2),
    times_per_month=st.decimals("0", "100000", places=1),
    rule_based=st.sampled_from([True, False, None]),
    structured_input=st.sampled_from([True, False, None]),
    systems=st.lists(st.text(min_size=1, max_size=30), max_size=8).map(tuple),
    exception_rate=st.one_of(st.none(), st.decimals("0", "1", places=4)),
)
processes = st.builds(
    Process,
    name=names,
    steps=st.lists(steps, min_size=1, max_size=30).map(tuple),
    hourly_cost=st.decimals("0", "500", places=2),
)


def _step(**values: Any) -> ProcessStep:
    values = {"name": "Book", "minutes": Decimal(6), "times_per_month": Decimal(100)} | values
    return ProcessStep(**values)


def _analysed(*steps: ProcessStep, cost: str = "35.00") -> Analysed:
    return analyse(Process("Invoice intake", steps, Decimal(cost)))


@given(processes)
def test_the_suggestion_can_be_deployed_as_it_is(process: Process) -> None:
    found = analyse(process)
    workflow = WorkflowInput.model_validate(found.suggested.workflow)
    assert problems_of(workflow, Surroundings()) == []
    assert [step.type for step in workflow.steps] == list(found.suggested.types)
    assert set(found.suggested.types) <= STEP_TYPES.keys()
    assert len(workflow.steps) == len(process.steps)


@given(processes)
def test_every_figure_is_within_its_bounds_and_follows_from_the_others(process: Process) -> None:
    found = analyse(process)
    assert 0 <= found.score <= 100
    assert all(0 <= step.potential <= 100 for step in found.steps)
    assert found.hours_saved_per_month == sum(step.hours_saved for step in found.steps)
    assert all(0 <= step.hours_saved <= step.step.hours + Decimal("0.005") for step in found.steps)
    assert found.annual_saving == round(found.hours_saved_per_month * 12 * process.hourly_cost, 2)
    assert (found.payback_months is None) == (found.annual_saving == 0)
    assert min(s.potential for s in found.steps) <= found.score <= max(s.potential for s in found.steps)


@given(steps)
def test_what_is_easier_never_scores_less(step: ProcessStep) -> None:
    def with_(**changes: Any) -> tuple[int, Decimal]:
        one = {name: getattr(step, name) for name in ProcessStep.__slots__} | changes
        found = potential_of(ProcessStep(**one), ASSUMED)
        return found.potential, found.hours_saved

    for name in ("rule_based", "structured_input"):
        no, unknown, yes = (with_(**{name: value}) for value in (False, None, True))
        assert no[0] <= unknown[0] <= yes[0]
        assert no[1] <= unknown[1] <= yes[1]
    for easy, hard in ((Decimal(0), Decimal("0.2")), (Decimal("0.2"), Decimal(1))):
        assert with_(exception_rate=easy) >= with_(exception_rate=hard)


@given(processes)
def test_the_same_values_give_the_same_answer(process: Process) -> None:
    assert analyse(process) == analyse(process)


def test_a_step_says_what_each_part_adds() -> None:
    found = potential_of(_step(rule_based=True, structured_input=False, systems=("SAP", "DATEV")), ASSUMED)
    assert found.reasons == [
        "Follows fixed rules: 35 of 35 points.",
        "Free text or scans, which a language model has to read: 8 of 20 points.",
        "10 % exceptions (assumed): 16 of 20 points.",
        "10 hours a month: 7.5 of 15 points.",
        "2 systems to connect: 8 of 10 points.",
        "Exceptions aside, an automation does 70 % of the work: it saves 6.3 of 10 hours a month.",
    ]
    assert found.potential == 75  # 74.5


def test_what_takes_judgement_and_little_time_stays_with_people() -> None:
    found = _analysed(
        _step(minutes=Decimal(1), rule_based=False, structured_input=False, exception_rate=Decimal("0.3"))
    )
    assert (found.steps[0].potential, found.steps[0].is_automated) == (22, False)
    assert (found.hours_saved_per_month, found.annual_saving, found.payback_months) == (0, 0, None)
    assert found.building.cost == 0
    assert found.suggested.types == ("approval",)


@pytest.mark.parametrize(
    ("step", "step_type"),
    [
        (_step(name="Decide on a discount", rule_based=False), "approval"),
        (_step(name="Read the invoice", rule_based=True, structured_input=False), "language_model"),
        (_step(name="Send a reminder", rule_based=True, structured_input=True), "email"),
        (_step(name="Den Betrag prüfen", rule_based=True, structured_input=True), "condition"),
        (_step(name="Calculate the tax", rule_based=True, structured_input=True), "transform"),
        (_step(name="Book it", rule_based=True, structured_input=True, systems=("DATEV",)), "http"),
        (_step(name="Text message to the driver: SMS", rule_based=True, structured_input=True), "sms"),
        (_step(name="Merge", rule_based=True, structured_input=True), "transform"),
        (_step(name="Ask for approval", rule_based=True, structured_input=True), "approval"),
        (_step(name="Freigabe einholen", rule_based=True, structured_input=True), "approval"),
        (_step(name="Answer the supplier", rule_based=True, structured_input=True), "email"),
        (_step(name="Open the mail", rule_based=True, structured_input=True), "transform"),
        (_step(name="E-Mail lesen", rule_based=True, structured_input=True), "transform"),
    ],
)
def test_the_type_of_a_step_follows_from_what_is_said_of_it(step: ProcessStep, step_type: str) -> None:
    assert _analysed(step).suggested.types == (step_type,)


def test_what_follows_a_decision_waits_for_its_answer() -> None:
    found = _analysed(
        _step(name="Check the amount", rule_based=True, structured_input=True),
        _step(name="Check the amount", rule_based=True, structured_input=True, systems=("SAP",)),
        _step(name="Book", rule_based=True, structured_input=True, systems=("SAP",)),
    )
    first, second, third = found.suggested.workflow["steps"]
    assert (first["id"], second["id"], third["id"]) == ("check_the_amount", "check_the_amount_2", "book")
    assert second["needs"] == ["check_the_amount"]
    assert third["if"] == "steps['check_the_amount_2'].output.result"
    assert third["with"]["url"] == "https://sap.invalid/book"


def test_a_system_that_several_steps_use_is_connected_once() -> None:
    found = _analysed(
        _step(rule_based=True, structured_input=True, systems=("SAP",)),
        _step(rule_based=True, structured_input=True, systems=("sap", "DATEV")),
    )
    assert found.building.hours == 8 + 2 * 3 + 2 * 6
    assert found.building.cost == Decimal("2470.00")


def test_what_a_run_saves_is_by_the_most_frequent_step() -> None:
    found = _analysed(
        _step(rule_based=True, structured_input=True), _step(name="Monthly report", times_per_month=Decimal(1))
    )
    assert found.minutes_saved_per_run == round(found.hours_saved_per_month * 60 / 100, 2)
