"""The states of a skill: a term that nobody knew waits until somebody of staff decides what it is."""

from app.core.steps import State, Step, Steps

_ANOTHER = "made a term another name of"

SKILL = Steps(
    table="skills",
    noun="skill",
    label="name",
    by={"staff": "skills:write"},
    states=(State("approved", "success"), State("waiting")),
    steps=(
        Step("approve", ("waiting",), "approved", said="“{record.name}” is a skill now."),
        Step(
            "same-as", ("waiting",), past="made another name", action="merge-skill", did=_ANOTHER, done=f"{_ANOTHER} it"
        ),
        Step("reject", ("waiting",), past="rejected"),
    ),
)
