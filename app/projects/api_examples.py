"""What the API's documentation shows of projects."""

from typing import Any

PROJECT_ID = "019aa8f0-9d30-7f74-ae30-7c2e3f4a5b60"
COMPANY_ID = "019aa8f0-9d31-7a85-bf41-8d3f4a5b6c71"
TEAM_ID = "019aa8f0-9d32-7b96-8052-9e4a5b6c7d82"
SURVEY_ID = "019aa8f0-9d33-7ca7-9163-af5b6c7d8e93"
MOVE_ID = "019aa8f0-9d34-7db8-a274-b06c7d8e9fa4"
MILESTONE_ID = "019aa8f0-9d35-7ec9-b385-c17d8e9fa0b5"

BODY: dict[str, Any] = {
    "name": "Move to the cloud",
    "client_id": COMPANY_ID,
    "description": "Three servers and the file store.",
    "specialization": "cloud migration",
    "skills": ["AWS", "Terraform"],
    "start_date": "2026-12-01",
    "end_date": "2027-02-26",
    "hours_per_week": 60,
    "budget": "50000.00",
    "currency": "EUR",
    "milestones": [{"title": "Pilot", "due_date": "2027-01-15"}],
    "deliverables": [
        {"title": "Survey", "duration_days": 5, "estimate_hours": 40},
        {"title": "Move", "duration_days": 20, "milestone": "Pilot", "depends_on": ["Survey + 2"]},
    ],
}


def _deliverable(key: str, title: str, **more: Any) -> dict[str, Any]:
    names = ("milestone_id", "assistant_id", "start_date", "due_date", "duration_days", "estimate_hours", "budget")
    blank = dict.fromkeys((*names, "planned_start", "planned_due", "finished_on", "decided_at"))
    given: dict[str, Any] = {
        "id": key,
        "title": title,
        "description": "",
        "status": "planned",
        **blank,
        "note": "",
        "depends_on": [],
    }
    return given | more


DELIVERABLE = _deliverable(SURVEY_ID, "Survey", duration_days=5, estimate_hours=40)
_AFTER = [{"deliverable": SURVEY_ID, "lag_days": 2}]
ANSWER: dict[str, Any] = {
    "id": PROJECT_ID,
    **{name: value for name, value in BODY.items() if name not in ("milestones", "deliverables")},
    "team_id": TEAM_ID,
    "status": "requested",
    "spent": "0.00",
    "workdays": ["mon", "tue", "wed", "thu", "fri"],
    "closed_dates": [],
    **dict.fromkeys(("planned_start", "planned_end", "planned_budget", "started_on", "completed_on")),
    "deliverables": [
        DELIVERABLE,
        _deliverable(MOVE_ID, "Move", milestone_id=MILESTONE_ID, duration_days=20, depends_on=_AFTER),
    ],
    "milestones": [{"id": MILESTONE_ID, "title": "Pilot", "due_date": "2027-01-15"}],
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}
PATH = {"reference": PROJECT_ID}
DELIVERABLE_PATH = {**PATH, "deliverable": SURVEY_ID}
PREVIEW = {
    "version": "5d41402abc4b2a76",
    "moves": [
        {
            "id": MOVE_ID,
            "title": "Move",
            "old_start": "2026-12-10",
            "old_due": "2027-01-06",
            "new_start": "2026-12-14",
            "new_due": "2027-01-08",
        }
    ],
    "old_finish": "2027-01-06",
    "new_finish": "2027-01-08",
    "agreed_end": "2027-02-26",
    "is_late": False,
}
_SPAN = {"start": "2026-12-01", "finish": "2026-12-07", "late_start": "2026-12-01", "late_finish": "2026-12-07"}
PLAN = {
    "start": "2026-12-01",
    "finish": "2027-01-06",
    "agreed_end": "2027-02-26",
    "version": "5d41402abc4b2a76",
    "critical_path": [SURVEY_ID, MOVE_ID],
    "tasks": [{"id": SURVEY_ID, "title": "Survey", "status": "planned", **_SPAN, "slack": 0, "is_critical": True}],
}
REVIEW = {
    "id": "019aa8f0-9d36-7fda-8496-d28e9fa0b1c6",
    "project_id": PROJECT_ID,
    "team_id": TEAM_ID,
    "stars": 5,
    "comment": "On time, and they explained what they did.",
    "created_at": "2027-03-01T09:30:00Z",
}
