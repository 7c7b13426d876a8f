"""Names of companies are undone; roles, states and skills say why they aren't."""

import re
from urllib.parse import urlsplit

import pytest

from app.extensions import db
from tests.factories.assistants import make_skill


def test_a_new_name_is_undone_and_a_suspension_is_not(as_admin, make_client_company):
    company = make_client_company(name="Halden Freight")
    here = f"/admin/clients/{company.id}"
    data = {"name": "Halden", "status": "suspended", "version": company.version, "_do": "save"}
    assert as_admin.post(f"{here}/edit", data=data).status_code == 303
    page = as_admin.get(here).text
    change = re.findall(r'flash.*?name="change" value="([^"]+)".*?>Undo</button>', page, flags=re.DOTALL)[0]
    answer = as_admin.post(f"{here}/undo", data={"change": change})
    assert urlsplit(answer.location).path.startswith("/admin/changes/")
    assert "Access can’t be undone here" in as_admin.get(answer.location).text
    as_admin.post(f"{answer.location}/apply")
    db.session.expire_all()
    assert (company.name, company.status) == ("Halden Freight", "suspended")
    as_admin.post(f"{here}/reactivate")
    assert "Access can’t be undone here" in as_admin.get(f"{here}/history").text


def test_a_company_as_it_came_has_nothing_to_undo(as_admin, make_client_company):
    page = as_admin.get(f"/admin/clients/{make_client_company().id}/history").text
    assert "isn’t deleted" not in page
    assert "Undo this change" not in page


@pytest.mark.parametrize("kind", ["users", "skills"])
def test_what_can_not_be_undone_says_so(as_admin, kind):
    record = as_admin.user if kind == "users" else make_skill()
    page = as_admin.get(f"/admin/{kind}/{record.id}/history").text
    assert "can’t be undone" in page
    assert "Undo this change" not in page
