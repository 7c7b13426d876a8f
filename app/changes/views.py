"""The pages of change sets: the list, one of them from preview to undo, and what can be done with it."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_login import current_user

from app.changes import asking, questions
from app.changes.running import apply_soon, is_stranded, job_of, preview_again, preview_soon, read_soon
from app.changes.undo_words import did, is_redo, will_do
from app.core.cells import guard, unguard
from app.core.changes import keeping, queries, staging, undo
from app.core.changes.models import ChangeKind, ChangeRow, ChangeSet, RowKind, State
from app.core.changes.naming import Names
from app.core.changes.wording import label_of
from app.core.errors import Conflict, Invalid, NotFound
from app.core.ids import as_uuid
from app.core.kinds import filing_of, find_by_table, find_kind, get_kind
from app.core.tables.delimited import SEPARATORS
from app.core.tables.letters import ENCODINGS
from app.core.tables.rows import text_of
from app.extensions import db
from app.identity.policy import can, require
from app.web import htmx
from app.web.guards import View, staff
from app.web.refusals import saying_no

bp = Blueprint("changes", __name__, url_prefix="/admin/changes")

PAGE = 50
_READ_AGAIN = "The file was read again as you chose. Check the columns, then preview the import."
_STOPPED = "This can’t be undone completely, and nothing has been undone yet: review the reasons below."
KINDS = {"import": "Imports", "bulk": "Bulk changes", "undo": "Undos"}


@dataclass(frozen=True)
class _Done:
    """What is said when it is done, and where that leads; by default to the page of the change set."""

    said: str = ""
    at: str = ""
    tone: str = "success"


def _act(rule: str) -> Callable[[View], View]:
    """What staff do with a change set, for the view locked, if they may write what it changes. It is committed; a
    refusal is told on the page of the change set."""

    def declare(view: View) -> View:
        @bp.post(f"/<uuid:change_set_id>/{rule}")
        @staff
        @wraps(view)
        def act(change_set_id: UUID, **values: Any) -> Any:
            here = url_for("changes.show", change_set_id=change_set_id)
            with saying_no(at=here):
                done = view(_locked(change_set_id), **values)
            if not isinstance(done, _Done):
                return done
            if done.said:
                flash(done.said, done.tone)
            return redirect(done.at or here, 303)

        return cast("View", act)

    return declare


@bp.get("")
@staff
def index() -> Any:
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    change_sets = queries.list_change_sets(
        db.session, kind=ChangeKind(kind) if kind else None, before=as_uuid(request.args.get("before")), limit=PAGE + 1
    )
    return render_template(
        "changes/index.html",
        change_sets=change_sets[:PAGE],
        older=change_sets[PAGE - 1].id if len(change_sets) > PAGE else None,
        kinds=KINDS,
        kind=kind,
        is_first="before" not in request.args,
    )


@bp.get("/<uuid:change_set_id>")
@staff
def show(change_set_id: UUID) -> Any:
    return _page(staging.get_change_set(db.session, change_set_id))


@_act("apply")
def apply(change_set: ChangeSet) -> Any:
    """Write it. Wrong rows are left out only where the person has said so (`leave_out`)."""
    if change_set.rows_wrong and not request.form.get("leave_out"):
        raise Conflict("Some rows have errors. Correct them, or choose to skip them.")
    apply_soon(change_set, actor=current_user)
    return _Done(_outcome(change_set) if change_set.state == State.APPLIED else "")


@_act("again")
def preview_once_more(change_set: ChangeSet) -> Any:
    """Begin a preview anew that was stopped before it was made."""
    preview_again(change_set)
    return _Done()


@_act("columns")
def choose_columns(change_set: ChangeSet) -> Any:
    """Take what a person says of the file: `look` reads it again with another sheet, heading or letters."""
    if change_set.state != State.ASKING:
        raise Conflict("How the file is read can't be changed any more.")
    asked = asking.read_form(filing_of(change_set.resource_key), change_set, request.form)
    looks = request.form.get("then") == "look"
    if not (asked.rereads or looks) and asked.errors:
        db.session.rollback()
        return _page(staging.get_change_set(db.session, change_set.id), status=422, said=asked)
    take = staging.look_again if asked.rereads or looks else staging.choose
    take(db.session, change_set, asked.plan)
    read_soon(change_set)
    unasked = asked.rereads and not looks
    return _Done(_READ_AGAIN if unasked else "", tone="info")


@_act("answer")
def answer(change_set: ChangeSet) -> Any:
    """Take the answer to what the preview asks, and examine the rows anew."""
    answers = questions.read_answers(change_set, filing_of(change_set.resource_key), request.form)
    if not answers:
        raise Invalid("Choose an answer first.")
    staging.answer(db.session, change_set, answers)
    read_soon(change_set)
    return _Done()


@_act("ask")
def ask_again(change_set: ChangeSet) -> Any:
    """Go back from the preview to how the file is read."""
    staging.ask_again(db.session, change_set)
    return _Done()


@_act("undo")
def undo_change_set(change_set: ChangeSet) -> Any:
    """Undo it at once where nothing stands in the way; else show first what does."""
    undo_set = undo.stage_undo(db.session, actor=current_user, change_set=change_set)
    preview_soon(undo_set, large=change_set.rows_done > staging.LARGE)
    if undo_set.state == State.PREVIEWED and not undo_set.rows_conflict:
        apply_soon(undo_set, actor=current_user)
    here = url_for("changes.show", change_set_id=undo_set.id)
    if undo_set.state == State.PREVIEWED:
        return _Done(_STOPPED, here, "warning")
    return _Done(_outcome(undo_set) if undo_set.state == State.APPLIED else "", here)


@_act("discard")
def discard(change_set: ChangeSet) -> Any:
    staging.discard(db.session, change_set, stranded=is_stranded(change_set))
    return _Done("Discarded. Nothing was changed.", url_for("changes.index"))


@_act("rows/<int(max=9223372036854775807):number>")
def correct(change_set: ChangeSet, number: int) -> Any:
    """Put other values into the cells of a wrong row; one that is still wrong comes back with 422."""
    cells = {name: value for name, value in request.form.items() if name != "csrf_token"}
    row = staging.correct_row(db.session, change_set, number, cells)
    if row.kind == RowKind.WRONG:
        return _page(change_set, status=422, shown=RowKind.WRONG, after=number - 1, still_wrong=number)
    here = url_for("changes.show", change_set_id=change_set.id, rows="wrong", _anchor="rows")
    return _Done(f"Row {number} is corrected.", here)


@bp.get("/<uuid:change_set_id>/wrong.csv")
@staff
def wrong_rows(change_set_id: UUID) -> Response:
    """The wrong rows as they came, and what is wrong with each, to be put right in a spreadsheet and imported again."""
    change_set = staging.get_change_set(db.session, change_set_id)
    columns = change_set.params.get("columns", [])
    if change_set.kind != ChangeKind.IMPORT or not columns:
        raise NotFound("Only an import has rows with errors.")
    if keeping.has_lost_rows(change_set):
        raise NotFound("The rows of an import are kept for 30 days after it was applied.")
    rows = _csv_lines(change_set, columns)
    response = Response(stream_with_context(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="wrong-rows.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True)
class _Tab:
    """Rows of one kind, as a part of the page."""

    kind: RowKind
    label: str
    count: int


_TABS = (
    (RowKind.WRONG, "Errors"),
    (RowKind.CONFLICT, "Conflicts"),
    (RowKind.CHANGED, "Changed"),
    (RowKind.NEW, "New"),
    (RowKind.UNCHANGED, "Unchanged"),
)


def _page(
    change_set: ChangeSet,
    *,
    status: int = 200,
    shown: RowKind | None = None,
    after: int | None = None,
    said: asking.Asked | None = None,
    still_wrong: int | None = None,
) -> Any:
    kind = find_kind(change_set.resource_key)
    tabs = [_Tab(kind, label, getattr(change_set, f"rows_{kind.value}")) for kind, label in _TABS]
    rows_removed = keeping.has_lost_rows(change_set)
    tabs = [tab for tab in tabs if tab.count and not rows_removed]
    with_rows = [tab for tab in tabs if not (change_set.kind == ChangeKind.UNDO and tab.kind != "conflict")]
    asked = request.args.get("rows", "")
    shown = shown or next((tab.kind for tab in with_rows if tab.kind == asked), None)
    shown = shown or (with_rows[0].kind if with_rows else None)
    after = request.args.get("after", 0, type=int) if after is None else after
    rows: Sequence[ChangeRow] = []
    if shown is not None and change_set.state not in (State.PREPARING, State.ASKING, State.DISCARDED):
        rows = staging.list_rows(db.session, change_set, shown, after=min(max(after, 0), 2**62), limit=PAGE + 1)
    return htmx.page_or_fragment(
        "changes/show.html",
        "changes/_show.html",
        status,
        change_set=change_set,
        kind=kind,
        form=asking.context(change_set, said) if change_set.state == State.ASKING else None,
        questions=questions.questions_of(change_set, kind.filing if kind else None),
        encodings=ENCODINGS,
        separators=SEPARATORS,
        tabs=with_rows,
        rows_removed=rows_removed,
        shown=shown,
        rows=_described(rows[:PAGE]),
        next_after=rows[PAGE - 1].number if len(rows) > PAGE else None,
        after=after,
        still_wrong=still_wrong,
        job=job_of(change_set),
        stranded=is_stranded(change_set),
        may_write=kind is None or can(current_user, kind.write_permission),
        can_be_undone=queries.can_be_undone(change_set) and (kind is None or kind.undoable),
        did=did,
        will_do=will_do,
        undo_sets=queries.list_undos(db.session, change_set),
        undoes=db.session.get(ChangeSet, change_set.undoes_set_id) if change_set.undoes_set_id else None,
    )


@dataclass(frozen=True)
class _Described:
    """A row in words, with a link to its record."""

    row: ChangeRow
    url: str | None
    fields: Sequence[queries.Difference]
    labels: dict[str, str]


def _described(rows: Sequence[ChangeRow]) -> list[_Described]:
    names = queries.names_in(db.session, rows)
    return [_describe(row, names) for row in rows]


def _describe(row: ChangeRow, names: Names) -> _Described:
    kind = find_by_table(row.table_name or "")
    url = None
    if kind is not None and kind.table == row.table_name and names.has(row.table_name, row.record_id):
        url = kind.url(row.record_id)
    labels = {name: label_of(kind, name) for name in (*row.cells, *(p["field"] or "" for p in row.problems))}
    return _Described(row, url, queries.differences(kind, row, names), labels)


def _csv_lines(change_set: ChangeSet, columns: Sequence[str]) -> Any:
    buffer = io.StringIO()
    separator = change_set.params.get("plan", {}).get("reading", {}).get("separator", ",")
    writer = csv.writer(buffer, delimiter=separator if separator in (",", ";", "\t") else ",", lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([*columns, "problem"])
    after = 0
    while rows := staging.list_rows(db.session, change_set, RowKind.WRONG, after=after, limit=500):
        after = rows[-1].number
        for row in rows:
            problems = "; ".join(f"{problem['field']}: {problem['message']}" for problem in row.problems)
            writer.writerow([*(guard(unguard(text_of(row.cells.get(name, "")))) for name in columns), guard(problems)])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def _locked(change_set_id: UUID) -> ChangeSet:
    """The change set, locked, for somebody who may write what it changes."""
    change_set = staging.get_change_set(db.session, change_set_id, for_update=True)
    needed = undo.permissions_for(db.session, change_set) if change_set.kind == ChangeKind.UNDO else set()
    if change_set.resource_key:
        needed |= {get_kind(change_set.resource_key).write_permission}
    for permission in needed:
        require(can(current_user, permission))
    return change_set


def _outcome(change_set: ChangeSet) -> str:
    rows = f"{change_set.rows_done:,} {'row' if change_set.rows_done == 1 else 'rows'}"
    if change_set.kind == ChangeKind.UNDO:
        text = f"{'Redone' if is_redo(change_set) else 'Undone'}: {did(change_set)}."
    else:
        text = f"Done: {rows} saved."
    if change_set.rows_conflict:
        text += f" {change_set.rows_conflict:,} left unchanged; the reasons are below."
    return text
