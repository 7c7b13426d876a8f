"""Templates about money and customers: invoices, leads, support emails, contracts."""

from app.automations.gallery.template import CHAT, MAILED, SENT, Template, chat, columns, row

_INVOICE = {"number": "2026-0815", "supplier": "Acme Paper", "amount": 1190.0, "currency": "EUR", "due": "2026-12-15"}

TEMPLATES = (
    Template(
        slug="invoice-intake",
        name="Invoice intake with approval",
        summary="Receives invoices from a scanner or shop, saves each one once, and asks for approval if the amount is "
        "over 500. Saves the decision with the invoice and notifies accounting.",
        category="Finance",
        icon="file-invoice",
        needs_tables={
            "supplier_invoices": columns(
                supplier="text!", amount="number!", currency="text", due="date", state="text!", decided_by="text"
            )
        },
        minutes_saved=12,
        why="Entering an invoice takes about 5 minutes; getting it approved and recording the decision takes about 7.",
        example_input={"body": _INVOICE},
        workflow={
            "trigger": {"type": "webhook", "signed": True},
            "steps": [
                {"id": "complete", "name": "Check that it is complete", "type": "condition",
                 "with": {"if": "trigger.body.number and trigger.body.supplier and trigger.body.amount > 0"}},
                {"id": "received", "name": "Save the invoice", "type": "record",
                 "needs": ["complete"], "if": "steps.complete.output.result",
                 "with": row("upsert", "supplier_invoices", "{{ trigger.body.number }}", values={
                     "supplier": "{{ trigger.body.supplier }}", "amount": "{{ trigger.body.amount }}",
                     "currency": "{{ default(trigger.body.currency, 'EUR') }}", "due": "{{ trigger.body.due }}",
                     "state": "received"})},
                {"id": "approve", "name": "Ask for approval", "type": "approval",
                 "needs": ["received"], "if": "trigger.body.amount > 500",
                 "with": {"ask": "Pay {{ trigger.body.amount }} {{ default(trigger.body.currency, 'EUR') }} to "
                                 "{{ trigger.body.supplier }}, invoice {{ trigger.body.number }}?",
                          "expires_in_seconds": 1209600},
                 "example": {"decision": "approve", "comment": "", "by": "anna", "at": "2026-12-01T09:30:00Z"}},
                {"id": "approved", "name": "Save the approval", "type": "record", "needs": ["approve"],
                 "with": row("update", "supplier_invoices", "{{ trigger.body.number }}", values={
                     "state": "approved", "decided_by": "{{ steps.approve.output.by }}"})},
                {"id": "small", "name": "Approve small amounts", "type": "record",
                 "needs": ["received"], "if": "trigger.body.amount <= 500",
                 "with": row("update", "supplier_invoices", "{{ trigger.body.number }}", values={"state": "approved"})},
                {"id": "tell", "name": "Notify accounting", "type": "email", "needs": ["received"],
                 "with": {"to": "accounting@example.com",
                          "subject": "New invoice {{ trigger.body.number }} from {{ trigger.body.supplier }}",
                          "text": "{{ trigger.body.amount }} {{ default(trigger.body.currency, 'EUR') }}, due "
                                  "{{ trigger.body.due }}. See the data table supplier_invoices."},
                 "example": MAILED},
                {"id": "incomplete", "name": "Report missing details", "type": "email",
                 "needs": ["complete"], "if": "not steps.complete.output.result",
                 "with": {"to": "accounting@example.com", "subject": "Invoice received with missing details",
                          "text": "{{ json(trigger.body) }}"},
                 "example": MAILED},
            ],
        },
    ),
    Template(
        slug="web-lead",
        name="Lead from the web form",
        summary="Saves each inquiry from your web form, one row per email address, and posts it to the sales channel.",
        category="Sales",
        icon="address-book",
        needs_secrets=CHAT,
        needs_tables={"leads": columns(name="text", company="text", message="text", received="time", state="text")},
        minutes_saved=6,
        why="Copying an inquiry from an email into a list and telling a colleague takes about 6 minutes.",
        example_input={
            "body": {"email": "Kim@Example.com", "name": "Kim Doe", "company": "Brightwater", "message": "How much?"}
        },
        workflow={
            "trigger": {"type": "webhook"},
            "steps": [
                {"id": "clean", "name": "Clean up the inquiry", "type": "transform",
                 "with": {"email": "{{ lower(trim(trigger.body.email)) }}", "name": "{{ trim(trigger.body.name) }}"}},
                {"id": "keep", "name": "Save the inquiry", "type": "record", "needs": ["clean"],
                 "with": row("upsert", "leads", "{{ steps.clean.output.email }}", values={
                     "name": "{{ steps.clean.output.name }}", "company": "{{ trigger.body.company }}",
                     "message": "{{ trigger.body.message }}", "received": "{{ now() }}", "state": "new"}),
                 "example": {"is_new": True}},
                {"id": "tell", "name": "Notify the sales channel", "type": "chat", "needs": ["keep"],
                 "with": chat("{{ steps.clean.output.name }}, {{ default(trigger.body.company, 'no company') }} "
                              "({{ steps.clean.output.email }}), asks: {{ trigger.body.message }}"),
                 "retry": {"max_attempts": 5, "backoff_seconds": 30}, "example": SENT},
            ],
        },
    ),
    Template(
        slug="support-mail",
        name="Support email triage with AI",
        summary="A language model reads each support email and decides on its topic and urgency. Saves the result, and "
        "forwards urgent emails to the person on call.",
        category="Support",
        icon="mail-question",
        needs_tables={
            "support_mails": columns(sender="text!", subject="text", topic="text", urgent="boolean", summary="text")
        },
        minutes_saved=4,
        why="Reading an email, deciding who should handle it and forwarding it takes about 4 minutes.",
        example_input={
            "body": {"id": "m-17", "from": "kim@example.com", "subject": "Nothing works",
                     "text": "Since this morning nobody can sign in."}
        },
        workflow={
            "trigger": {"type": "webhook", "signed": True},
            "steps": [
                {"id": "read", "name": "Read the email", "type": "language_model",
                 "with": {"system": "You triage emails sent to a company’s support team. Answer in JSON.",
                          "prompt": "Subject: {{ trigger.body.subject }}\n\n{{ trigger.body.text }}",
                          "json_schema": {
                              "type": "object", "additionalProperties": False,
                              "required": ["topic", "urgent", "summary"],
                              "properties": {
                                  "topic": {"enum": ["billing", "technical", "sales", "other"]},
                                  "urgent": {"type": "boolean"}, "summary": {"type": "string"}}},
                          "max_tokens": 300},
                 "retry": {"max_attempts": 3, "backoff_seconds": 10}, "on_error": "continue",
                 "example": {"text": "", "tokens": 150, "cost": 0.0001,
                             "json": {"topic": "technical", "urgent": True, "summary": "Nobody can sign in."}}},
                {"id": "verdict", "name": "Set topic and urgency", "type": "transform", "needs": ["read"],
                 "with": {"topic": "{{ default(steps.read.output.json.topic, 'other') }}",
                          "urgent": "{{ default(steps.read.output.json.urgent, true) }}",
                          "summary": "{{ default(steps.read.output.json.summary, trigger.body.subject) }}"}},
                {"id": "keep", "name": "Save the email", "type": "record", "needs": ["verdict"],
                 "with": row("upsert", "support_mails", "{{ trigger.body.id }}", values={
                     "sender": "{{ trigger.body['from'] }}", "subject": "{{ trigger.body.subject }}",
                     "topic": "{{ steps.verdict.output.topic }}", "urgent": "{{ steps.verdict.output.urgent }}",
                     "summary": "{{ steps.verdict.output.summary }}"})},
                {"id": "alarm", "name": "Alert the person on call", "type": "email",
                 "needs": ["keep"], "if": "steps.verdict.output.urgent",
                 "with": {"to": "support@example.com",
                          "subject": "Urgent, {{ steps.verdict.output.topic }}: {{ steps.verdict.output.summary }}",
                          "text": "From {{ trigger.body['from'] }}:\n\n{{ trigger.body.text }}"},
                 "example": MAILED},
            ],
        },
    ),
    Template(
        slug="contract-expiry",
        name="Contract expiry reminder",
        summary="Checks the contracts table every weekday morning, and emails the owner of each contract once, 30 days "
        "before it ends.",
        category="Finance",
        icon="file-time",
        needs_tables={
            "contracts": columns(partner="text!", ends_on="date!", owner_email="text!", told_on="date")
        },
        minutes_saved=10,
        why="Checking the list of contracts and writing reminders takes about 10 minutes a day.",
        example_input={},
        workflow={
            "trigger": {"type": "schedule", "cron": "30 7 * * 1-5", "timezone": "Europe/Berlin"},
            "steps": [
                {"id": "all", "name": "Read the contracts", "type": "record",
                 "with": row("list", "contracts", where={"told_on": None}, limit=100)},
                {"id": "soon", "name": "Find contracts that end soon", "type": "transform", "needs": ["all"],
                 "with": {"items": "{{ [c for c in steps.all.output.items "
                                   "if days_between(today(), c.values.ends_on) <= 30] }}"}},
                {"id": "tell", "name": "Send the reminders", "type": "for_each", "needs": ["soon"],
                 "with": {"items": "{{ steps.soon.output.items }}", "step": {
                     "type": "email",
                     "with": {"to": "{{ item.values.owner_email }}",
                              "subject": "Contract with {{ item.values.partner }} ends on {{ item.values.ends_on }}",
                              "text": "Please renew or cancel it in time. See {{ item.key }} in the table contracts."},
                     "example": MAILED}}},
                {"id": "note", "name": "Mark as reminded", "type": "for_each", "needs": ["tell"],
                 "with": {"items": "{{ steps.soon.output.items }}", "step": {
                     "type": "record",
                     "with": row("update", "contracts", "{{ item.key }}", values={"told_on": "{{ today() }}"})}}},
            ],
        },
    ),
)  # fmt: skip
