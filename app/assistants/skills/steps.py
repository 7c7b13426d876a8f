"""The states of a skill: a term that nobody knew waits until somebody of staff decides what it is."""

from app.core.steps import By, State, Step, Steps

_BY_STAFF: By = {"staff": "skills:write"}

SKILL = Steps(
    "skills",
    "skill",
    label="name",
    states=(State("approved", "success"), State("waiting")),
    steps=(
        Step(
            verb="approve",
            label="Approve",
            past="approved",
            from_=("waiting",),
            to="approved",
            by=_BY_STAFF,
            said="“{record.name}” is a skill now.",
        ),
        Step(
            verb="same-as",
            label="Make it another name",
            past="made another name",
            from_=("waiting",),
            by=_BY_STAFF,
            action="merge-skill",
            did="made a term another name of",
        ),
        Step(
            verb="reject",
            label="It is no skill",
            past="rejected",
            from_=("waiting",),
            by=_BY_STAFF,
        ),
    ),
)
