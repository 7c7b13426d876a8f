"""Money and customers: invoices, leads, mails to support, contracts."""

from app.automations.gallery.template import CHAT, MAILED, SENT, Template, chat, columns, row

_INVOICE = {"number": "2026-0815", "supplier": "Acme Paper", "amount": 1190.0, "currency": "EUR", "due": "2026-12-15"}

TEMPLATES = (
    Template(
        slug="invoice-intake",
        name="Invoice intake with approval",
        summary="Takes invoices that a scanner or shop delivers, keeps each once, and asks a person where the amount "
        "is above 500. The answer is kept with the invoice, and accounting is told.",
        category="Finance",
        icon="file-invoice",
        needs_tables={
            "supplier_invoices": columns(
                supplier="text!", amount="number!", currency="text", due="date", state="text!", decided_by="text"
            )
        },
        minutes_saved=12,
        why="Typing an invoice into a list takes about 5 minutes, finding the person who approves it and writing down "
        "the answer about 7.",
        example_input={"body": _INVOICE},
        workflow={
            "trigger": {"type": "webhook", "signed": True},
            "steps": [
                {"id": "complete", "name": "Is it complete?", "type": "condition",
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
                {"id": "approved", "name": "Save the answer", "type": "record", "needs": ["approve"],
                 "with": row("update", "supplier_invoices", "{{ trigger.body.number }}", values={
                     "state": "approved", "decided_by": "{{ steps.approve.output.by }}"})},
                {"id": "small", "name": "Approve if small", "type": "record",
                 "needs": ["received"], "if": "trigger.body.amount <= 500",
                 "with": row("update", "supplier_invoices", "{{ trigger.body.number }}", values={"state": "approved"})},
                {"id": "tell", "name": "Tell accounting", "type": "email", "needs": ["received"],
                 "with": {"to": "accounting@example.com",
                          "subject": "Invoice {{ trigger.body.number }} of {{ trigger.body.supplier }} is in",
                          "text": "{{ trigger.body.amount }} {{ default(trigger.body.currency, 'EUR') }}, due "
                                  "{{ trigger.body.due }}. It is in the table supplier_invoices."},
                 "example": MAILED},
                {"id": "incomplete", "name": "Ask for what is missing", "type": "email",
                 "needs": ["complete"], "if": "not steps.complete.output.result",
                 "with": {"to": "accounting@example.com", "subject": "An invoice came in without what it needs",
                          "text": "{{ json(trigger.body) }}"},
                 "example": MAILED},
            ],
        },
    ),
    Template(
        slug="web-lead",
        name="Lead from the web form",
        summary="Keeps each inquiry of your web form in a table, once for each address, and tells the sales channel.",
        category="Sales",
        icon="address-book",
        needs_secrets=CHAT,
        needs_tables={"leads": columns(name="text", company="text", message="text", received="time", state="text")},
        minutes_saved=6,
        why="Copying an inquiry out of a mail into a list and telling a colleague takes about 6 minutes.",
        example_input={
            "body": {"email": "Kim@Example.com", "name": "Kim Doe", "company": "Brightwater", "message": "How much?"}
        },
        workflow={
            "trigger": {"type": "webhook"},
            "steps": [
                {"id": "clean", "name": "Tidy the inquiry", "type": "transform",
                 "with": {"email": "{{ lower(trim(trigger.body.email)) }}", "name": "{{ trim(trigger.body.name) }}"}},
                {"id": "keep", "name": "Save the inquiry", "type": "record", "needs": ["clean"],
                 "with": row("upsert", "leads", "{{ steps.clean.output.email }}", values={
                     "name": "{{ steps.clean.output.name }}", "company": "{{ trigger.body.company }}",
                     "message": "{{ trigger.body.message }}", "received": "{{ now() }}", "state": "new"}),
                 "example": {"is_new": True}},
                {"id": "tell", "name": "Tell the sales channel", "type": "chat", "needs": ["keep"],
                 "with": chat("{{ steps.clean.output.name }} of {{ default(trigger.body.company, 'no company') }} "
                              "({{ steps.clean.output.email }}) asks: {{ trigger.body.message }}"),
                 "retry": {"max_attempts": 5, "backoff_seconds": 30}, "example": SENT},
            ],
        },
    ),
    Template(
        slug="support-mail",
        name="Support mails sorted by a language model",
        summary="Reads what a customer writes, says what it is about and how urgent it is, keeps it in a table, and "
        "mails what is urgent to the person on duty.",
        category="Support",
        icon="mail-question",
        needs_tables={
            "support_mails": columns(sender="text!", subject="text", topic="text", urgent="boolean", summary="text")
        },
        minutes_saved=4,
        why="Reading a mail, deciding whose it is and forwarding it takes about 4 minutes.",
        example_input={
            "body": {"id": "m-17", "from": "kim@example.com", "subject": "Nothing works",
                     "text": "Since this morning nobody can sign in."}
        },
        workflow={
            "trigger": {"type": "webhook", "signed": True},
            "steps": [
                {"id": "read", "name": "Read the mail", "type": "language_model",
                 "with": {"system": "You sort mails to the support of a company. Answer in JSON.",
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
                {"id": "verdict", "name": "Sort it", "type": "transform", "needs": ["read"],
                 "with": {"topic": "{{ default(steps.read.output.json.topic, 'other') }}",
                          "urgent": "{{ default(steps.read.output.json.urgent, true) }}",
                          "summary": "{{ default(steps.read.output.json.summary, trigger.body.subject) }}"}},
                {"id": "keep", "name": "Save the mail", "type": "record", "needs": ["verdict"],
                 "with": row("upsert", "support_mails", "{{ trigger.body.id }}", values={
                     "sender": "{{ trigger.body['from'] }}", "subject": "{{ trigger.body.subject }}",
                     "topic": "{{ steps.verdict.output.topic }}", "urgent": "{{ steps.verdict.output.urgent }}",
                     "summary": "{{ steps.verdict.output.summary }}"})},
                {"id": "alarm", "name": "Alert the person on duty", "type": "email",
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
        name="Contracts that end soon",
        summary="Looks through the table of contracts every morning, and mails the person in charge 30 days before one "
        "ends. Each is told once.",
        category="Finance",
        icon="file-time",
        needs_tables={
            "contracts": columns(partner="text!", ends_on="date!", owner_email="text!", told_on="date")
        },
        minutes_saved=10,
        why="Looking through the list of contracts and writing reminders takes about 10 minutes a day.",
        example_input={},
        workflow={
            "trigger": {"type": "schedule", "cron": "30 7 * * 1-5", "timezone": "Europe/Berlin"},
            "steps": [
                {"id": "all", "name": "Read the contracts", "type": "record",
                 "with": row("list", "contracts", where={"told_on": None}, limit=100)},
                {"id": "soon", "name": "Find those that end soon", "type": "transform", "needs": ["all"],
                 "with": {"items": "{{ [c for c in steps.all.output.items "
                                   "if days_between(today(), c.values.ends_on) <= 30] }}"}},
                {"id": "tell", "name": "Send the mails", "type": "for_each", "needs": ["soon"],
                 "with": {"items": "{{ steps.soon.output.items }}", "step": {
                     "type": "email",
                     "with": {"to": "{{ item.values.owner_email }}",
                              "subject": "Contract with {{ item.values.partner }} ends on {{ item.values.ends_on }}",
                              "text": "Extend it, or end it in time. It is {{ item.key }} in the table contracts."},
                     "example": MAILED}}},
                {"id": "note", "name": "Save who was told", "type": "for_each", "needs": ["tell"],
                 "with": {"items": "{{ steps.soon.output.items }}", "step": {
                     "type": "record",
                     "with": row("update", "contracts", "{{ item.key }}", values={"told_on": "{{ today() }}"})}}},
            ],
        },
    ),
)  # fmt: skip
