"""Users and companies in the JSON API: for staff; roles and states of users are administrators' alone."""

from flask import Blueprint

from app.api.crud import mount
from app.auth.people.kinds import clients, users

bp = Blueprint("people_api", __name__, url_prefix="/api")

_TIMES = {"created_at": "2026-11-22T09:30:00Z", "updated_at": "2026-11-22T09:30:00Z"}
_COMPANY_ID = "019aa8f0-5b20-7d11-8c1e-3a0c1d2e3f40"

mount(
    bp,
    users,
    body={"status": "suspended"},
    answer={
        "id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e02",
        "username": "kim",
        "email": "kim@brightwater.example",
        "role": "client",
        "status": "active",
        "client_id": _COMPANY_ID,
        "timezone": "Europe/Berlin",
        "theme": None,
        **_TIMES,
    },
)
mount(
    bp,
    clients,
    body={"name": "Brightwater Stores"},
    answer={"id": _COMPANY_ID, "name": "Brightwater Stores", "status": "active", **_TIMES},
)
