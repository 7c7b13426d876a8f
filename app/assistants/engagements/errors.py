"""The rules about engagements, by name."""

from datetime import date

from app.core.errors import Conflict, FieldError, Invalid, Refused

STATUS_NAMES = {
    "proposed": "proposed",
    "accepted": "accepted",
    "declined": "declined",
    "completed": "completed",
    "ended": "ended early",
    "withdrawn": "withdrawn",
}


class WrongStep(Conflict):
    """The status that was asked for doesn't follow on the present one."""

    code = "wrong-step"

    def __init__(self, status: str, wanted: str) -> None:
        now, then = STATUS_NAMES[status], STATUS_NAMES[wanted]
        super().__init__(
            f"This match is {now} already." if now == then else f"A match that is {now} can’t become {then}."
        )


class RequestIsClosed(Conflict):
    code = "request-closed"

    def __init__(self) -> None:
        super().__init__("This request is closed. Make a new one to find somebody.")


class TimeIsOver(Conflict):
    code = "time-is-over"

    def __init__(self) -> None:
        super().__init__("The time that was asked for is over. Make a new request to find somebody.")


class DayOutOfRange(Invalid):
    code = "day-out-of-range"

    def __init__(self, earliest: date, until: str) -> None:
        message = f"Choose a day from {earliest.isoformat()} to {until}."
        super().__init__(message, errors=[FieldError("/on", message, "out_of_range")])


class NotOver(Conflict):
    code = "not-over"

    def __init__(self) -> None:
        super().__init__("An engagement is reviewed when it is completed or has ended.")


class AlreadyReviewed(Conflict):
    code = "already-reviewed"

    def __init__(self) -> None:
        super().__init__("This engagement has been reviewed already.")


class OnlyTheCompanyReviews(Refused):
    code = "not-the-company"

    def __init__(self) -> None:
        super().__init__("Only the company reviews an engagement.")
