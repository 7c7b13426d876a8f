"""Making an automation with JavaScript off: begin, change steps, rehearse, deploy, run, look at it."""

import json
import re
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

WORKFLOW = {
    "trigger": {"type": "manual"},
    "steps": [
        {"id": "total", "type": "transform", "name": "Add it up", "with": {"sum": "{{ trigger.input.a + 1 }}"}},
        {"id": "large", "type": "condition", "needs": ["total"], "with": {"if": "steps.total.output.sum > 100"}},
        {
            "id": "tell",
            "type": "email",
            "needs": ["large"],
            "if": "steps.large.output.result",
            "with": {"to": "books@example.com", "subject": "Large", "text": "It is {{ steps.total.output.sum }}."},
        },
    ],
}


@pytest.fixture
def plain(open_window):
    window = open_window(None, java_script_enabled=False)
    sign_in(window, "client")
    return window


def test_from_a_template_to_a_run(plain):
    """Begin with a template, change two steps, rehearse it on its example, deploy it, run it."""
    plain.goto("/dashboard/automations")
    plain.get_by_role("link", name="Gallery").click()
    plain.get_by_role("link", name="Reminder to log hours").click()
    plain.get_by_role("button", name="Use template").click()
    links = plain.locator("#step-list .step-name")
    for at in range(2):
        links.nth(at).click()
        plain.get_by_label("Name", exact=True).last.fill(f"Changed {at + 1}")
        plain.get_by_role("button", name="Save").last.click()
    assert links.all_inner_texts()[:2] == ["Changed 1", "Changed 2"]
    plain.get_by_role("link", name="Rehearse").click()
    plain.get_by_role("button", name="Rehearse").click()
    assert "Send an email" in plain.locator("#effects").inner_text()
    plain.get_by_role("link", name="Deploy", exact=True).click()
    plain.get_by_role("button", name="Deploy").click()
    plain.get_by_label("Rehearse only (dry run): nothing is sent or changed").check()
    plain.get_by_role("button", name="Run", exact=True).click()
    look_until(plain, "Succeeded")


def look_until(window, text):
    for _ in range(40):
        if text in window.inner_text("main"):
            break
        window.wait_for_timeout(250)
        window.reload()
    assert text in window.inner_text("main")


def test_from_pasted_json_to_a_second_version(plain):
    plain.goto("/dashboard/automations")
    plain.get_by_role("link", name="New automation").click()
    plain.get_by_label("Name").fill("Invoice intake")
    plain.get_by_text("Import JSON instead").click()
    plain.get_by_label("Workflow", exact=True).fill(json.dumps(WORKFLOW))
    plain.get_by_role("button", name="Create draft").click()

    plain.get_by_role("list").get_by_role("link", name="Add it up").click()
    plain.get_by_label("Values: value of sum").fill("{{ trigger.input.a + trigger.input.b }}")
    plain.get_by_role("button", name="Save").last.click()
    plain.locator("#step-list").get_by_role("link", name="tell").click()
    plain.get_by_label("Subject").fill("Large: {{ steps.totl.output.sum }}")
    plain.get_by_role("button", name="Save").last.click()
    assert "There is no step totl. Did you mean total?" in plain.locator("#f-with-subject-error").inner_text()
    assert plain.get_by_label("Subject").get_attribute("aria-invalid") == "true"
    plain.get_by_label("Subject").fill("Large: {{ steps.total.output.sum }}")
    plain.get_by_role("button", name="Save").last.click()
    assert "No problems found." in plain.locator("#problems").inner_text()

    plain.get_by_role("link", name="Rehearse").click()
    plain.get_by_label("Trigger data (JSON)").fill('{"a": 60, "b": 50}')
    plain.get_by_role("button", name="Rehearse").click()
    assert "Send an email" in plain.locator("#effects").inner_text()
    assert "Large: 110" in plain.locator("#tried-tell").inner_text()

    plain.get_by_role("link", name="Deploy", exact=True).click()
    plain.get_by_role("button", name="Deploy").click()
    assert re.fullmatch(r"/dashboard/automations/[0-9a-f-]{36}", urlsplit(plain.url).path)
    plain.get_by_label("Input (JSON)").fill('{"a": 1, "b": 2}')
    plain.get_by_role("button", name="Run", exact=True).click()
    assert re.search(r"/runs/[0-9a-f-]{36}$", urlsplit(plain.url).path)
    look_until(plain, "Succeeded")

    plain.goto("/dashboard/automations")
    plain.get_by_role("link", name="Invoice intake").first.click()
    plain.get_by_role("button", name="Edit").click()
    plain.locator("#step-list").get_by_role("link", name="large").click()
    plain.get_by_role("button", name="Delete").click()
    assert "Deleted “large”." in plain.inner_text("main")
    plain.get_by_role("button", name="Undo").first.click()
    plain.locator("#step-list").get_by_role("link", name="large").click()
    plain.locator("#f-with-if").fill("steps.total.output.sum > 2")
    plain.get_by_role("button", name="Save").last.click()
    plain.get_by_role("link", name="Deploy", exact=True).click()
    assert "1 step changed." in plain.inner_text("main")
    plain.get_by_role("button", name="Deploy").click()
    assert "Version 2" in plain.inner_text("main")


def test_each_change_is_saved_at_once_with_scripts(open_window):
    window = open_window("client")
    window.goto("/dashboard/automations/new")
    window.get_by_label("Name").fill("Kept at once")
    window.get_by_text("Import JSON instead").click()
    window.get_by_label("Workflow", exact=True).fill(json.dumps(WORKFLOW))
    window.get_by_role("button", name="Create draft").click()
    window.locator("#step-list").get_by_role("link", name="tell").click()
    window.get_by_label("Subject").fill("{{ steps.totl.output.sum }}")
    window.get_by_label("Subject").press("Tab")
    window.locator(".saved-word").wait_for()
    assert "Did you mean total?" in window.locator("#problems").inner_text()
    window.get_by_label("Subject").fill("Fine")
    window.get_by_label("Subject").press("Tab")
    window.locator("#problems", has_text="No problems found.").wait_for()
    window.reload()
    assert window.get_by_label("Subject").input_value() == "Fine"


def test_the_editor_by_keyboard_alone(open_window):
    window = open_window("client")
    window.goto("/dashboard/automations/new")
    window.get_by_label("Name").focus()
    window.keyboard.type("By keyboard")
    window.keyboard.press("Enter")
    window.get_by_role("link", name="Add the first step").focus()
    window.keyboard.press("Enter")
    window.get_by_role("button", name=re.compile("Compute values")).focus()
    window.keyboard.press("Enter")
    window.get_by_label("Values: name 1").focus()
    window.keyboard.type("n")
    window.keyboard.press("Tab")
    window.keyboard.type("1")
    window.get_by_label("Name", exact=True).last.focus()
    window.keyboard.press("Enter")
    window.get_by_role("link", name="Compute values").first.wait_for()
    window.get_by_role("link", name="Deploy", exact=True).focus()
    window.keyboard.press("Enter")
    window.get_by_role("button", name="Deploy").focus()
    window.keyboard.press("Enter")
    window.get_by_role("heading", name="By keyboard").wait_for()
    assert "No runs yet." in window.inner_text("main")
