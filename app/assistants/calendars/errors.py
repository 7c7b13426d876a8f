"""What assistants' profiles and calendars refuse, each rule by its name."""

from datetime import date
from decimal import Decimal

from app.assistants.models import TimeOff
from app.core.errors import Conflict, Invalid
from app.core.rules import enforces


class UnknownSkill(Invalid):
    """A term that can't be a skill: nothing but signs."""

    def __init__(self, at: int, name: str) -> None:
        super().__init__(
            f"“{name}” can't be a skill. Name it with letters or digits.", at=f"/skills/{at}/name", wrong="unknown"
        )


class NoExpertsAccount(Invalid):
    at, wrong = "/user_id", "unknown"
    says = "There is no account of an expert with this id."


class AccountTaken(Conflict):
    """Each account has one profile."""

    at, wrong = "/user_id", "taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"This account belongs to “{name}” already.")


@enforces("assistants_keep_reserved_hours")
class HoursAreReserved(Conflict):
    code, at, wrong = "hours-reserved", "/availability/weekly_hours", "reserved"

    def __init__(self, name: str, peak: Decimal) -> None:
        super().__init__(f"{peak.normalize():f} hours a week of {name} are reserved. End what takes them first.")


@enforces("assistants_keep_reserved_days")
class DaysAreReserved(Conflict):
    code, at, wrong = "days-reserved", "/availability/from", "reserved"

    def __init__(self, name: str, first: date) -> None:
        super().__init__(f"Hours of {name} are reserved from {first} on. The first day can't come after that.")


class EndsBeforeStart(Invalid):
    at, wrong = "/ends_on", "order"
    says = "The last day comes before the first."


@enforces("time_off_no_overlap_excl", says="There is time off on some of these days already.")
class TimeOffOverlaps(Conflict):
    at, wrong = "/starts_on", "overlap"

    def __init__(self, there: TimeOff) -> None:
        super().__init__(f"There is time off from {there.starts_on} to {there.ends_on} already.")


class TooMuchTimeOff(Conflict):
    def __init__(self, most: int) -> None:
        super().__init__(f"A calendar holds {most} spells of time off at most. Remove what has passed.")
