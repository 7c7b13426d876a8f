"""Templates about operations: currency rates, websites, project status."""

from app.automations.gallery.template import CHAT, MAILED, SENT, Template, chat, columns, row

_LATE = (
    "{{ [{'project': p.name, 'titles': [d.title for d in p.deliverables if d.due_date and d.due_date < today() "
    "and d.status not in ['approved', 'cancelled', 'submitted']]} for p in steps.projects.output.items] }}"
)
_DAYS = {"type": "schedule", "timezone": "Europe/Berlin"}

TEMPLATES = (
    Template(
        slug="currency-rates",
        name="Daily currency rates",
        summary="Fetches the European Central Bank’s reference rates every weekday, and saves the latest rate of each "
        "currency in a table that other workflows can read.",
        category="Finance",
        icon="currency-euro",
        needs_tables={"rates": columns(rate="number!", day="date!")},
        minutes_saved=8,
        why="Looking up a handful of rates and entering them in a spreadsheet takes about 8 minutes.",
        example_input={},
        workflow={
            "trigger": {**_DAYS, "cron": "15 17 * * 1-5"},
            "steps": [
                {"id": "fetch", "name": "Fetch the rates", "type": "http",
                 "with": {"url": "https://api.frankfurter.dev/v1/latest", "query": {"base": "EUR"}},
                 "retry": {"max_attempts": 5, "backoff_seconds": 60},
                 "example": {"status": 200, "headers": {},
                             "body": {"base": "EUR", "date": "2026-11-30", "rates": {"USD": 1.16, "CHF": 0.93}}}},
                {"id": "good", "name": "Check for rates", "type": "condition", "needs": ["fetch"],
                 "with": {"if": "steps.fetch.output.status == 200 and length(steps.fetch.output.body.rates) > 0"}},
                {"id": "keep", "name": "Save each rate", "type": "for_each",
                 "needs": ["good"], "if": "steps.good.output.result",
                 "with": {"items": "{{ keys(steps.fetch.output.body.rates) }}", "concurrency": 8, "step": {
                     "type": "record",
                     "with": row("upsert", "rates", "{{ item }}", values={
                         "rate": "{{ steps.fetch.output.body.rates[item] }}",
                         "day": "{{ steps.fetch.output.body.date }}"})}}},
            ],
        },
    ),
    Template(
        slug="website-check",
        name="Daily website check",
        summary="Requests a page every morning, saves the result, and posts an alert to a chat channel if it is down.",
        category="Operations",
        icon="heartbeat",
        needs_secrets=CHAT,
        needs_tables={"website_checks": columns(address="text!", status="number", good="boolean!", at="time!")},
        minutes_saved=3,
        why="Opening the page, checking it and recording the result takes about 3 minutes.",
        example_input={"url": "https://example.com/"},
        workflow={
            "trigger": {**_DAYS, "cron": "0 6 * * *"},
            "steps": [
                {"id": "call", "name": "Request the page", "type": "http",
                 "with": {"url": "{{ default(trigger.url, 'https://example.com/') }}"},
                 "timeout_seconds": 20, "retry": {"max_attempts": 3, "backoff_seconds": 20}, "on_error": "continue",
                 "example": {"status": 200, "headers": {}, "body": "<html>"}},
                {"id": "verdict", "name": "Assess the response", "type": "transform", "needs": ["call"],
                 "with": {"status": "{{ default(steps.call.output.status, default(steps.call.error.status, 0)) }}",
                          "good": "{{ steps.call.status == 'succeeded' and steps.call.output.status < 400 }}"}},
                {"id": "note", "name": "Save the result", "type": "record", "needs": ["verdict"],
                 "with": row("create", "website_checks", values={
                     "address": "{{ default(trigger.url, 'https://example.com/') }}",
                     "status": "{{ steps.verdict.output.status }}", "good": "{{ steps.verdict.output.good }}",
                     "at": "{{ now() }}"})},
                {"id": "alarm", "name": "Post an alert", "type": "chat",
                 "needs": ["note"], "if": "not steps.verdict.output.good",
                 "with": chat("{{ default(trigger.url, 'https://example.com/') }} is down "
                              "(status {{ steps.verdict.output.status }})."),
                 "example": SENT},
            ],
        },
    ),
    Template(
        slug="project-digest",
        name="Weekly project digest",
        summary="Emails a list of the active projects every Monday, with their end dates and progress.",
        category="Projects",
        icon="report",
        minutes_saved=25,
        why="Checking a project and summarising its status takes about 5 minutes, for a typical five projects.",
        example_input={},
        workflow={
            "trigger": {**_DAYS, "cron": "0 8 * * 1"},
            "steps": [
                {"id": "projects", "name": "Find the projects", "type": "record",
                 "with": {"kind": "project", "action": "list", "where": {"status": "active"}, "limit": 100}},
                {"id": "lines", "name": "Summarise them", "type": "transform", "needs": ["projects"],
                 "with": {"text": "{{ join([p.name + ': ends ' + default(p.end_date, '(no date yet)') + ', ' "
                                  "+ text(length([d for d in p.deliverables if d.status == 'approved'])) + ' of ' "
                                  "+ text(length(p.deliverables)) + ' delivered' "
                                  "for p in steps.projects.output.items], '\\n') }}"}},
                {"id": "send", "name": "Send the digest", "type": "email",
                 "needs": ["lines"], "if": "length(steps.projects.output.items) > 0",
                 "with": {"to": "team@example.com", "subject": "Active projects, {{ format_date(today(), 'd MMM') }}",
                          "text": "{{ steps.lines.output.text }}"},
                 "example": MAILED},
            ],
        },
    ),
    Template(
        slug="late-deliverables",
        name="Late deliverables alert",
        summary="Checks every weekday morning for overdue deliverables, and posts a list to the team’s chat channel.",
        category="Projects",
        icon="alarm",
        needs_secrets=CHAT,
        minutes_saved=10,
        why="Going through all project plans takes about 10 minutes a day.",
        example_input={},
        workflow={
            "trigger": {**_DAYS, "cron": "30 8 * * 1-5"},
            "steps": [
                {"id": "projects", "name": "Find the projects", "type": "record",
                 "with": {"kind": "project", "action": "list", "where": {"status": "active"}, "limit": 100}},
                {"id": "late", "name": "Find late deliverables", "type": "transform",
                 "needs": ["projects"], "with": {"projects": _LATE}},
                {"id": "text", "name": "Write the message", "type": "transform", "needs": ["late"],
                 "with": {"text": "{{ join([p.project + ': ' + join(p.titles, ', ') "
                                  "for p in steps.late.output.projects if length(p.titles) > 0], '\\n') }}"}},
                {"id": "tell", "name": "Notify the channel", "type": "chat",
                 "needs": ["text"], "if": "steps.text.output.text != ''",
                 "with": chat("Late deliverables:\n{{ steps.text.output.text }}"), "example": SENT},
            ],
        },
    ),
)  # fmt: skip
