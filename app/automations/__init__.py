"""Automations: workflows of companies. Each run shows the input, output and attempts of every step."""

from app.core.domain import AuditWords, DemoStep, Domain, Entry

_SECTION = "Automations"

DOMAIN = Domain(
    "automations",
    pages=("analysis.views", "editor.views", "views", "monitoring.pages", "monitoring.outbox_pages", "tables.views"),
    api=(
        "api",
        "run_api",
        "reference_api",
        "triggers.hooks",
        "triggers.api",
        "monitoring.api",
        "analysis.api",
        "tables.api",
    ),
    tags={
        "Data tables": "Tables of rows that workflows read and write, each row with a key.",
        "Automations": "Workflows, deployed in versions, and started by hand, schedules, webhooks and events.",
        "Runs": "Executions of workflows, with the input, output and attempts of each step.",
        "Analyses": "Which steps of a process could be automated, why, and how much that would save.",
        "Secrets": "Values that steps can use, but nobody can read.",
    },
    commands=("cli",),
    permissions={"automations": ("rw", "rw", "rw", "-")},
    scopes={"automations": "automations"},
    audit=AuditWords(
        verbs={
            "deploy": "deployed",
            "hand-over": "handed over",
            "rotate-secret": "replaced the value of",
            "rotate-webhook-secret": "replaced the signing secret of",
        },
        in_history={
            "rotate-secret": "replaced its value",
            "rotate-webhook-secret": "replaced its signing secret",
        },
    ),
    sections={_SECTION: 25},
    navigation=(
        Entry("Automations", "my_automations.index", "robot", "", "automations:read", for_staff=False),
        Entry("Data tables", "my_data-tables.index", "table", "", "automations:read", for_staff=False),
        Entry("Analyses", "my_analyses.index", "report-analytics", "", "automations:read", for_staff=False),
        Entry("Failures", "automation_runs.failures", "alert-triangle", _SECTION, "automations:read"),
        Entry("Approvals", "automation_runs.approvals", "user-check", _SECTION, "automations:read"),
        Entry("Savings", "automation_runs.saved", "chart-bar", _SECTION, "automations:read", words="hours roi worth"),
        Entry(
            "AI costs", "automation_runs.cost", "sparkles", _SECTION, "automations:read", words="budget model tokens"
        ),
        *(
            Entry(label, f"my_automation_runs.{name}", icon, "", "automations:read", False, in_palette_only=True)
            for label, name, icon in (
                ("Failures", "failures", "alert-triangle"),
                ("Approvals", "approvals", "user-check"),
                ("Savings", "saved", "chart-bar"),
                ("Due next", "due", "calendar"),
                ("AI costs", "cost", "sparkles"),
            )
        ),
        Entry("Due next", "automation_runs.due", "calendar", _SECTION, "automations:read", in_palette_only=True),
        Entry("Queue", "automation_runs.queue", "stack-2", _SECTION, "automations:read", in_palette_only=True),
    ),
    home="monitoring.home:home_of",
    demo=(DemoStep(85, "demo_runner:add_automations", is_work=True),),
)
