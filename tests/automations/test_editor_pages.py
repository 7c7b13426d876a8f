"""The editor as a browser without scripts uses it."""

import json
import re
from html import unescape

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.operations import given_by, keep_analysis
from app.automations.analysis.schemas import AnalyzeInput
from app.automations.cron_words import words_of
from app.automations.editor.models import Draft
from app.automations.editor.operations import begin_draft
from app.automations.gallery import list_templates
from app.automations.models import Automation, Run, Secret, Version
from app.core.clock import now
from app.extensions import db
from app.identity.models import User
from tests.automations.running import drain
from tests.factories.accounts import make_client_company
from tests.factories.automations import make_automation

NEW = "/dashboard/automations/new"


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)


def forms_of(page):
    """The controls of each form of a page, as a browser would send them unchanged: {action: MultiDict}."""
    found = {}
    for of_form, body in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL):
        action = re.search(r'action="([^"]*)"', of_form)
        data = MultiDict()
        pattern = r"<input([^>]*)>|<textarea([^>]*)>\n?(.*?)</textarea>|<select([^>]*)>(.*?)</select>"
        for given in re.finditer(pattern, body, re.DOTALL):
            field, area, text, select, options = given.groups()
            attributes = field or area or select or ""
            name = re.search(r'name="([^"]*)"', attributes)
            if not name or " disabled" in attributes:
                continue
            if area is not None:
                value = text
            elif select is not None:
                chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
                value = chosen.group(1) if chosen else ""
            elif 'type="checkbox"' in attributes and " checked" not in attributes:
                continue
            else:
                value = (re.search(r'value="([^"]*)"', attributes) or [None, ""])[1]
            data.add(name[1], unescape(value))
        found[action[1] if action else ""] = data
    return found


@pytest.fixture
def post(as_client):
    def send(path, **data):
        page = as_client.get(NEW).text
        sent = MultiDict([("csrf_token", token(page))])
        for name, value in data.items():
            for one in value if isinstance(value, list) else [value]:
                sent.add(name, one)
        return as_client.post(path, data=sent)

    return send


@pytest.fixture
def draft_at(post):
    """The address of a draft with these steps."""

    def make(*steps, trigger=None, name="Invoice intake"):
        workflow = {"trigger": trigger or {"type": "manual"}, "steps": list(steps)}
        answer = post(NEW, name=name, workflow=json.dumps(workflow))
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    return make


ADD = {"id": "add", "type": "transform", "with": {"n": "{{ trigger.input.n + 1 }}"}}


def the_draft():
    db.session.expire_all()
    return db.session.query(Draft).one()


FETCH = {"id": "fetch", "type": "http", "with": {"url": "https://a.example/{{ trigger.input.n }}"}}
SUM = {"id": "sum", "type": "transform", "needs": ["fetch"], "with": {"n": "{{ steps.fetch.output.body.n + 1 }}"}}


def test_from_nothing_to_a_deployed_workflow(as_client, post):
    here = post(NEW, name="Invoice intake").headers["Location"]
    page = as_client.get(here).text
    assert "No steps yet" in page
    assert post(f"{here}/deploy").status_code == 422
    step = post(f"{here}/add", type="transform").headers["Location"]
    assert step == f"{here}/steps/transform#step"
    data = forms_of(as_client.get(f"{here}/steps/transform").text)[f"{here}/steps/transform"]
    data.setlist("with/name", ["total", ""])
    data.setlist("with/value", ["{{ trigger.input.n * 2 }}", ""])
    assert as_client.post(f"{here}/steps/transform", data=data).status_code == 303
    assert the_draft().workflow["steps"] == [
        {"id": "transform", "type": "transform", "with": {"total": "{{ trigger.input.n * 2 }}"}}
    ]
    answer = post(f"{here}/deploy")
    assert answer.status_code == 303
    automation = db.session.query(Automation).one()
    assert answer.headers["Location"] == f"/dashboard/automations/{automation.id}"
    assert (automation.name, automation.status, automation.version_number) == ("Invoice intake", "active", 1)
    assert db.session.query(Draft).count() == 0
    assert as_client.get(here).status_code == 404


def test_a_form_that_is_sent_as_it_came_changes_nothing(as_client, draft_at):
    here = draft_at(FETCH, SUM)
    for step in ("fetch", "sum"):
        data = forms_of(as_client.get(f"{here}/steps/{step}").text)[f"{here}/steps/{step}"]
        assert as_client.post(f"{here}/steps/{step}", data=data).status_code == 303
    draft = the_draft()
    assert draft.workflow["steps"] == [{**FETCH, "with": {"method": "GET", **FETCH["with"]}}, SUM] or draft.workflow[
        "steps"
    ] == [FETCH, SUM]


def test_problems_are_told_at_their_fields(as_client, draft_at):
    here = draft_at(FETCH, {**SUM, "with": {"n": "{{ steps.fetc.output }}"}, "if": "1 +"})
    page = as_client.get(f"{here}/steps/sum").text
    assert "There is no step fetc. Did you mean fetch?" in page
    assert re.search(r'id="f-with-1-error"[^>]*>.*?no step fetc', page, re.DOTALL)
    assert re.search(r'id="f-if-error"[^>]*>.*?read as an expression', page, re.DOTALL)
    assert 'aria-invalid="true" aria-describedby="f-with-1-error"' in page


def test_steps_are_moved_duplicated_deleted_and_that_is_undone(as_client, post, draft_at):
    here = draft_at(FETCH, SUM)
    send = lambda step, do: as_client.post(  # noqa: E731
        f"{here}/steps/{step}",
        data=forms_of(as_client.get(f"{here}/steps/{step}").text)[f"{here}/steps/{step}"] | {"_do": do},
    )
    ids = lambda: [step["id"] for step in the_draft().workflow["steps"]]  # noqa: E731
    send("sum", "up")
    assert ids() == ["sum", "fetch"]
    send("sum", "down")
    send("fetch", "duplicate")
    assert ids() == ["fetch", "fetch_2", "sum"]
    send("fetch", "delete")
    assert ids() == ["fetch_2", "sum"]
    assert "needs" not in the_draft().workflow["steps"][1]
    post(f"{here}/undo")
    assert ids() == ["fetch", "fetch_2", "sum"]
    assert the_draft().workflow["steps"][2]["needs"] == ["fetch"]
    post(f"{here}/undo")
    assert ids() == ["fetch", "sum"]


def test_a_new_id_leads_to_the_new_page_and_is_followed(as_client, draft_at):
    here = draft_at(FETCH, SUM)
    data = forms_of(as_client.get(f"{here}/steps/fetch").text)[f"{here}/steps/fetch"]
    data["id"] = "load"
    answer = as_client.post(f"{here}/steps/fetch", data=data)
    assert answer.headers["Location"] == f"{here}/steps/load#step"
    assert the_draft().workflow["steps"][1]["with"] == {"n": "{{ steps.load.output.body.n + 1 }}"}
    data["id"], data["seen"] = "sum", ""
    answer = as_client.post(f"{here}/steps/load", data=data)
    assert answer.status_code == 422
    assert "Another step has this ID." in answer.text


def test_a_step_that_was_changed_in_another_window_is_not_overwritten(as_client, draft_at):
    here = draft_at(FETCH)
    at = f"{here}/steps/fetch"
    mine, theirs = (forms_of(as_client.get(at).text)[at] for _ in range(2))
    theirs["with/url"] = "https://theirs.example"
    assert as_client.post(at, data=theirs).status_code == 303
    mine["with/url"] = "https://mine.example"
    answer = as_client.post(at, data=mine)
    assert answer.status_code == 409
    assert "yours: https://mine.example · there: https://theirs.example" in answer.text
    assert the_draft().steps[0]["with"]["url"] == "https://theirs.example"
    again = forms_of(answer.text)[at]
    assert again["with/url"] == "https://mine.example"
    assert as_client.post(at, data=again).status_code == 303
    assert the_draft().steps[0]["with"]["url"] == "https://mine.example"


def test_htmx_keeps_each_change_and_is_told_what_follows(as_client, draft_at):
    here = draft_at(FETCH)
    at = f"{here}/steps/fetch"
    data = forms_of(as_client.get(at).text)[at]
    data["with/url"] = ""
    answer = as_client.post(at, data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Saved" in answer.text
    assert 'id="problems" hx-swap-oob="true"' in answer.text
    assert 'name="seen" id="seen"' in answer.text
    assert "url" not in the_draft().steps[0].get("with", {})
    data["with/json"] = "{broken"
    answer = as_client.post(at, data=data, headers={"HX-Request": "true"})
    assert "Not saved" in answer.text


def test_the_trigger_shows_the_next_times(as_client, post, draft_at):
    here = draft_at(FETCH)
    post(f"{here}/trigger", type="schedule", cron="0 6 * * 1", timezone="Europe/Berlin")
    assert the_draft().workflow["trigger"] == {"type": "schedule", "cron": "0 6 * * 1", "timezone": "Europe/Berlin"}
    page = as_client.get(f"{here}/trigger").text
    assert page.count("<li><time") >= 5
    post(f"{here}/trigger", type="schedule", cron="61 * * * *", timezone="Mars")
    page = as_client.get(f"{here}/trigger").text
    assert "There is no time zone Mars." in page
    assert "ever comes due" in page
    post(f"{here}/trigger", type="event", event="automation.deployed")
    assert the_draft().workflow["trigger"] == {"type": "event", "event": "automation.deployed"}


def test_json_and_form_are_the_same_draft(as_client, post, draft_at):
    here = draft_at(FETCH)
    page = as_client.get(f"{here}/json").text
    data = forms_of(page)[f"{here}/json"]
    assert json.loads(data["workflow"]) == {"trigger": {"type": "manual"}, "steps": [FETCH]}
    data["workflow"] = json.dumps({"name": "x", "workflow": {"trigger": {"type": "manual"}, "steps": [FETCH, SUM]}})
    assert as_client.post(f"{here}/json", data=data).status_code == 303
    assert [step["id"] for step in the_draft().steps] == ["fetch", "sum"]
    assert as_client.post(f"{here}/json", data=data).status_code == 409
    for wrong, said in (
        ('{"trigger": {},\n "steps": [}', "line 2"),
        ("[]", "A workflow is an object"),
        ('{"trigger": {"type": "manual"}, "steps": [{"id": "a b", "type": "x"}]}', "Step 1 needs an id"),
        (
            '{"trigger": {"type": "manual"}, "steps": [{"id": "a", "type": "http", "with": {"text": "\\u0000"}}]}',
            "stored",
        ),
        (
            '{"trigger": {"type": "manual"}, "steps": [{"id": "a", "type": "http", "with": '
            + "[" * 90
            + "]" * 90
            + "}]}",
            "deep",
        ),
    ):
        answer = post(f"{here}/json", workflow=wrong)
        assert answer.status_code == 422, wrong
        assert said in answer.text
    assert json.loads(as_client.get(f"{here}/workflow.json").data)["steps"] == [FETCH, SUM]


def test_strange_definitions_are_shown_and_told(as_client, draft_at):
    here = draft_at(
        {"id": "a", "type": "nothing", "needs": ["b"], "with": 5, "if": [], "retry": "often", "more": True},
        {"id": "b", "type": "http", "needs": ["a"], "with": {"url": ["x"], "headers": "{{ x"}},
        trigger={"type": "moon"},
    )
    for page in ("", "/steps/a", "/steps/b", "/trigger", "/json", "/deploy", "/rehearse", "/add", "/steps/a/test"):
        assert as_client.get(here + page).status_code == 200, page


def test_rehearsing_a_draft_lists_what_would_leave(post, draft_at):
    here = draft_at(
        FETCH | {"example": {"status": 200, "body": {"n": 4}}},
        SUM,
        {"id": "tell", "type": "email", "needs": ["sum"],
         "with": {"to": "a@example.com", "subject": "{{ steps.sum.output.n }}", "text": "x"}},
        {"id": "each", "type": "for_each", "with": {"items": "{{ trigger.input.rows }}",
         "step": {"type": "sms", "with": {"to": "{{ item.tel }}", "text": "Hi"}}}},
        {"id": "never", "type": "http", "if": "false", "with": {"url": "https://b.example"}},
    )  # fmt: skip
    answer = post(f"{here}/rehearse", given='{"n": 7, "rows": [{"tel": "+1"}, {"tel": "+2"}]}')
    assert answer.status_code == 200
    page = unescape(answer.text)
    assert "https://a.example/7" in page
    assert '"subject": 5' in page
    assert "Send a text message, 2 times" in page
    assert '"tel"' not in re.search(r'id="effects".*?</section>', page, re.DOTALL).group(0)
    assert "false isn’t true." in page
    assert db.session.query(Automation).count() == 0
    answer = post(f"{here}/rehearse", given="[1]")
    assert answer.status_code == 422
    assert "Enter a JSON object" in answer.text


def test_testing_one_step(post, draft_at):
    here = draft_at(FETCH, SUM)
    answer = post(f"{here}/steps/sum/test", given="{}", outputs='{"fetch": {"body": {"n": 41}}}')
    assert answer.status_code == 200
    assert '"n": 42' in unescape(answer.text)
    answer = post(f"{here}/steps/fetch/test", given='{"n": 3}', outputs="{}")
    assert "https://a.example/3" in answer.text
    answer = post(f"{here}/steps/sum/test", given="{}", outputs="{}")
    assert "failed" in answer.text.lower()


def test_another_persons_draft_is_not_there(draft_at, as_manager, app, sign_in, make_user):
    here = draft_at(FETCH)
    other = sign_in(app.test_client(), make_user(role="client"))
    for path in ("", "/json", "/steps/fetch", "/deploy", "/workflow.json"):
        assert other.get(here + path).status_code == 404
        assert as_manager.get(here.replace("/dashboard/", "/admin/") + path).status_code == 404


def test_what_somebody_deployed_meanwhile_is_taken_over_and_not_lost(as_client, post, make_user, app, sign_in):
    me = db.session.query(Draft).count()
    assert me == 0
    company = db.session.query(Automation).count()
    assert company == 0
    here = post(NEW, name="A", workflow=json.dumps({"trigger": {"type": "manual"}, "steps": [FETCH, SUM]})).headers[
        "Location"
    ]
    post(f"{here}/deploy")
    automation = db.session.query(Automation).one()
    there = f"/dashboard/automations/{automation.id}"
    colleague = sign_in(app.test_client(), make_user(role="client", client_id=automation.client_id))
    mine = post(f"{there}/draft").headers["Location"]
    page = colleague.get(NEW).text
    theirs = colleague.post(f"{there}/draft", data={"csrf_token": token(page)}).headers["Location"]
    assert mine != theirs
    form = forms_of(colleague.get(f"{theirs}/steps/fetch").text)[f"{theirs}/steps/fetch"]
    form["with/url"] = "https://theirs.example"
    colleague.post(f"{theirs}/steps/fetch", data=form)
    assert colleague.post(f"{theirs}/deploy", data={"csrf_token": token(page)}).status_code == 303
    form = forms_of(as_client.get(f"{mine}/steps/sum").text)[f"{mine}/steps/sum"]
    form["name"] = "Sum up"
    as_client.post(f"{mine}/steps/sum", data=form)
    page = as_client.get(f"{mine}/deploy").text
    assert "Version 2 was deployed while you were editing" in page
    assert "https://theirs.example" in page
    assert post(f"{mine}/deploy").headers["Location"] == f"{mine}/deploy"
    assert db.session.query(Version).count() == 2
    post(f"{mine}/take-over")
    assert post(f"{mine}/deploy").headers["Location"] == there
    newest = db.session.query(Version).filter_by(number=3).one().workflow["steps"]
    assert newest[0]["with"]["url"] == "https://theirs.example"
    assert newest[1]["name"] == "Sum up"
    page = as_client.get(f"{there}/versions").text
    assert "1 step changed." in page
    page = as_client.get(f"{there}/versions/3?from=1").text
    assert "2 steps changed." in page
    assert as_client.get(f"{there}/versions/compare?from=2&to=3").headers["Location"] == f"{there}/versions/3?from=2"
    post(f"{there}/versions/1/restore")
    assert db.session.query(Version).filter_by(number=4).one().restored_from == 1
    assert as_client.get(f"{there}/versions/9").status_code == 404


def test_a_signed_webhook_shows_its_secret_once(as_client, post, draft_at):
    here = draft_at(SUM | {"needs": [], "with": {"n": 1}}, trigger={"type": "webhook", "signed": True})
    answer = post(f"{here}/deploy")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    automation = db.session.query(Automation).one()
    assert automation.signing_secret in answer.text
    assert f"/api/hooks/{automation.token}" in answer.text


def test_a_copy_is_another_automation(post, as_client):
    post_draft = post(
        NEW, name="A", workflow=json.dumps({"trigger": {"type": "manual"}, "steps": [SUM | {"needs": [], "with": {}}]})
    )
    post(f"{post_draft.headers['Location']}/deploy")
    automation = db.session.query(Automation).one()
    copy = post(f"/dashboard/automations/{automation.id}/copy").headers["Location"]
    assert "Copy of A" in as_client.get(copy).text
    post(f"{copy}/deploy")
    assert db.session.query(Automation).count() == 2


def test_staff_make_automations_for_a_company(as_manager, make_client_company):
    company = make_client_company()
    page = as_manager.get("/admin/automations/new").text
    answer = as_manager.post("/admin/automations/new", data={"csrf_token": token(page), "name": "A"})
    assert answer.status_code == 422
    answer = as_manager.post(
        "/admin/automations/new", data={"csrf_token": token(page), "name": "B", "client_id": str(company.id)}
    )
    assert the_draft().client_id == company.id
    assert as_manager.get(answer.headers["Location"]).status_code == 200


def test_another_companys_automation_is_not_there(as_client, post):
    automation = make_automation()
    there = f"/dashboard/automations/{automation.id}"
    assert as_client.get(f"{there}/versions").status_code == 404
    assert post(f"{there}/draft").status_code == 404
    assert post(f"{there}/copy").status_code == 404
    assert post(f"{there}/versions/1/restore").status_code == 404


def test_experts_have_no_editor(as_expert):
    assert as_expert.get(NEW).status_code == 403


def test_the_page_of_an_automation_starts_runs(as_client, post, app):
    draft = post(
        NEW, name="A", workflow=json.dumps({"trigger": {"type": "schedule", "cron": "0 6 * * 1"}, "steps": [ADD]})
    )
    post(f"{draft.headers['Location']}/deploy")
    automation = db.session.query(Automation).one()
    there = f"/dashboard/automations/{automation.id}"
    page = as_client.get(there).text
    assert f"{words_of('0 6 * * 1')}, UTC" in unescape(page)
    assert page.count("<li><time") == 3
    answer = post(f"{there}/run", given='{"n": 20}')
    run = db.session.query(Run).one()
    assert answer.headers["Location"] == f"{there}/runs/{run.id}"
    assert (run.input, run.dry_run, run.trigger) == ({"n": 20}, False, "manual")
    drain()
    db.session.expire_all()
    assert db.session.query(Run).one().output == {"add": {"n": 21}}
    assert '"n": 20' in unescape(as_client.get(there).text)
    for wrong in ("{", "[]", '{"a": "\\u0000"}'):
        answer = post(f"{there}/run", given=wrong)
        assert answer.status_code in (303, 422), wrong
    assert db.session.query(Run).count() == 1
    post(f"{there}/pause")
    post(f"{there}/run", given="{}")
    assert db.session.query(Run).count() == 1
    post(f"{there}/run", given="{}", rehearse="on")
    assert db.session.query(Run).filter_by(dry_run=True).count() == 1


def test_what_a_run_saves_is_said_on_its_page(as_client, post):
    draft = post(NEW, name="A", workflow=json.dumps({"trigger": {"type": "manual"}, "steps": [ADD]}))
    post(f"{draft.headers['Location']}/deploy")
    automation = db.session.query(Automation).one()
    there = f"/dashboard/automations/{automation.id}"
    assert post(f"{there}/about", name="B", minutes_saved="12.5").status_code == 303
    db.session.expire_all()
    assert (automation.name, float(automation.minutes_saved)) == ("B", 12.5)
    assert post(f"{there}/about", name="", minutes_saved="-1").status_code == 422
    assert "12.5 minutes" in as_client.get(there).text


def test_a_webhooks_page_has_its_address_and_an_example(as_client, post):
    draft = post(NEW, name="A", workflow=json.dumps({"trigger": {"type": "webhook"}, "steps": [ADD]}))
    assert post(f"{draft.headers['Location']}/deploy").status_code == 303
    automation = db.session.query(Automation).one()
    page = as_client.get(f"/dashboard/automations/{automation.id}").text
    assert f"/api/hooks/{automation.token}" in page
    assert "curl -X POST" in page


def test_a_secret_is_replaced_shown_to_nobody_and_kept_while_it_is_used(as_client, post):
    base = "/dashboard/automations/secrets"
    assert post(f"{base}/new", name="ERP_TOKEN", value="planted-value-1").status_code == 303
    secret = db.session.query(Secret).one()
    page = as_client.get(f"{base}/{secret.id}").text
    assert "{{ secrets.ERP_TOKEN }}" in page
    assert "planted" not in page
    assert post(f"{base}/{secret.id}/value", value="").status_code == 422
    assert post(f"{base}/{secret.id}/value", value="planted-value-2").status_code == 303
    db.session.expire_all()
    assert secret.value == "planted-value-2"
    use = {"id": "a", "type": "http", "with": {"url": "https://a.example", "headers": {"A": "{{ secrets.ERP_TOKEN }}"}}}
    draft = post(NEW, name="Uses it", workflow=json.dumps({"trigger": {"type": "manual"}, "steps": [use]}))
    here = draft.headers["Location"]
    assert "planted" not in post(f"{here}/rehearse", given="{}").text
    post(f"{here}/deploy")
    assert "Uses it" in as_client.get(f"{base}/{secret.id}").text
    assert post(f"{base}/{secret.id}/delete").headers["Location"] == f"{base}/{secret.id}"
    assert "would fail without ERP_TOKEN" in as_client.get(f"{base}/{secret.id}").text
    assert db.session.query(Secret).count() == 1
    db.session.query(Automation).one().archived_at = now()
    db.session.commit()
    assert post(f"{base}/{secret.id}/delete").headers["Location"] == base
    assert db.session.query(Secret).count() == 0


def test_an_analysis_is_begun_with_and_its_promise_kept(as_client, post):
    company = db.session.scalars(select(User).where(User.role == "client")).first()
    asked = AnalyzeInput.model_validate(
        {
            "process": "Invoice intake",
            "hourly_cost": "35.00",
            "steps": [
                {"name": "Read the mail", "minutes": 4, "times_per_month": 200, "rule_based": True},
                {"name": "Type it into the ledger", "minutes": 6, "times_per_month": 200, "rule_based": True},
            ],
        }
    )
    analysis = keep_analysis(asked, given_by(asked, None), client_id=company.client_id, actor=company)
    db.session.commit()
    page = as_client.get(f"{NEW}?analysis={analysis.id}").text
    assert "Start from analysis “Invoice intake”" in page
    here = post(NEW, analysis=str(analysis.id)).headers["Location"]
    assert the_draft().workflow["steps"]
    assert as_client.get(here).status_code == 200
    assert the_draft().promised_hours == analysis.hours_saved_per_month
    other = ProcessAnalysis(
        client_id=make_client_company().id, process="X", source="steps", state="reading", input={}, currency="EUR"
    )
    db.session.add(other)
    db.session.commit()
    assert as_client.get(f"{NEW}?analysis={other.id}").status_code == 404
    assert post(NEW, analysis=str(other.id)).status_code == 404


def test_every_template_of_the_gallery_becomes_a_draft_that_can_be_rehearsed_and_deployed(as_client, post):
    page = as_client.get("/dashboard/automations/gallery").text
    templates = list_templates()
    assert len(templates) == 12
    for name in {name for one in templates for name in one.needs_secrets}:
        post("/dashboard/automations/secrets/new", name=name, value="some-secret-value")
    for one in templates:
        assert unescape(page).count(one.name) >= 1
        shown = unescape(as_client.get(f"/dashboard/automations/gallery/{one.slug}").text)
        assert one.why in shown
        here = post(f"/dashboard/automations/gallery/{one.slug}").headers["Location"]
        draft = as_client.get(here).text
        assert "No problems found." in draft, one.slug
        given = forms_of(as_client.get(f"{here}/rehearse").text)[f"{here}/rehearse"]["given"]
        assert json.loads(given) == dict(one.example_input)
        rehearsed = post(f"{here}/rehearse", given=given)
        assert rehearsed.status_code == 200
        assert post(f"{here}/deploy").status_code in (200, 303), one.slug
    assert db.session.query(Automation).count() == 12
    assert as_client.get("/dashboard/automations/gallery/nothing").status_code == 404


def test_staff_use_a_template_for_a_company(as_manager, make_client_company):
    company, slug = make_client_company(), list_templates()[0].slug
    page = as_manager.get(f"/admin/automations/gallery/{slug}").text
    answer = as_manager.post(f"/admin/automations/gallery/{slug}", data={"csrf_token": token(page)})
    assert answer.status_code == 422
    data = {"csrf_token": token(page), "client_id": str(company.id)}
    assert as_manager.post(f"/admin/automations/gallery/{slug}", data=data).status_code == 303
    assert the_draft().client_id == company.id


def test_a_draft_that_says_next_to_nothing_can_be_opened(as_client):
    person = db.session.scalars(select(User).where(User.role == "client")).first()
    draft = begin_draft("Empty", {}, client_id=person.client_id, actor=person)
    db.session.commit()
    assert draft.workflow == {"trigger": {"type": "manual"}, "steps": []}
    assert as_client.get(f"/dashboard/automations/drafts/{draft.id}").status_code == 200


def test_the_event_is_chosen_by_what_happens_and_shows_what_steps_can_read(as_client, draft_at):
    here = draft_at(trigger={"type": "event", "event": "project.completed"})
    page = as_client.get(f"{here}/trigger").text
    assert '<optgroup label="Change order">' in page
    assert '<option value="project.completed" selected>Project completed</option>' in page
    assert page.count('<option value="project.completed"') == 1
    assert "A project was completed." in page
    shown = re.search(r'aria-label="Example of project.completed">(.*?)</pre>', page, re.DOTALL)
    example = json.loads(unescape(shown.group(1)))["trigger"]
    assert example["data"] == {"project": "New till system"}
    assert example["record"]["type"] == "project"
    page = as_client.get(f"{draft_at()}/trigger?type=event").text
    assert "Choose…" in page
    assert "A deliverable was submitted for approval." in page


def test_comparing_versions_keeps_the_way_back(as_client):
    person = db.session.scalars(select(User).where(User.role == "client")).first()
    automation = make_automation([SUM | {"needs": [], "with": {"n": 1}}], client=person.client)
    db.session.commit()
    there = f"/dashboard/automations/{automation.id}/versions"
    page = as_client.get(f"{there}?list=status%3Dactive").text
    sent = forms_of(page)[f"{there}/compare"]
    assert sent["list"] == "status=active"
    assert as_client.get(f"{there}/compare", query_string=sent).headers["Location"].endswith("list=status%3Dactive")
