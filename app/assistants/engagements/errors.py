"""The rules about engagements, by name."""

from datetime import date

from app.core.errors import Conflict, Invalid, Refused


class RequestIsClosed(Conflict):
    code = "request-closed"
    says = "This request is closed. Make a new one to find somebody."


class TimeIsOver(Conflict):
    code = "time-is-over"
    says = "The time that was asked for is over. Make a new request to find somebody."


class DayOutOfRange(Invalid):
    code, at, wrong = "day-out-of-range", "/on", "out_of_range"

    def __init__(self, earliest: date, until: str) -> None:
        super().__init__(f"Choose a day from {earliest.isoformat()} to {until}.")


class NotOver(Conflict):
    code = "not-over"
    says = "An engagement is reviewed when it is completed or has ended."


class AlreadyReviewed(Conflict):
    code = "already-reviewed"
    says = "This engagement has been reviewed already."


class OnlyTheCompanyReviews(Refused):
    code = "not-the-company"
    says = "Only the company reviews an engagement."
