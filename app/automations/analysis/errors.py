"""What can't be analysed, and why."""

from app.core.errors import Conflict, DomainError, Invalid


class StepsMissing(Invalid):
    """Nothing says what the process consists of."""

    at, wrong = "/steps", "missing"
    says = (
        "Give the steps of the process, or an event log. Reading them from the description needs a language model, "
        "and none is configured."
    )


class DescriptionMissing(Invalid):
    at, wrong = "/description", "missing"
    says = "Give the steps of the process, an event log or a description."


class OneSourceOnly(Invalid):
    says = "Send either events or event_log."
    at = "/event_log"


class NothingRead(Invalid):
    """The language model's answer has no steps."""

    at = "/description"
    says = "No steps were found in the description. Describe the process step by step, or give the steps."


class UnknownFile(Invalid):
    says = "File not found. Files are deleted once they have been read, and after a day at the latest."
    at = "/event_log/file_id"


class NotReady(Conflict):
    code = "analysis-not-ready"
    says = "This analysis isn’t ready yet."


class CompanyNotChosen(Conflict):
    """An analysis that belongs to no company is deployed for one."""

    says = "Choose a company."


class ModelBudgetUsedUp(Conflict):
    says = "This month’s language model budget is used up. Give the steps or an event log instead."


class ModelGivesNoAnswer(DomainError):
    status = 503
