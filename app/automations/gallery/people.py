"""What people are told and asked: requests, hours, welcomes, onboarding."""

from app.automations.gallery.template import CHAT, MAILED, SENT, Template, chat, columns, row

_RECORD = {"type": "project", "id": "019aa8f0-9d30-7f74-ae30-7c2e3f4a5b60", "name": "Cloud migration"}
_MATCH = {"type": "match", "id": "019aa8f0-a110-7b51-9a3b-2f6f0f5a1c77", "name": "Ana Pérez for Brightwater"}

TEMPLATES = (
    Template(
        slug="request-triage",
        name="Triage of new requests",
        summary="When somebody of your company asks for a team, the request is weighed by its budget and first day, "
        "noted in a table, and shown to whoever plans.",
        category="Projects",
        icon="arrows-sort",
        needs_secrets=CHAT,
        needs_tables={"requests": columns(name="text!", budget="number", urgent="boolean!", asked_on="date!")},
        minutes_saved=8,
        why="Reading a request, weighing it and telling the planner takes about 8 minutes.",
        example_input={"record": _RECORD, "data": {"project": "Cloud migration", "company": "Brightwater"}},
        workflow={
            "trigger": {"type": "event", "event": "project.requested"},
            "steps": [
                {"id": "request", "name": "Read the request", "type": "record",
                 "with": {"kind": "project", "action": "get", "id": "{{ trigger.record.id }}"}},
                {"id": "weigh", "name": "Check budget and date", "type": "transform", "needs": ["request"],
                 "with": {"budget": "{{ number(default(steps.request.output.budget, '0')) }}",
                          "urgent": "{{ steps.request.output.start_date != null and "
                                    "days_between(today(), steps.request.output.start_date) < 14 }}"}},
                {"id": "note", "name": "Save the request", "type": "record", "needs": ["weigh"],
                 "with": row("upsert", "requests", "{{ trigger.record.id }}", values={
                     "name": "{{ steps.request.output.name }}", "budget": "{{ steps.weigh.output.budget }}",
                     "urgent": "{{ steps.weigh.output.urgent }}", "asked_on": "{{ today() }}"})},
                {"id": "tell", "name": "Tell the planners", "type": "chat", "needs": ["note"],
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
        summary="Reminds the team on Friday at two to log the week’s hours, with the projects that are under way.",
        category="People",
        icon="clock",
        minutes_saved=15,
        why="Writing to each member of a team of five takes about 3 minutes each.",
        example_input={},
        workflow={
            "trigger": {"type": "schedule", "cron": "0 14 * * 5", "timezone": "Europe/Berlin"},
            "steps": [
                {"id": "projects", "name": "Find the projects", "type": "record",
                 "with": {"kind": "project", "action": "list", "where": {"status": "active"}, "limit": 100}},
                {"id": "remind", "name": "Send the reminder", "type": "email", "needs": ["projects"],
                 "if": "length(steps.projects.output.items) > 0",
                 "with": {"to": ["team@example.com"], "subject": "Please log your hours of this week",
                          "text": "Under way: {{ join([p.name for p in steps.projects.output.items], ', ') }}.\n\n"
                                  "Thank you."},
                 "example": MAILED},
            ],
        },
    ),
    Template(
        slug="welcome-client",
        name="Welcome of a new client",
        summary="Greets a new client at once, and asks three days later how it goes.",
        category="Sales",
        icon="user-heart",
        needs_tables={"welcomes": columns(name="text!", greeted_on="date!", asked="boolean")},
        minutes_saved=15,
        why="Writing the two mails by hand, and remembering the second, takes about 15 minutes.",
        example_input={"input": {"email": "kim@example.com", "name": "Kim"}, "email": "kim@example.com", "name": "Kim"},
        workflow={
            "trigger": {"type": "manual"},
            "steps": [
                {"id": "greet", "name": "Greet the client", "type": "email",
                 "with": {"to": "{{ trigger.email }}", "subject": "Welcome, {{ trigger.name }}",
                          "text": "We are glad that you are here. Reply to this mail whenever you need us."},
                 "example": MAILED},
                {"id": "note", "name": "Save the greeting", "type": "record", "needs": ["greet"],
                 "with": row("upsert", "welcomes", "{{ lower(trigger.email) }}",
                             values={"name": "{{ trigger.name }}", "greeted_on": "{{ today() }}"})},
                {"id": "wait", "name": "Wait three days", "type": "delay",
                 "needs": ["note"], "with": {"seconds": 259200}},
                {"id": "ask", "name": "Ask how it goes", "type": "email", "needs": ["wait"],
                 "with": {"to": "{{ trigger.email }}", "subject": "How is it going, {{ trigger.name }}?",
                          "text": "Is there anything that we can do better?"},
                 "example": MAILED},
                {"id": "asked", "name": "Save that we asked", "type": "record", "needs": ["ask"],
                 "with": row("update", "welcomes", "{{ lower(trigger.email) }}", values={"asked": True})},
            ],
        },
    ),
    Template(
        slug="match-onboarding",
        name="Onboarding of an assistant",
        summary="When your company accepts an assistant, IT is asked for accounts, the day is noted, and the team is "
        "told once a person has confirmed that all is ready.",
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
                {"id": "note", "name": "Save the day", "type": "record", "needs": ["match"],
                 "with": row("upsert", "onboarding", "{{ trigger.record.id }}", values={
                     "name": "{{ steps.match.output.assistant.name }}",
                     "starts_on": "{{ steps.match.output.starts_on }}",
                     "hours": "{{ steps.match.output.hours_per_week }}", "ready": False})},
                {"id": "accounts", "name": "Ask IT for accounts", "type": "email", "needs": ["note"],
                 "with": {"to": "it@example.com",
                          "subject": "Accounts for {{ steps.match.output.assistant.name }}, from "
                                     "{{ steps.match.output.starts_on }}",
                          "text": "Mail, chat and files, please. Confirm in the run of the automation."},
                 "example": MAILED},
                {"id": "ready", "name": "Is all ready?", "type": "approval", "needs": ["accounts"],
                 "with": {"ask": "Are the accounts of {{ steps.match.output.assistant.name }} ready?",
                          "expires_in_seconds": 1209600},
                 "example": {"decision": "approve", "comment": "", "by": "anna", "at": "2026-12-01T09:30:00Z"}},
                {"id": "done", "name": "Save the confirmation", "type": "record", "needs": ["ready"],
                 "with": row("update", "onboarding", "{{ trigger.record.id }}", values={"ready": True})},
                {"id": "tell", "name": "Tell the team", "type": "chat", "needs": ["done"],
                 "with": chat("{{ steps.match.output.assistant.name }} begins on {{ steps.match.output.starts_on }} "
                              "with {{ steps.match.output.hours_per_week }} hours a week. All is ready."),
                 "example": SENT},
            ],
        },
    ),
)  # fmt: skip
