"""Who answers a step that asks for approval."""

from uuid import UUID

from app.automations.definitions.types import ApprovalWith
from app.automations.errors import NoSuchStepOfRun
from app.automations.models import Run
from app.automations.runs.versions import definition_of
from app.core.errors import NotFound, Refused
from app.identity.companies import NO_SUCH, company_for
from app.identity.identities import Identity
from app.identity.policy import is_staff


def require_asked(run: Run, step_id: str, person: Identity, client_id: UUID | None = None) -> None:
    """Refuse whoever isn't asked: people of the company, for whom staff may answer if they name it (`client_id`), or
    staff alone. Raises `NoSuchStepOfRun`."""
    step = definition_of(run.automation_id, run.version_number).steps.get(step_id)
    if step is None or step.type != "approval":
        raise NoSuchStepOfRun
    if ApprovalWith.model_validate(step.with_).of == "staff":
        if not is_staff(person):
            raise Refused("This is for DIG|LIT’s staff to answer.")
    elif company_for(person, client_id) != run.client_id:
        raise NotFound(NO_SUCH)
