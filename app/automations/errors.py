"""What can't be done with automations, and why."""

from app.core.errors import Conflict, Invalid, NotFound, Refused


class BadWorkflow(Invalid):
    """The definition can't be deployed; `errors` says what is wrong with it, and where."""

    says = "This workflow can’t be deployed: see what is marked."


class NotStorable(Invalid):
    says = "This holds characters or numbers that can’t be stored."


class AutomationIsPaused(Conflict):
    says = "This automation is paused. Resume it first."


class Loop(Conflict):
    """A workflow calls one that led to it."""

    says = (
        "This call comes from a chain of workflows that set each other off, and didn’t begin a run: it would be the "
        "seventh. A person can begin it from the failed runs."
    )


class RunIsOver(Conflict):
    says = "This run is over."


class RunIsNotOver(Conflict):
    says = "This run isn’t over yet."


class RunSucceeded(Conflict):
    says = "This run succeeded. Say from which step it should be run again (from_step)."


class RunDataIsGone(Conflict):
    """The results of its steps and its input were removed; see `AUTOMATION_DATA_DAYS`."""

    says = "The data of this run was removed, so none of its results can be kept. Run all of it again with an input."


class NoSuchStep(Invalid):
    at = "/from_step"


class NotWaitingForApproval(Conflict):
    says = "This step doesn’t wait for an answer any more."


class NoSuchItem(Invalid):
    """The loop had no such item, or none that can be done again by itself."""

    at = "/items"


class NoSuchVersion(NotFound):
    says = "There is no such version."


class UnknownVersion(Invalid):
    """A run asks for it."""

    says = "There is no such version of this automation."
    at = "/version"


class UnknownOwner(Invalid):
    """Nobody who could own it."""

    says = "An owner is an active person of the company, or a member of staff who takes it over."
    at = "/owner_id"


class NotYoursToHandOver(Refused):
    says = "The company’s owners and staff hand an automation over to others. You can take it over yourself."


class PersonNeeded(Refused):
    says = "Only a person hands an automation over, not a program that was let in for a part."


class NoSuchFailure(NotFound):
    says = "There is no such group of failed runs, or somebody has run them again or dismissed them."


class NoSuchSecret(NotFound):
    says = "There is no such secret."


class DeliveriesAreNotSigned(Conflict):
    says = "Deliveries to this automation aren’t signed, so there is no secret to be replaced."


class NoSuchStepOfRun(NotFound):
    says = "The run has no step of this id that asks for approval."


class NoSuchResult(NotFound):
    says = "The run has no such step, or its loop no such item."


class NoSuchRun(NotFound):
    says = "There is no such run."


class SecretIsUsed(Conflict):
    """A workflow names it: remove it there first."""
