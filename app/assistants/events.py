"""What becomes of matches, and who is told: whoever didn't do it. `by` is the side that acted."""

from datetime import date
from decimal import Decimal

from app.core.events import PERSON, EventType, Message, declare
from app.core.sides import COMPANY, STAFF

_BY_OTHERS = {side: tuple({"company", "assistant", "staff"} - {side}) for side in ("company", "assistant", "staff")}
_PAGE = ("See the engagement", "matches/{id}")
_MATCH = {"company": str, "name": str, "by": str}

_ACCEPTED = (
    "{company} takes on {name}",
    "{company} has accepted {name} for {hours} hours a week, from {start}. The hours are reserved.",
)
_WITHDRAWN = Message(
    COMPANY,
    "{name} is no longer available to you",
    "{name} can’t take the work that you asked for. Your other proposals stay as they are.",
    ("See the proposals", "requests/{parent_id}"),
    by=_BY_OTHERS["company"],
)


def _to_others(title: str, text: str) -> tuple[Message, ...]:
    return (
        Message(COMPANY, title, text, _PAGE, by=_BY_OTHERS["company"]),
        Message(PERSON, title, text, _PAGE, by=_BY_OTHERS["assistant"]),
        Message(STAFF, title, text, _PAGE, by=_BY_OTHERS["staff"]),
    )


EVENTS = (
    EventType(
        "match.accepted",
        {**_MATCH, "hours": Decimal, "start": date},
        (
            Message(PERSON, *_ACCEPTED, _PAGE),
            Message(STAFF, *_ACCEPTED, _PAGE, by=("company",)),
            Message(
                COMPANY,
                "{name} is yours from {start}",
                "We have accepted {name} for you: {hours} hours a week, from {start}. The hours are reserved.",
                _PAGE,
                "If you didn’t ask for this, end the engagement on its page, or tell us.",
                by=_BY_OTHERS["company"],
            ),
        ),
        says="An assistant was accepted for a request.",
    ),
    EventType(
        "match.declined",
        _MATCH,
        (
            Message(
                STAFF,
                "{name} was not taken by {company}",
                "The proposal of {name} to {company} was declined.",
                ("See the match", "matches/{id}"),
                by=_BY_OTHERS["staff"],
                by_mail=False,
            ),
            _WITHDRAWN,
        ),
        says="A proposed assistant was declined.",
    ),
    EventType("match.withdrawn", _MATCH, (_WITHDRAWN,), says="A proposed assistant is no longer available."),
    EventType(
        "match.completed",
        {**_MATCH, "day": date},
        _to_others(
            "The work of {name} for {company} is completed",
            "The engagement of {name} with {company} is completed; the hours are free again from {day}.",
        ),
        says="The work of an assistant was completed.",
    ),
    EventType(
        "match.ended",
        {**_MATCH, "day": date, "reason": str},
        _to_others(
            "The engagement of {name} with {company} ends",
            "It was ended early; the hours are free again from {day}. The reason: {reason}",
        ),
        says="The work of an assistant ended early.",
    ),
    EventType(
        "match.reviewed",
        {**_MATCH, "stars": int},
        (
            Message(
                PERSON,
                "{company} has reviewed your work: {stars} of 5 stars",
                "{company} has said how it was to work with you, and gave {stars} of 5 stars.",
                ("See the review", "matches/{id}"),
            ),
        ),
        says="The company reviewed an assistant.",
    ),
    # Once for each company that has hours of the assistant; `url` leads to what the hours are for.
    EventType(
        "assistant.absent",
        {"name": str, "first": date, "last": date, "url": str},
        (
            Message(
                COMPANY,
                "{name} is away from {first} to {last}",
                "{name} doesn’t work for you from {first} to {last}, both days included. The hours stay reserved for "
                "you.",
                ("See the engagement", "{url}"),
            ),
        ),
        says="An assistant who works for the company will be away.",
    ),
)
declare(*EVENTS)
