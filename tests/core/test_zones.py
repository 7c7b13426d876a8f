import pytest

from app.auth.preferences import zone_names
from app.core.zones import zone_called


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("EUROPE/berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("São Paulo", "America/Sao_Paulo"),
        ("utc", "UTC"),
        ("Mars", None),
        ("", None),
    ],
)
def test_a_zone_is_found_by_its_city(typed, meant):
    assert zone_called(typed, zone_names()) == meant


def test_the_account_takes_a_city(as_client, db_session):
    answer = as_client.post("/account", data={"timezone": "berlin", "theme": "auto"})
    assert answer.status_code == 303
    assert 'value="Europe/Berlin"' in as_client.get("/account").text


@pytest.mark.parametrize("path", ["/account", "/dashboard/matches/new"])
def test_zones_are_fetched_while_typing(as_client, path):
    page = as_client.get(path).text
    assert 'data-options-url="/dashboard/suggestions/timezones"' in page
    assert "Europe/Berlin" in as_client.get("/dashboard/suggestions/timezones?q=berl").text


def test_the_browsers_zone_is_proposed(as_client):
    as_client.set_cookie("tz", "Pacific/Auckland")
    assert 'value="Pacific/Auckland"' in as_client.get("/dashboard/matches/new").text
