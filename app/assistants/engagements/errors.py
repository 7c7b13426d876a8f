"""The rules about engagements, by name."""

from datetime import date

from app.core.errors import Conflict, Invalid, Refused


class RequestIsClosed(Conflict):
    code = "request-closed"
    says = "This request is closed. Make a new one to find somebody."


class TimeIsOver(Conflict):
    says = "The time that was asked for is over. Make a new request to find somebody."


class DayOutOfRange(Invalid):
    at, wrong = "/on", "out_of_range"

    def __init__(self, earliest: date, until: str) -> None:
        super().__init__(f"Choose a day from {earliest.isoformat()} to {until}.")


class NotOver(Conflict):
    says = "An engagement is reviewed when it is completed or has ended."


class AlreadyReviewed(Conflict):
    says = "This engagement has been reviewed already."


class OnlyTheCompanyReviews(Refused):
    code = "not-the-company"
    says = "Only the company reviews an engagement."
