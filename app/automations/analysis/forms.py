"""The guided form of an analysis: steps in rows, or pasted from a spreadsheet; or the file of an event log."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.automations.analysis.facts import MOST_STEPS
from app.automations.analysis.schemas import AnalyzeStep, HourlyCost, StepName
from app.core.clock import zone_of
from app.core.money import Currency
from app.core.schemas import Input, Line, Number, Picked, Prose

Answer = Literal["Not known", "Yes", "No"]
DayOrder = Literal["As the file says", "Day first", "Month first"]
ORDERS = {"Day first": "dmy", "Month first": "mdy"}
_FLAGS = {"Yes": True, "No": False}
_WORDS = {
    **dict.fromkeys(("yes", "y", "ja", "j", "oui", "o", "true", "x", "1"), "Yes"),
    **dict.fromkeys(("no", "n", "nein", "non", "false", "0"), "No"),
}
_CELLS = ("name", "minutes", "times_per_month", "rule_based", "structured_input", "systems", "exceptions")
_NUMBER = re.compile(r"\s*[\d.,’' ]+\s*%?\s*")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+")


class StepRow(Input):
    """A step as it is done today."""

    name: Annotated[StepName, Field(title="Step")]
    minutes: Annotated[Decimal, Number(0, 10_000, decimals=2, unit="minutes"), Field(title="Duration")]
    times_per_month: Annotated[Decimal, Number(0, 1_000_000, decimals=2, unit="a month"), Field(title="Frequency")]
    rule_based: Answer = Field(default="Not known", title="Follows fixed rules")
    structured_input: Answer = Field(default="Not known", title="Structured input")
    systems: Annotated[str, Line(400), Field(title="Systems", description="Separate them with commas.")] = ""
    exceptions: Annotated[Decimal | None, Number(0, 100, unit="%"), Field(title="Exceptions")] = None


class ProcessForm(Input):
    """A process, by its steps or by its event log."""

    name: Annotated[str, Line(160, min_length=1, example="Invoice intake"), Field(title="Process")]
    """WTForms takes the name `process` for itself."""
    hourly_cost: Annotated[
        HourlyCost, Field(title="Hourly cost", description="Full cost of an hour of work: wages and everything on top.")
    ]
    currency: Currency = Field(default="EUR", title="Currency")
    description: Annotated[str, Prose(20_000), Field(title="Description")] = ""
    pasted: Annotated[str, Prose(50_000), Field(title="Steps from a spreadsheet")] = ""
    steps: Annotated[list[StepRow], Field(max_length=MOST_STEPS, title="Steps")] = Field(default_factory=list)
    timezone: Annotated[str, Line(64), Field(title="Time zone of times without one")] = "UTC"
    day_order: DayOrder = Field(default="As the file says", title="Dates such as 03/11/2026")
    column_case: Annotated[str, Line(200), Field(title="Case column")] = ""
    column_activity: Annotated[str, Line(200), Field(title="Activity column")] = ""
    column_at: Annotated[str, Line(200), Field(title="End time column")] = ""
    column_started_at: Annotated[str, Line(200), Field(title="Start time column")] = ""
    column_resource: Annotated[str, Line(200), Field(title="Person column")] = ""
    classifier: Annotated[str, Line(200), Field(title="Classifier (XES)")] = ""


class ProcessFormOfStaff(ProcessForm):
    """The same on behalf of a company, or for nobody yet."""

    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None


class AnswersForm(Input):
    """Other answers for an analysis that is there."""

    hourly_cost: Annotated[HourlyCost, Field(title="Hourly cost")]
    steps: Annotated[list[StepRow], Field(max_length=MOST_STEPS, title="Steps")] = Field(default_factory=list)


def steps_of(rows: Sequence[StepRow]) -> list[dict[str, Any]]:
    """The rows as an analysis takes them."""
    return [
        {
            "name": row.name,
            "minutes": row.minutes,
            "times_per_month": row.times_per_month,
            "rule_based": _FLAGS.get(row.rule_based),
            "structured_input": _FLAGS.get(row.structured_input),
            "systems": [name for part in row.systems.split(",") if (name := part.strip()[:80])],
            "exception_rate": None if row.exceptions is None else row.exceptions / 100,
        }
        for row in rows
    ]


def rows_of(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps of an answer as the form shows them."""
    words = {True: "Yes", False: "No", None: "Not known"}
    return [
        {
            "name": step["name"],
            "minutes": Decimal(str(step["minutes"])),
            "times_per_month": Decimal(str(step["times_per_month"])),
            "rule_based": words[step["rule_based"]],
            "structured_input": words[step["structured_input"]],
            "systems": ", ".join(step["systems"]),
            "exceptions": None if step["exception_rate"] is None else round(Decimal(str(step["exception_rate"])) * 100),
        }
        for step in steps
    ]


def event_log_of(values: ProcessForm, file_id: UUID) -> dict[str, Any]:
    names = ("case", "activity", "at", "started_at", "resource")
    columns = {name: heading for name in names if (heading := getattr(values, f"column_{name}"))}
    zone = values.timezone if zone_of(values.timezone) else "UTC"
    return {
        "file_id": file_id,
        "timezone": zone,
        "day_order": ORDERS.get(values.day_order),
        "columns": columns,
        "classifier": values.classifier,
    }


def pasted_rows(text: str) -> list[dict[str, str]]:
    """Rows out of lines: a name alone, or cells with tabs or semicolons between them, in the order of the form. A first
    row that names the columns is left out."""
    lines = [line for line in text.splitlines() if line.strip()][: MOST_STEPS + 1]
    rows = [_cells(line) for line in lines]
    has_heading = len(rows) > 1 and not _has_number(rows[0]) and _has_number(rows[1])
    return [_row(cells) for cells in rows[has_heading:][:MOST_STEPS]]


def _has_number(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and _NUMBER.fullmatch(cells[1]) is not None


def _cells(line: str) -> list[str]:
    separator = "\t" if "\t" in line else ";"
    return [cell.strip() for cell in line.split(separator)]


def _row(cells: Sequence[str]) -> dict[str, str]:
    row = dict(zip(_CELLS, cells, strict=False))
    row["name"] = _BULLET.sub("", row["name"])[:160]
    for name in ("rule_based", "structured_input"):
        row[name] = _WORDS.get(row.get(name, "").casefold(), "Not known")
    row["exceptions"] = row.get("exceptions", "").rstrip("% ")
    return row


def as_said(step: Mapping[str, Any]) -> AnalyzeStep:
    return AnalyzeStep.model_validate(step)
