"""What can't be analysed, and why."""

from app.core.errors import Conflict, DomainError, Invalid


class StepsMissing(Invalid):
    """Nothing says what the process consists of."""

    at, wrong = "/steps", "missing"
    says = (
        "Say of which steps the process consists (steps), or send an event log. No language model is set up here that "
        "could read them out of the description."
    )


class DescriptionMissing(Invalid):
    at, wrong = "/description", "missing"
    says = "Describe the process, give its steps, or send an event log."


class OneSourceOnly(Invalid):
    says = "Send either events or event_log."
    at = "/event_log"


class NothingRead(Invalid):
    """The language model's answer has no steps."""

    at = "/description"
    says = "No steps could be read out of the description. Say step by step what is done, or give the steps."


class UnknownFile(Invalid):
    says = "There is no such file. A file is kept for a day, and deleted once it has been read."
    at = "/event_log/file_id"


class NotReady(Conflict):
    code = "analysis-not-ready"
    says = "This analysis isn’t ready yet."


class CompanyNotChosen(Conflict):
    """An analysis that belongs to no company is deployed for one."""

    says = "Say for which company."


class ModelBudgetUsedUp(Conflict):
    says = "The budget for the language model is used up for this month. Give the steps, or send an event log."


class ModelGivesNoAnswer(DomainError):
    status = 503
