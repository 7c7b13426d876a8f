"""The pages of analyses, for companies and staff, without scripts."""

import io
import re
from typing import Any

import pytest
from sqlalchemy import select

from app.automations.analysis import store
from app.automations.analysis.charts import draw_graph
from app.automations.analysis.forms import pasted_rows
from app.automations.analysis.jobs import READ
from app.automations.analysis.logs.measuring import measure
from app.automations.analysis.models import ProcessAnalysis
from app.automations.editor.models import Draft
from app.automations.models import Automation
from app.extensions import db
from tests.automations.event_logs import Row, at, log_of
from tests.jobs import run_jobs

MINE, OURS = "/dashboard/automations/analyses", "/admin/automations/analyses"
STEP = {
    "steps-0-name": "Book", "steps-0-minutes": "6", "steps-0-times_per_month": "100", "steps-0-rule_based": "Yes",
    "steps-0-structured_input": "Yes", "steps-0-systems": "SAP, DATEV", "steps-0-exceptions": "5", "steps": "",
}  # fmt: skip
FORM = {"name": "Invoice intake", "hourly_cost": "35,00", "currency": "EUR", "_do": "save", **STEP}
CSV = (
    "case,activity,start,end,resource\n1,a,2026-11-03 09:00,2026-11-03 09:30,Ana\n"
    "1,b,2026-11-03 10:00,2026-11-03 10:10,Ben\n"
)


def _made() -> ProcessAnalysis:
    return db.session.scalars(select(ProcessAnalysis).order_by(ProcessAnalysis.id.desc())).first()


def test_the_form_leads_to_what_the_analysis_comes_to(as_client: Any) -> None:
    assert "Paste from a spreadsheet" in as_client.get(f"{MINE}/new").text
    answer = as_client.post(f"{MINE}/new", data=FORM)
    assert answer.status_code == 303, answer.text
    page = as_client.get(answer.headers["Location"]).text
    for said in (
        "Invoice intake",
        "Why 89?",
        "Structured input",
        "Why 89?",
        "5 % exceptions: 18 of 20 points.",
        "2 systems to connect",
    ):
        assert said in page
    assert "Invoice intake" in as_client.get(MINE).text


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(as_client: Any) -> None:
    answer = as_client.post(f"{MINE}/new", data={**FORM, "steps-0-minutes": "soon", "name": ""})
    assert answer.status_code == 422
    assert 'value="soon"' in answer.text
    empty = as_client.post(f"{MINE}/new", data={"name": "P", "hourly_cost": "35", "_do": "save", "steps": ""})
    assert empty.status_code == 422
    assert "an event log or a description" in empty.text


def test_pasted_lines_become_rows(as_client: Any) -> None:
    pasted = "Step\tMinutes\tTimes\n1. Read\t4\t300\tja\tnein\tMailbox\t5 %\nPay\t2\t240"
    answer = as_client.post(
        f"{MINE}/new", data={"name": "P", "hourly_cost": "35", "pasted": pasted, "_do": "paste", "steps": ""}
    )
    assert answer.status_code == 200
    assert 'name="steps-1-name"' in answer.text
    assert 'value="Read"' in answer.text
    added = as_client.post(f"{MINE}/new", data={**FORM, "_do": "steps:add"})
    assert 'name="steps-1-name"' in added.text


def test_pasted_texts_are_read_as_people_have_them() -> None:
    assert [row["name"] for row in pasted_rows("- Read\n• Check\n\n3) Pay")] == ["Read", "Check", "Pay"]
    row = pasted_rows("Read; 4,5; 300; oui; no; SAP, DATEV; 5 %")[0]
    assert row == {
        "name": "Read", "minutes": "4,5", "times_per_month": "300", "rule_based": "Yes", "structured_input": "No",
        "systems": "SAP, DATEV", "exceptions": "5",
    }  # fmt: skip


def _upload(browser: Any, content: str, **more: str) -> Any:
    data = {"name": "Log", "hourly_cost": "35", "_do": "save", "steps": "", **more}
    return browser.post(f"{MINE}/new", data={**data, "file": (io.BytesIO(content.encode()), "log.csv")})


def test_an_event_log_shows_where_the_hours_go(as_client: Any) -> None:
    answer = _upload(as_client, CSV)
    page = as_client.get(answer.headers["Location"]).text
    for said in (
        "Process map",
        "Variants",
        "100.0 %",
        "Transitions",
        "Bottlenecks",
        "a → b: waits 0.5 hours",
    ):
        assert said in page, said
    wrong = _upload(as_client, "a,b\n1,2\n")
    assert wrong.status_code == 422
    assert "No column was found for “Case”" in wrong.text
    named = _upload(as_client, CSV.replace("case,", "Nr,"), column_case="nr")
    assert named.status_code == 303


def test_a_large_log_is_read_by_a_job_that_the_page_follows(as_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "AT_ONCE", 1)
    at_ = _upload(as_client, CSV).headers["Location"]
    assert "Reading the file" in as_client.get(at_).text
    run_jobs(db.session, READ)
    assert "Process map" in as_client.get(at_).text


def test_what_if_shows_the_difference_and_keeps_nothing(as_client: Any) -> None:
    here = as_client.post(f"{MINE}/new", data=FORM).headers["Location"]
    before = dict(_made().result)
    changed = {**STEP, "steps-0-rule_based": "No", "hourly_cost": "50"}
    preview = as_client.post(f"{here}/answers", data={**changed, "_do": "preview"})
    assert preview.status_code == 200
    rows = [
        re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row)).strip()
        for row in re.findall(r"<tr>(.*?)</tr>", preview.text, flags=re.DOTALL)
    ]
    assert rows[1] == "Score 89 54 -35 , worse"
    assert rows[2] == "Hours saved a month 8.55 2.85 -5.70 , worse"
    assert rows[3] == "Saving a year €3,591.00 €1,710.00 -€1,881.00 , worse"
    assert rows[4] == "Cost to build €2,185.00 €2,185.00 No change"
    assert rows[5] == "Payback 7.3 months 15.3 months +8.0 months , worse"
    assert rows[7] == "Book 89 → 54 -35 , worse 8.55 → 2.85 -5.70 , worse"
    assert 'name="hourly_cost" value="50.00"' in preview.text or 'value="50"' in preview.text
    db.session.expire_all()
    assert _made().result == before
    same = as_client.post(f"{here}/answers", data={**STEP, "hourly_cost": "35"})
    assert "the same result as the saved analysis" in same.text
    assert 'value="save"' not in same.text


def test_what_if_compares_a_payback_that_there_is_none_of(as_client: Any) -> None:
    here = as_client.post(f"{MINE}/new", data=FORM).headers["Location"]
    nothing = {**STEP, "steps-0-minutes": "0", "hourly_cost": "35"}
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", as_client.post(f"{here}/answers", data=nothing).text))
    assert "Payback 7.3 months never Worse" in text


def test_other_answers_are_saved(as_client: Any) -> None:
    here = as_client.post(f"{MINE}/new", data=FORM).headers["Location"]
    form = as_client.get(f"{here}/answers").text
    assert 'value="SAP, DATEV"' in form
    changed = {**STEP, "steps-0-rule_based": "No", "hourly_cost": "50"}
    answer = as_client.post(f"{here}/answers", data={**changed, "_do": "save"})
    assert answer.status_code == 303, answer.text
    found = _made()
    assert (found.result["steps"][0]["rule_based"], found.result["hourly_cost"]) == (False, "50.00")
    assert found.score == 54
    assert as_client.post(f"{here}/answers", data={**changed, "hourly_cost": "-1"}).status_code == 422


def test_the_suggestion_is_deployed_or_opened_in_the_editor(as_client: Any) -> None:
    here = as_client.post(f"{MINE}/new", data=FORM).headers["Location"]
    deployed = as_client.post(f"{here}/deploy")
    automation = db.session.scalars(select(Automation)).one()
    assert deployed.headers["Location"] == f"/dashboard/automations/{automation.id}"
    assert automation.promised_hours == _made().hours_saved_per_month
    assert f"/dashboard/automations/{automation.id}" in as_client.get(here).text
    drafted = as_client.post(f"{here}/draft")
    draft = db.session.scalars(select(Draft)).one()
    assert drafted.headers["Location"] == f"/dashboard/automations/drafts/{draft.id}"
    assert draft.promised_hours == _made().hours_saved_per_month
    assert as_client.get(drafted.headers["Location"]).status_code == 200
    table = as_client.get(f"{here}/figures.csv")
    assert table.text.splitlines()[1].startswith("Book,")
    assert as_client.post(f"{here}/archive").status_code == 303
    as_client.get(MINE)
    assert "Invoice intake" not in as_client.get(MINE).text


def test_a_form_that_is_sent_twice_makes_one(as_client: Any) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', as_client.get(f"{MINE}/new").text)
    for _ in range(2):
        as_client.post(f"{MINE}/new", data={**FORM, "csrf_token": token and token[1]})
    assert len(db.session.scalars(select(ProcessAnalysis)).all()) == 1


def test_another_company_and_experts_see_nothing_of_it(
    as_client: Any, as_expert: Any, as_manager: Any, app: Any, sign_in: Any, make_user: Any
) -> None:
    here = as_client.post(f"{MINE}/new", data=FORM).headers["Location"]
    other = sign_in(app.test_client(), make_user(role="client"))
    for rest in ("", "/answers", "/figures.csv"):
        assert other.get(here + rest).status_code == 404
    for rest in ("/deploy", "/draft", "/archive", "/answers"):
        assert other.post(here + rest).status_code == 404
    assert as_expert.get(here).status_code == 403
    assert as_manager.get(here.replace("/dashboard", "/admin")).status_code == 200


def test_staff_analyse_for_nobody_yet(as_manager: Any) -> None:
    answer = as_manager.post(f"{OURS}/new", data={**FORM, "client_id": ""})
    assert answer.status_code == 303, answer.text
    page = as_manager.get(answer.headers["Location"]).text
    assert "No company yet" in page
    assert "/deploy" not in page
    way_on = f"/admin/automations/new?analysis={_made().id}"
    assert f'href="{way_on}"' in page
    refused = as_manager.post("/admin/automations/new", data={"analysis": str(_made().id)})
    assert refused.status_code == 422
    assert refused.text.index('id="analysis-title"') < refused.text.index("No draft was created.")
    assert refused.text.index("No draft was created.") < refused.text.index('id="blank-title"')


def test_the_graph_has_a_line_for_what_follows_skips_and_goes_back() -> None:
    rows = [Row("1", name, at(f"2026-11-02 0{hour}:00")) for hour, name in enumerate(("a", "b", "c", "b", "b"))]
    rows += [Row("2", name, at(f"2026-11-02 0{hour}:00")) for hour, name in enumerate(("a", "c"))]
    graph = draw_graph(measure(log_of(rows)))
    assert graph is not None
    assert [box.name for box in graph.boxes] == ["a", "c", "b"]
    assert sorted(line.way for line in graph.lines) == ["back", "next", "next", "self", "skip"][: len(graph.lines)]
    assert all(0 <= line.x <= graph.width for line in graph.lines)
