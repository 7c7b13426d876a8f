"""/notifications and the bell."""

import pytest
from sqlalchemy import func, select

from app.core.clock import now
from app.extensions import db
from app.notifications.models import Notification
from app.notifications.operations import notify


def tell(user, number=1, **more):
    for at in range(number):
        notify(user.id, "test", more.get("title", f"Notice {at}"), "What happened.", more.get("url", "/account"))
    db.session.commit()


def unread(user):
    theirs = (Notification.user_id == user.id, Notification.read_at.is_(None))
    return db.session.scalar(select(func.count()).where(*theirs))


@pytest.mark.parametrize("role", ["admin", "manager", "client", "expert"])
def test_every_role_has_an_inbox(request, role):
    browser = request.getfixturevalue(f"as_{role}")
    assert "Nothing yet" in browser.get("/notifications").text
    tell(browser.user, title="Long <b>" + "x" * 190)
    page = browser.get("/notifications").text
    assert "Long &lt;b&gt;" in page
    assert "Notifications: 1 unread" in browser.get("/account").text


@pytest.mark.parametrize(("number", "shown"), [(0, "Notifications</span>"), (9, ": 9 unread"), (30, ": 9+ unread")])
def test_the_bell_counts_up_to_nine(as_client, number, shown):
    tell(as_client.user, number)
    assert shown in as_client.get("/dashboard/").text


def test_strangers_have_none(client):
    assert client.get("/notifications").status_code == 303


def test_older_ones_are_on_the_next_page(as_client):
    tell(as_client.user, 35)
    page = as_client.get("/notifications").text
    assert page.count('class="notice ') == 30
    assert "Notice 34" in page
    older = page.partition("?before=")[2].partition('"')[0].replace("&amp;", "&")
    rest = as_client.get(f"/notifications?before={older}").text
    assert rest.count('class="notice ') == 5
    assert "Notice 0<" in rest


@pytest.mark.parametrize("before", ["x", "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01", ""])
def test_a_page_that_never_was_is_empty_or_the_first(as_client, before):
    assert as_client.get(f"/notifications?before={before}").status_code == 200


def test_one_is_marked_as_read_and_leads_on(as_client):
    tell(as_client.user, 2)
    notice = db.session.scalars(select(Notification).limit(1)).one()
    answer = as_client.post(f"/notifications/{notice.id}/read")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert unread(as_client.user) == 1
    stay = as_client.post(f"/notifications/{notice.id}/read", data={"stay": "1"})
    assert stay.headers["Location"] == "/notifications"


def test_it_leads_nowhere_but_into_the_portal(as_client):
    tell(as_client.user, url="//evil.example/x")
    notice = db.session.scalars(select(Notification)).one()
    assert as_client.post(f"/notifications/{notice.id}/read").headers["Location"] == "/notifications"


def test_somebody_elses_is_not_there(as_client, as_manager, as_expert):
    tell(as_expert.user)
    notice = db.session.scalars(select(Notification)).one()
    for browser in (as_client, as_manager):
        assert "Notice 0" not in browser.get("/notifications").text
        assert browser.post(f"/notifications/{notice.id}/read").status_code == 404
    assert unread(as_expert.user) == 1


def test_all_are_marked_as_read_but_not_what_came_since(as_client):
    tell(as_client.user, 3)
    until = now().isoformat()
    tell(as_client.user, 1)
    assert as_client.post("/notifications/read", data={"until": until}).status_code == 303
    assert unread(as_client.user) == 1
    assert "Notice 0" in as_client.get("/notifications?show=unread").text
    as_client.post("/notifications/read", data={"until": "nonsense"})
    assert unread(as_client.user) == 0
    assert "Nothing unread" in as_client.get("/notifications?show=unread").text
