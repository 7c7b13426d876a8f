"""The rules about engagements, by name."""

from datetime import date

from app.core.errors import Conflict, FieldError, Invalid, Refused


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
