"""What people do with drafts. Each is its maker's own; what comes of it is an automation of the company."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.automations import operations as automations
from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.operations import promises_of
from app.automations.definitions.schemas import WorkflowInput
from app.automations.editor.comparing import Change, changes_between
from app.automations.editor.edits import Workflow
from app.automations.editor.merging import merge
from app.automations.editor.models import Draft
from app.automations.models import Automation
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound
from app.extensions import db
from app.identity.identities import Identity

LARGEST = 256 << 10
DEEPEST = 60
MOST_KEPT, MOST_KEPT_BYTES = 20, 1 << 20
"""How much can be undone."""
MOST_DRAFTS = 100


class DraftGone(NotFound):
    says = "Draft not found. It may have been deployed or discarded in another window."


class TooManyDrafts(Conflict):
    says = f"You already have {MOST_DRAFTS} drafts. Deploy or discard some first."


class NothingToUndo(Conflict):
    says = "There is nothing to undo."


class OthersDeployed(Conflict):
    says = "Another version was deployed while you were editing. Merge its changes first."


class TooLarge(Invalid):
    says = f"A workflow can have at most {LARGEST >> 10} KiB."


class NotStorable(Invalid):
    says = "This contains characters or numbers that can’t be stored."


class NestedTooDeeply(Invalid):
    says = f"Values can be nested at most {DEEPEST} levels deep."


def begin_suggested_draft(analysis: ProcessAnalysis, *, client_id: UUID, actor: Identity) -> Draft:
    """A draft of what the analysis suggests, with what it promises."""
    workflow: Workflow = (analysis.result or {})["suggested_workflow"]
    return begin_draft(analysis.process, workflow, client_id=client_id, actor=actor, **promises_of(analysis))


def begin_draft(
    name: str,
    workflow: Workflow,
    *,
    client_id: UUID,
    actor: Identity,
    automation: Automation | None = None,
    **more: Any,
) -> Draft:
    """A new draft of the person's own. Of an automation, it is to become its next version."""
    workflow = {"trigger": {"type": "manual"}, "steps": [], **workflow}
    require_storable(workflow)
    if len(list_drafts(actor)) >= MOST_DRAFTS:
        raise TooManyDrafts
    draft = Draft(
        client_id=client_id,
        user_id=actor.id,
        name=name.strip()[:120] or "New automation",
        workflow=workflow,
        automation_id=automation.id if automation else None,
        base_number=automation.version_number if automation else None,
        **more,
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def draft_of(automation: Automation, *, actor: Identity) -> Draft:
    """The person's draft of an automation; a new one if they have none. Callers hold the automation's row."""
    query = select(Draft).where(Draft.automation_id == automation.id, Draft.user_id == actor.id)
    found = db.session.scalars(query.order_by(Draft.updated_at.desc()).limit(1)).one_or_none()
    if found is not None:
        return found
    version = automations.version_of(automation, automation.version_number)
    return begin_draft(
        automation.name, version.workflow, client_id=automation.client_id, actor=actor, automation=automation
    )


def get_draft(draft_id: UUID, person: Identity, *, lock: bool = False) -> Draft:
    """The person's own draft. Raises `DraftGone`."""
    query = select(Draft).where(Draft.id == draft_id, Draft.user_id == person.id)
    query = query.options(joinedload(Draft.client), joinedload(Draft.automation))
    if lock:
        query = query.with_for_update(of=Draft).execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise DraftGone
    return found


def list_drafts(person: Identity, client_id: UUID | None = None) -> list[Draft]:
    """The person's drafts, the last changed first."""
    query = select(Draft).where(Draft.user_id == person.id).options(joinedload(Draft.client))
    if client_id is not None:
        query = query.where(Draft.client_id == client_id)
    return list(db.session.scalars(query.order_by(Draft.updated_at.desc()).limit(MOST_DRAFTS)))


def change_draft(draft: Draft, workflow: Workflow, did: str) -> bool:
    """Keep another definition, and the one before so that it can be undone; whether anything is different. `did` says
    what was done: “Deleted “Send mail””. Callers hold the row."""
    if _same(draft.workflow, workflow):
        return False
    require_storable(workflow)
    draft.earlier = _bounded([*draft.earlier, {"did": did[:200], "workflow": draft.workflow}])
    draft.workflow = workflow
    draft.updated_at = now()
    db.session.flush()
    return True


def undo(draft: Draft) -> str:
    """Take the last change back; what it had done. Callers hold the row."""
    if not draft.earlier:
        raise NothingToUndo
    *before, last = draft.earlier
    draft.workflow, draft.earlier = last["workflow"], before
    draft.updated_at = now()
    db.session.flush()
    return str(last["did"])


def rename(draft: Draft, name: str) -> None:
    draft.name = name.strip()[:120] or draft.name
    db.session.flush()


def discard(draft: Draft) -> None:
    db.session.delete(draft)
    db.session.flush()


def changes_by_others(draft: Draft) -> list[Change]:
    """What was deployed since the draft was begun."""
    if draft.automation is None or draft.base_number in (None, draft.automation.version_number):
        return []
    return changes_between(_version(draft.automation, draft.base_number), _newest(draft.automation))


def changes_of_draft(draft: Draft) -> list[Change]:
    """What deploying the draft would change; nothing is there to compare a new automation with."""
    return [] if draft.automation is None else changes_between(_newest(draft.automation), draft.workflow)


def take_over(draft: Draft) -> list[str]:
    """Put what was deployed since into the draft; what both had changed, in words. Callers hold the row."""
    if draft.automation is None or draft.base_number == draft.automation.version_number:
        return []
    newest = _newest(draft.automation)
    merged, conflicts = merge(_version(draft.automation, draft.base_number), newest, draft.workflow)
    number = draft.automation.version_number
    change_draft(draft, merged, f"Merged the changes of version {number}")
    draft.base_number = number
    db.session.flush()
    return conflicts


def deploy_draft(draft: Draft, *, actor: Identity) -> Automation:
    """Make the draft the automation, or its next version; the draft is over with that. Raises `BadWorkflow`, and
    `OthersDeployed` where that would undo what somebody else did. Callers hold the draft's row."""
    if draft.automation_id is None:
        workflow = WorkflowInput.model_validate(draft.workflow)
        more = {
            "minutes_saved": draft.minutes_saved,
            "promised_hours": draft.promised_hours,
            "analysis_id": draft.analysis_id if _has_analysis(draft) else None,
        }
        made = automations.deploy(draft.name, workflow, client_id=draft.client_id, actor=actor, **more)
    else:
        made = db.session.scalars(
            select(Automation)
            .where(Automation.id == draft.automation_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        if made.version_number != draft.base_number:
            raise OthersDeployed
        workflow = WorkflowInput.model_validate(draft.workflow)
        made = automations.change_workflow(made, workflow, actor=actor)
        if draft.name != made.name:
            made.name = draft.name
    discard(draft)
    return made


def _has_analysis(draft: Draft) -> bool:
    query = select(ProcessAnalysis.id).where(
        ProcessAnalysis.id == draft.analysis_id, ProcessAnalysis.client_id == draft.client_id
    )
    return draft.analysis_id is not None and db.session.scalar(query) is not None


def require_storable(workflow: Mapping[str, Any]) -> None:
    """Raises for what the database can't keep, or what is too much of it."""
    waiting: list[tuple[Any, int]] = [(workflow, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise NestedTooDeeply
        if isinstance(value, dict):
            waiting += [(one, depth + 1) for one in value.values()]
        elif isinstance(value, list):
            waiting += [(one, depth + 1) for one in value]
    try:
        text = json.dumps(workflow, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except ValueError:
        raise NotStorable from None
    if "\\u0000" in text:
        raise NotStorable
    if size > LARGEST:
        raise TooLarge


def _bounded(earlier: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    room = MOST_KEPT_BYTES
    for one in reversed(earlier[-MOST_KEPT:]):
        room -= len(json.dumps(one["workflow"], ensure_ascii=False).encode())
        if room < 0:
            break
        kept.append(one)
    return kept[::-1]


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """As JSON, the order of members included: a person who put it in order wants it so."""
    return json.dumps(one) == json.dumps(other)


def _newest(automation: Automation) -> dict[str, Any]:
    return _version(automation, automation.version_number)


def _version(automation: Automation, number: int | None) -> dict[str, Any]:
    return automations.version_of(automation, number or automation.version_number).workflow
