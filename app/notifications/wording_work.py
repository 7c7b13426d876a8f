"""The words for the news of assistants and of projects: `app/assistants/events.py`, `app/projects/events.py`.

`{url}` leads to the page of whoever is told.
"""

from app.notifications.words import Words

_ENGAGEMENT = ("See the engagement", "{url}")
_PROPOSALS = ("See the proposals", "{url}")
_PROJECT = ("See the project", "{url}")

WORK: dict[str, Words] = {
    "match-accepted": Words(
        "{company} takes on {name}",
        "{company} has accepted {name} for {hours} hours a week, from {start}. The hours are reserved.",
        _ENGAGEMENT,
    ),
    "match-confirmed": Words(
        "{name} is yours from {start}",
        "We have accepted {name} for you: {hours} hours a week, from {start}. The hours are reserved.",
        _ENGAGEMENT,
        "If you didn’t ask for this, end the engagement on its page, or tell us.",
    ),
    "match-declined": Words(
        "{name} was not taken by {company}",
        "The proposal of {name} to {company} was declined.",
        ("See the match", "{url}"),
        by_mail=False,
    ),
    "match-withdrawn": Words(
        "{name} is no longer available to you",
        "{name} can’t take the work that you asked for. Your other proposals stay as they are.",
        _PROPOSALS,
    ),
    "engagement-completed": Words(
        "The work of {name} for {company} is completed",
        "The engagement of {name} with {company} is completed; the hours are free again from {day}.",
        _ENGAGEMENT,
    ),
    "engagement-ended": Words(
        "The engagement of {name} with {company} ends",
        "It was ended early; the hours are free again from {day}. The reason: {reason}",
        _ENGAGEMENT,
    ),
    "review-given": Words(
        "{company} has reviewed your work: {stars} of 5 stars",
        "{company} has said how it was to work with you, and gave {stars} of 5 stars.",
        ("See the review", "{url}"),
    ),
    "away": Words(
        "{name} is away from {first} to {last}",
        "{name} doesn’t work for you from {first} to {last}, both days included. The hours stay reserved for you.",
        _ENGAGEMENT,
    ),
    "project-requested": Words(
        "{company} asks for a team: {project}",
        "{company} has described a project, “{project}”, and waits for a team and a plan.",
        _PROJECT,
    ),
    "project-status": Words(
        "“{project}” is {status}",
        "The project “{project}” is {status} now.",
        _PROJECT,
    ),
    "deliverable-submitted": Words(
        "“{title}” waits for your approval",
        "The team of “{project}” has finished “{title}”. Have a look: approve it, or say what should change.",
        ("Look at it", "{url}"),
    ),
    "deliverable-decided": Words(
        "“{title}”: {decision}",
        "The company has decided on “{title}” of “{project}”: {decision}. {note}",
        _PROJECT,
    ),
    "time-decided": Words(
        "Your {hours} on {day}: {decision}",
        "The time that you logged for “{project}” on {day}, {hours}, was {decision}.",
        ("See your time", "{url}"),
        by_mail=False,
    ),
    "time-waits": Words(
        "Your {hours} on {day} need approval again",
        "The decision on the time that you logged for “{project}” on {day}, {hours}, was undone. It’s waiting for "
        "approval again.",
        ("See your time", "{url}"),
        by_mail=False,
    ),
    "budget-alert": Words(
        "“{project}” has used {percent}% of its budget",
        "Spent so far: {spent} of {budget}. The project’s page shows where it went, and what is likely to follow.",
        ("See the budget", "{url}"),
    ),
    "change-order-proposed": Words(
        "A change of “{project}” waits for your decision",
        "We propose a change, “{title}”. See what it does to budget, dates and deliverables; then approve or decline "
        "it. Nothing changes before that.",
        ("See the change", "{url}"),
    ),
    "change-order-decided": Words(
        "“{title}” was {decision}",
        "The company has {decision} the change “{title}” of “{project}”.",
        ("See the change", "{url}"),
    ),
    "project-reviewed": Words(
        "“{project}” was reviewed: {stars} of 5 stars",
        "The company has said how “{project}” went, and gave {stars} of 5 stars.",
        _PROJECT,
    ),
}
