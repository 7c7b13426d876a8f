"""What can't be done with automations, and why."""

from app.core.errors import Conflict, Invalid, NotFound, Refused


class BadWorkflow(Invalid):
    """The definition can't be deployed; `errors` says what is wrong with it, and where."""

    says = "This workflow can’t be deployed. Fix the problems listed."


class NotStorable(Invalid):
    says = "This contains characters or numbers that can’t be stored."


class AutomationIsPaused(Conflict):
    says = "This automation is paused. Resume it first."


class Loop(Conflict):
    """A workflow calls one that led to it."""

    says = (
        "No run was started: this call comes from a chain of workflows that trigger each other, and the run would be "
        "the seventh in the chain. You can start it from the failed runs."
    )


class RunIsOver(Conflict):
    says = "This run has already ended."


class RunIsNotOver(Conflict):
    says = "This run hasn’t ended yet."


class RunSucceeded(Conflict):
    says = "This run succeeded. Set from_step to the step where the new run should start."


class RunDataIsGone(Conflict):
    """The results of its steps and its input were removed; see `AUTOMATION_DATA_DAYS`."""

    says = "The data of this run was removed, so its results can’t be reused. Run all steps again and provide an input."


class NoSuchStep(Invalid):
    at = "/from_step"


class NotWaitingForApproval(Conflict):
    says = "This step is no longer waiting for an answer."


class NoSuchItem(Invalid):
    """The loop had no such item, or none that can be done again by itself."""

    at = "/items"


class NoSuchVersion(NotFound):
    says = "Version not found."


class UnknownVersion(Invalid):
    """A run asks for it."""

    says = "This automation has no such version."
    at = "/version"


class UnknownOwner(Invalid):
    """Nobody who could own it."""

    says = "The owner must be an active user of the company, or a member of staff who takes the automation over."
    at = "/owner_id"


class NotYoursToHandOver(Refused):
    says = "Only staff and the company’s owners can hand it over to someone else. You can take it over yourself."


class PersonNeeded(Refused):
    says = "Only a person can hand over an automation, not an app or API key with limited scopes."


class NoSuchFailure(NotFound):
    says = "Failure not found. Someone may have run it again or dismissed it."


class NoSuchSecret(NotFound):
    says = "Secret not found."


class DeliveriesAreNotSigned(Conflict):
    says = "Deliveries to this automation aren’t signed, so there is no secret to replace."


class NoSuchStepOfRun(NotFound):
    says = "This run has no approval step with this ID."


class NoSuchResult(NotFound):
    says = "This run has no such step or item."


class NoSuchRun(NotFound):
    says = "Run not found."


class SecretIsUsed(Conflict):
    """A workflow names it: remove it there first."""
