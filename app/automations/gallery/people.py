"""Templates about people: project requests, logged hours, new clients, onboarding."""

from app.automations.gallery.template import CHAT, MAILED, SENT, Template, chat, columns, row

_RECORD = {"type": "project", "id": "019aa8f0-9d30-7f74-ae30-7c2e3f4a5b60", "name": "Cloud migration"}
_MATCH = {"type": "match", "id": "019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77", "name": "Ana Pérez for Brightwater"}

TEMPLATES = (
    Template(
        slug="request-triage",
        name="Project request triage",
        summary="When someone in your company requests a team, saves the request with its budget and urgency, and "
        "posts it to the planners’ channel.",
        category="Projects",
        icon="arrows-sort",
        needs_secrets=CHAT,
        needs_tables={"requests": columns(name="text!", budget="number", urgent="boolean!", asked_on="date!")},
        minutes_saved=8,
        why="Reading a request, assessing it and telling the planners takes about 8 minutes.",
        example_input={"record": _RECORD, "data": {"project": "Cloud migration", "company": "Brightwater"}},
        workflow={
            "trigger": {"type": "event", "event": "project.requested"},
            "steps": [
                {"id": "request", "name": "Read the request", "type": "record",
                 "with": {"kind": "project", "action": "get", "id": "{{ trigger.record.id }}"}},
                {"id": "weigh", "name": "Assess budget and date", "type": "transform", "needs": ["request"],
                 "with": {"budget": "{{ number(default(steps.request.output.budget, '0')) }}",
                          "urgent": "{{ steps.request.output.start_date != null and "
                                    "days_between(today(), steps.request.output.start_date) < 14 }}"}},
                {"id": "note", "name": "Save the request", "type": "record", "needs": ["weigh"],
                 "with": row("upsert", "requests", "{{ trigger.record.id }}", values={
                     "name": "{{ steps.request.output.name }}", "budget": "{{ steps.weigh.output.budget }}",
                     "urgent": "{{ steps.weigh.output.urgent }}", "asked_on": "{{ today() }}"})},
                {"id": "tell", "name": "Notify the planners", "type": "chat", "needs": ["note"],
                 "with": chat("{{ 'Urgent: ' if steps.weigh.output.urgent else '' }}{{ steps.request.output.name }}, "
                              "{{ steps.request.output.specialization }}, budget {{ steps.weigh.output.budget }} "
                              "{{ steps.request.output.currency }}"),
                 "example": SENT},
            ],
        },
    ),
    Template(
        slug="weekly-hours",
        name="Reminder to log hours",
        summary="Reminds the team every Friday at 14:00 to log this week’s hours. The email lists the active projects.",
        category="People",
        icon="clock",
        minutes_saved=15,
        why="Writing to five team members takes about 3 minutes each.",
        example_input={},
        workflow={
            "trigger": {"type": "schedule", "cron": "0 14 * * 5", "timezone": "Europe/Berlin"},
            "steps": [
                {"id": "projects", "name": "Find the projects", "type": "record",
                 "with": {"kind": "project", "action": "list", "where": {"status": "active"}, "limit": 100}},
                {"id": "remind", "name": "Send the reminder", "type": "email", "needs": ["projects"],
                 "if": "length(steps.projects.output.items) > 0",
                 "with": {"to": ["team@example.com"], "subject": "Please log your hours for this week",
                          "text": "Active projects: {{ join([p.name for p in steps.projects.output.items], ', ') }}."
                                  "\n\nThank you."},
                 "example": MAILED},
            ],
        },
    ),
    Template(
        slug="welcome-client",
        name="New client welcome",
        summary="Sends a new client a welcome email, and asks for feedback three days later.",
        category="Sales",
        icon="user-heart",
        needs_tables={"welcomes": columns(name="text!", greeted_on="date!", asked="boolean")},
        minutes_saved=15,
        why="Writing both emails, and remembering the second one, takes about 15 minutes.",
        example_input={"input": {"email": "kim@example.com", "name": "Kim"}, "email": "kim@example.com", "name": "Kim"},
        workflow={
            "trigger": {"type": "manual"},
            "steps": [
                {"id": "greet", "name": "Send the welcome email", "type": "email",
                 "with": {"to": "{{ trigger.email }}", "subject": "Welcome, {{ trigger.name }}",
                          "text": "We’re glad to have you on board. If you need anything, just reply to this email."},
                 "example": MAILED},
                {"id": "note", "name": "Save the date", "type": "record", "needs": ["greet"],
                 "with": row("upsert", "welcomes", "{{ lower(trigger.email) }}",
                             values={"name": "{{ trigger.name }}", "greeted_on": "{{ today() }}"})},
                {"id": "wait", "name": "Wait three days", "type": "delay",
                 "needs": ["note"], "with": {"seconds": 259200}},
                {"id": "ask", "name": "Ask for feedback", "type": "email", "needs": ["wait"],
                 "with": {"to": "{{ trigger.email }}", "subject": "How is it going so far, {{ trigger.name }}?",
                          "text": "Is there anything we could do better?"},
                 "example": MAILED},
                {"id": "asked", "name": "Mark as asked", "type": "record", "needs": ["ask"],
                 "with": row("update", "welcomes", "{{ lower(trigger.email) }}", values={"asked": True})},
            ],
        },
    ),
    Template(
        slug="match-onboarding",
        name="Assistant onboarding",
        summary="When your company accepts an assistant, asks IT to set up accounts, saves the start date, and "
        "notifies the team as soon as someone confirms that everything is ready.",
        category="People",
        icon="user-plus",
        needs_secrets=CHAT,
        needs_tables={"onboarding": columns(name="text!", starts_on="date", hours="number", ready="boolean!")},
        minutes_saved=30,
        why="Writing to IT, following up and telling the team takes about half an hour.",
        example_input={"record": _MATCH, "data": {"name": "Ana Pérez", "start": "2026-12-01", "hours": "20"}},
        workflow={
            "trigger": {"type": "event", "event": "match.accepted"},
            "steps": [
                {"id": "match", "name": "Read the match", "type": "record",
                 "with": {"kind": "match", "action": "get", "id": "{{ trigger.record.id }}"}},
                {"id": "note", "name": "Save the start date", "type": "record", "needs": ["match"],
                 "with": row("upsert", "onboarding", "{{ trigger.record.id }}", values={
                     "name": "{{ steps.match.output.assistant.name }}",
                     "starts_on": "{{ steps.match.output.starts_on }}",
                     "hours": "{{ steps.match.output.hours_per_week }}", "ready": False})},
                {"id": "accounts", "name": "Ask IT for accounts", "type": "email", "needs": ["note"],
                 "with": {"to": "it@example.com",
                          "subject": "Accounts for {{ steps.match.output.assistant.name }}, starting "
                                     "{{ steps.match.output.starts_on }}",
                          "text": "Please set up email, chat and file access. Confirm under Automations, Approvals."},
                 "example": MAILED},
                {"id": "ready", "name": "Is everything ready?", "type": "approval", "needs": ["accounts"],
                 "with": {"ask": "Are the accounts for {{ steps.match.output.assistant.name }} ready?",
                          "expires_in_seconds": 1209600},
                 "example": {"decision": "approve", "comment": "", "by": "anna", "at": "2026-12-01T09:30:00Z"}},
                {"id": "done", "name": "Save the confirmation", "type": "record", "needs": ["ready"],
                 "with": row("update", "onboarding", "{{ trigger.record.id }}", values={"ready": True})},
                {"id": "tell", "name": "Notify the team", "type": "chat", "needs": ["done"],
                 "with": chat("{{ steps.match.output.assistant.name }} starts on {{ steps.match.output.starts_on }} "
                              "with {{ steps.match.output.hours_per_week }} hours a week. Everything is ready."),
                 "example": SENT},
            ],
        },
    ),
)  # fmt: skip
