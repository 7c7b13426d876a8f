import pytest
from sqlalchemy import select, update

from app.jobs.models import jobs
from app.jobs.queue import enqueue
from app.jobs.tasks import list_tasks, task

TASK = "tests.nothing"


@task(TASK)
def do_nothing() -> None:
    """A job of which only the record matters here."""


@pytest.fixture
def failed(app, db_session):
    """A failed job's id."""
    job_id = enqueue(db_session, TASK)
    db_session.execute(update(jobs).where(jobs.c.id == job_id).values(status="failed", attempts=3))
    db_session.commit()
    return job_id


def state_of(db_session, job_id):
    return db_session.scalar(select(jobs.c.status).where(jobs.c.id == job_id))


def test_jobs_are_listed_by_state(as_manager, failed):
    assert TASK in as_manager.get("/admin/jobs?state=failed").text
    assert "No job is in this state" in as_manager.get("/admin/jobs?state=succeeded").text


def test_home_points_at_failed_jobs(as_manager, failed):
    assert f"/admin/jobs/{failed}" in as_manager.get("/admin/").text


def test_jobs_have_plain_names(as_manager, app, db_session):
    for known in list_tasks():
        if known.function.__module__.startswith("app."):
            assert known.title[0].isupper(), known.name
            assert "_" not in known.title
            assert "." not in known.title
    job_id = enqueue(db_session, "notifications.send_mail", mail_id="x")
    db_session.execute(update(jobs).where(jobs.c.id == job_id).values(status="failed"))
    db_session.commit()
    assert "notifications.send_mail" not in as_manager.get("/admin/").text
    for page in ("/admin/", "/admin/jobs", f"/admin/jobs/{job_id}"):
        assert "Send an email" in as_manager.get(page).text


def test_an_administrator_tries_a_failed_job_again(as_admin, failed, db_session):
    answer = as_admin.post(f"/admin/jobs/{failed}/retry")
    assert answer.status_code == 303
    assert state_of(db_session, failed) == "todo"


def test_an_administrator_cancels_a_waiting_job(as_admin, failed, db_session):
    as_admin.post(f"/admin/jobs/{failed}/retry")
    assert as_admin.post(f"/admin/jobs/{failed}/cancel").status_code == 303
    assert state_of(db_session, failed) == "cancelled"


def test_a_job_that_is_over_is_not_cancelled(as_admin, failed):
    assert as_admin.post(f"/admin/jobs/{failed}/cancel").status_code == 409


def test_a_manager_sees_jobs_and_leaves_them_alone(as_manager, failed, db_session):
    page = as_manager.get(f"/admin/jobs/{failed}").text
    assert "/retry" not in page
    assert as_manager.post(f"/admin/jobs/{failed}/retry").status_code == 403
    assert state_of(db_session, failed) == "failed"


@pytest.mark.parametrize("path", ["/admin/jobs/999999999", "/admin/jobs/99999999999999999999", "/admin/jobs/x"])
def test_a_job_that_is_not_there_is_404(as_manager, path):
    assert as_manager.get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["state=nonsense", "before=x", "before=-1", "before=99999999999999999999999", "task=%00", "task=nothing"]
)
def test_odd_questions_break_nothing(as_manager, query):
    assert as_manager.get(f"/admin/jobs?{query}").status_code == 200
