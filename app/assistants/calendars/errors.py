"""What assistants' profiles and calendars refuse, each rule by its name."""

from datetime import date
from decimal import Decimal

from app.assistants.models import TimeOff
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.rules import enforces


class UnknownSkill(Invalid):
    """A term that can't be a skill: nothing but signs."""

    code = "unknown-skill"

    def __init__(self, at: int, name: str) -> None:
        message = f"“{name}” can't be a skill. Name it with letters or digits."
        super().__init__(message, errors=[FieldError(f"/skills/{at}/name", message, "unknown")])


class NoExpertsAccount(Invalid):
    code = "no-experts-account"

    def __init__(self) -> None:
        message = "There is no account of an expert with this id."
        super().__init__(message, errors=[FieldError("/user_id", message, "unknown")])


class AccountTaken(Conflict):
    """Each account has one profile."""

    code = "account-taken"

    def __init__(self, name: str) -> None:
        message = f"This account belongs to “{name}” already."
        super().__init__(message, errors=[FieldError("/user_id", message, "taken")])


@enforces("assistants_keep_reserved_hours")
class HoursAreReserved(Conflict):
    code = "hours-reserved"

    def __init__(self, name: str, peak: Decimal) -> None:
        message = f"{peak.normalize():f} hours a week of {name} are reserved. End what takes them first."
        super().__init__(message, errors=[FieldError("/availability/weekly_hours", message, "reserved")])


@enforces("assistants_keep_reserved_days")
class DaysAreReserved(Conflict):
    code = "days-reserved"

    def __init__(self, name: str, first: date) -> None:
        message = f"Hours of {name} are reserved from {first} on. The first day can't come after that."
        super().__init__(message, errors=[FieldError("/availability/from", message, "reserved")])


class EndsBeforeStart(Invalid):
    code = "ends-before-start"

    def __init__(self) -> None:
        message = "The last day comes before the first."
        super().__init__(message, errors=[FieldError("/ends_on", message, "order")])


@enforces("time_off_no_overlap_excl", says="There is time off on some of these days already.")
class TimeOffOverlaps(Conflict):
    code = "time-off-overlaps"

    def __init__(self, there: TimeOff) -> None:
        message = f"There is time off from {there.starts_on} to {there.ends_on} already."
        super().__init__(message, errors=[FieldError("/starts_on", message, "overlap")])


class TooMuchTimeOff(Conflict):
    code = "too-much-time-off"

    def __init__(self, most: int) -> None:
        super().__init__(f"A calendar holds {most} spells of time off at most. Remove what has passed.")


class NoSuchTimeOff(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such time off.")
