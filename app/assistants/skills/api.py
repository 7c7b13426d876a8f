"""The taxonomy of skills in the JSON API: for staff; changing it is administrators' alone."""

from flask import Blueprint

from app.api.crud import mount
from app.assistants.models import Skill
from app.assistants.skills.kinds import skills

bp = Blueprint("skills_api", __name__, url_prefix="/api")

_SKILL = {
    "name": "Excel",
    "category": "Office",
    "description": "Tables, formulas, filters and charts.",
    "parent_id": "019aa8f0-5c10-7e22-8d3f-4b1d2e3f4a50",
    "aliases": ["MS Excel", "Spreadsheets"],
    "related": [{"name": "Google Sheets", "weight": 0.8}],
}

mount(
    bp,
    skills,
    depends_on=(Skill.__tablename__,),
    body=_SKILL,
    answer={
        "id": "019aa8f0-5c21-7a74-8e30-7c2e3f4a5b60",
        "slug": "excel",
        **_SKILL,
        "status": "approved",
        "asked": 0,
        "archived_at": None,
        "created_at": "2026-11-22T09:30:00Z",
        "updated_at": "2026-11-22T09:30:00Z",
    },
)
