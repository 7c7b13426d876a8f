"""What if and why not, asked on the page of a request."""

import pytest

from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_request


@pytest.fixture
def page(as_client):
    """Asks for the page of an open request by the company that is signed in, with a query."""
    request = make_request(client=as_client.user.client, max_hourly_rate="45.00")
    return lambda query, path="": as_client.get(f"/dashboard/matches/requests/{request.id}{path}?{query}").text


def test_any_other_rate_can_be_tried(page):
    make_assistant(name="Ana Pérez", skills=("Excel",), rate="48.00")
    told = page("what-if=1&rate=48.50")
    assert "At most 48.50 an hour instead of 45.00: 1 more person: Ana Pérez." in told
    assert 'value="48.50"' in told
    assert "to=48.50" in told


def test_a_rate_that_changes_nothing_is_said_to(page):
    assert "At most 47.00 an hour instead of 45.00: nobody else." in page("what-if=1&rate=47")


@pytest.mark.parametrize("rate", ["-1", "1e30", "NaN", "a lot", "1000000", "1.001", "%00", "9" * 400])
def test_a_rate_that_is_none_is_refused_beside_its_field(page, rate):
    told = page(f"what-if=1&rate={rate}")
    assert ('id="what-if-rate-problem"' in told) == (rate != "%00")
    assert "an hour instead of" not in told


def test_somebody_archived_is_explained_too(page):
    gone = make_assistant(name="Ben Low", skills=("Excel",), archived=True)
    assert "Ben Low takes no more work." in page(f"who={gone.id}")


@pytest.mark.parametrize("who", ["019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77", "nobody", ""])
def test_somebody_who_is_not_there_is_not_explained(page, who):
    assert "why-answer" not in page(f"who={who}")


def test_another_companys_request_cannot_be_asked_about(as_client):
    other = make_request()
    for query in ("what-if=1&rate=50", "who=019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77"):
        assert as_client.get(f"/dashboard/matches/requests/{other.id}?{query}").status_code == 404
