"""Failures in groups: found without counting all, run again together with a preview, or dismissed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS, Call, StepFailed
from app.automations.errors import NoSuchFailure
from app.automations.models import Automation, Run
from app.automations.monitoring import failures as groups
from app.automations.monitoring import jobs
from app.automations.runs.advancing import fingerprint
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now, shifted
from app.core.ids import new_id
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain
from tests.factories import make_client_company, make_user
from tests.factories.automations import make_automation, make_run

HTTP = {"id": "fetch", "type": "http", "with": {"url": "https://shop.test/"}}
SIGNS = {"id": "sum", "type": "transform", "with": {"n": "{{ number(trigger.text) }}"}}


class Service:
    works, message = False, "Order 17 is not there."

    def __call__(self, _form: Any, _call: Call) -> Any:
        if not self.works:
            raise StepFailed(self.message, again=False)
        return {"status": 200, "headers": {}, "body": "fine"}


@pytest.fixture(autouse=True)
def service(db_session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service()
    monkeypatch.setitem(EFFECTS, "http", service)
    with as_system("tests drive the runner"):
        yield service


def failed(automation: Automation, count: int = 1, **values: Any) -> list[Run]:
    runs = [make_run(automation, **values) for _ in range(count)]
    drain()
    db.session.expire_all()
    return runs


def test_failures_of_one_cause_are_one_group(service: Service) -> None:
    automation = make_automation([HTTP])
    failed(automation, 2)
    service.message = "Order 1234 is not there."
    (last,) = failed(automation)
    service.message = "Nobody answered."
    failed(automation)
    found = groups.failures(automation.client_id)
    assert [(one.message, one.count, one.step) for one in found] == [
        ("Nobody answered.", 1, "fetch"),
        ("Order 1234 is not there.", 3, "fetch"),
    ]
    assert found[1].sample_run_id == last.id
    assert found[1].count_is_exact


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Order 7 is missing", "Order 1234 is missing", True),
        ("No 01a22d7c-39a4-70d9-a806-d88bd31b931c", "No 7f1d7c6e-0000-4000-8000-00000000beef", True),
        ("took 1.5 s", "took 12,75 s", True),
        ("deadbeef cafe", "deadline cafe", False),
        ("Refused", "Not there", False),
    ],
)
def test_numbers_and_ids_make_no_difference(one: str, other: str, same: bool) -> None:
    key = new_id()
    assert (fingerprint(key, "a", {"message": one}) == fingerprint(key, "a", {"message": other})) is same
    assert fingerprint(key, "a", {"message": one}) != fingerprint(key, "b", {"message": one})
    assert fingerprint(key, "a", {"message": one}) != fingerprint(new_id(), "a", {"message": one})


def test_companies_and_rehearsals_keep_apart() -> None:
    first, second = make_automation([SIGNS]), make_automation([SIGNS])
    failed(first, input={"text": "x"})
    failed(second, input={"text": "x"})
    failed(second, input={"text": "x"}, dry_run=True)
    assert [one.count for one in groups.failures(first.client_id)] == [1]
    assert sorted(one.automation for one in groups.failures(None)) == sorted([first.name, second.name])


def test_a_group_is_run_again_by_a_job_each_run_with_its_lineage(service: Service) -> None:
    automation = make_automation([HTTP])
    runs = failed(automation, 3)
    (group,) = groups.failures(automation.client_id)
    planned = groups.preview(group, "same")
    assert (planned.again, planned.from_step, planned.version) == (3, "fetch", 1)
    service.works = True
    again = failed(automation)
    assert again[0].status == "succeeded"
    with audited():
        jobs.retry_failures(**arguments(group, planned))
    drain()
    db.session.expire_all()
    made = db.session.scalars(select(Run).where(Run.parent_run_id.is_not(None))).all()
    assert {run.parent_run_id for run in made} == {run.id for run in runs}
    assert {run.status for run in made} == {"succeeded"}
    assert {db.session.get_one(Run, run.id).settled_as for run in runs} == {"retried"}
    assert groups.failures(automation.client_id) == []


def test_runs_that_fail_again_are_not_run_again_by_the_same_job(service: Service) -> None:
    automation = make_automation([HTTP])
    failed(automation, 2)
    (group,) = groups.failures(automation.client_id)
    planned = groups.preview(group, "same")
    with audited():
        jobs.retry_failures(**arguments(group, planned))
    drain()
    with audited():
        jobs.retry_failures(**arguments(group, planned))
    drain()
    (group,) = groups.failures(automation.client_id)
    assert group.count == 2
    assert db.session.query(Run).count() == 4


def test_runs_without_data_are_told_and_left(service: Service) -> None:
    automation = make_automation([HTTP])
    failed(automation, 2)
    with shifted(timedelta(days=31)):
        jobs.remove_old_data()
    failed(automation)
    (group,) = groups.failures(automation.client_id)
    planned = groups.preview(group, "current")
    assert (planned.runs, planned.again, planned.without_data) == (3, 1, 2)
    with audited():
        jobs.retry_failures(**arguments(group, planned))
    assert db.session.query(Run).where(Run.parent_run_id.is_not(None)).count() == 1


def test_dismissed_failures_leave_the_list_and_stay_failed() -> None:
    automation = make_automation([SIGNS])
    (run,) = failed(automation, input={"text": "x"})
    (group,) = groups.failures(automation.client_id)
    assert groups.dismiss(group.client_id, group.fingerprint) == 1
    db.session.commit()
    assert groups.failures(automation.client_id) == []
    with pytest.raises(NoSuchFailure):
        groups.failure(group.client_id, group.fingerprint)
    assert db.session.get_one(Run, run.id).status == "failed"


def test_pages_lead_from_the_list_to_the_preview_and_its_job(as_manager: FlaskClient) -> None:
    automation = make_automation([SIGNS])
    failed(automation, 2, input={"text": "x"})
    (group,) = groups.failures(automation.client_id)
    address = f"/admin/automations/failures/{group.client_id}/{group.fingerprint}"
    assert address in as_manager.get("/admin/automations/failures").text
    assert "2 runs" in as_manager.get(address).text
    answer = as_manager.post(f"{address}/retry", data={"version": "same"})
    assert (answer.status_code, answer.location) == (303, "/admin/automations/failures")
    assert as_manager.post(f"{address}/dismiss").status_code == 303
    assert "No open failures" in as_manager.get("/admin/automations/failures").text
    assert as_manager.get(address).status_code == 404


def test_another_companys_failures_are_not_there(app: Flask, sign_in: Any) -> None:
    automation = make_automation([SIGNS])
    failed(automation, input={"text": "x"})
    (group,) = groups.failures(automation.client_id)
    browser = sign_in(app.test_client(), make_user(role="client", client_id=make_client_company().id))
    address = f"/dashboard/automations/failures/{group.client_id}/{group.fingerprint}"
    assert "No open failures" in browser.get("/dashboard/automations/failures").text
    assert browser.get(address).status_code == 404
    for act in ("retry", "dismiss"):
        assert browser.post(f"{address}/{act}").status_code == 404


def test_the_api_lists_groups_and_previews_before_it_acts(api: Any) -> None:
    automation = make_automation([SIGNS])
    failed(automation, 2, input={"text": "x"})
    own = api(make_user(role="client", client_id=automation.client_id))
    (group,) = own.get("/api/ai-automation/failures").get_json()["groups"]
    assert (group["count"], group["workflow_id"], group["step"]) == (2, str(automation.id), "sum")
    address = f"/api/ai-automation/failures/{group['fingerprint']}/retry"
    preview = own.post(address, json={"dry_run": True})
    assert (preview.status_code, preview.get_json()["again"], preview.get_json()["job_id"]) == (200, 2, None)
    started = own.post(address, json={})
    assert started.status_code == 202
    assert started.get_json()["job_id"] > 0
    other = api(make_user(role="client", client_id=make_client_company().id))
    assert other.get("/api/ai-automation/failures").get_json()["groups"] == []
    assert other.post(address, json={}).status_code == 404
    staff = api(make_user(role="manager"))
    assert len(staff.get("/api/ai-automation/failures").get_json()["groups"]) == 1
    assert staff.post(address, json={}).status_code == 422
    assert staff.post(address, json={"client_id": str(automation.client_id), "dry_run": True}).status_code == 200


def arguments(group: groups.Failure, planned: groups.Preview) -> dict[str, Any]:
    return {
        "client_id": str(group.client_id), "fingerprint": group.fingerprint, "last": str(planned.last_id),
        "version": "same", "total": planned.again,
    }  # fmt: skip


class audited:  # noqa: N801 - reads as the block that it opens
    """As a job runs: its changes are somebody's."""

    def __enter__(self) -> None:
        audit_as(db.session, actor=SYSTEM, action="retry")

    def __exit__(self, *_: object) -> None:
        assert now()
