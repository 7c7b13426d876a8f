"""What the taxonomy doesn't allow."""

from collections.abc import Sequence

from app.core.errors import Conflict, FieldError, Invalid
from app.core.rules import enforces


class TermTaken(Conflict):
    """A name or another name that means another skill already."""

    code = "term-taken"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].message, errors=errors)


@enforces("skill_relations_pair_key", says="Two skills are related only once.")
class UnknownRelated(Invalid):
    """A related skill that isn't there, is the skill itself, or is named twice."""

    code = "unknown-skill"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].message, errors=errors)


class WrongParent(Invalid):
    """A skill can't be part of that one."""

    code, at = "wrong-parent", "/parent_id"


class NotWaiting(Conflict):
    """Somebody has decided about the term already."""

    code = "not-waiting"

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” doesn’t wait any more: somebody has decided already.")


class NoSuchSkill(Invalid):
    """A term shall be another name of a skill that isn't there."""

    code, at, wrong = "unknown-skill", "/into", "unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no approved skill called “{name}”." if name else "Name the skill that it is.")


class TooManyNames(Conflict):
    """The skill has as many other names as one can have."""

    code = "too-many-names"

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” has as many other names as a skill can have.")
