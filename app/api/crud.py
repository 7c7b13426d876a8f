"""The paths that every kind of record has: list, read, create, change, archive, restore, delete, and its steps.

Those of a kind with a parent lie below the parent's records: `/orders/<order_id>/payments/<payment_id>`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import Blueprint
from pydantic import BaseModel

from app.api import access
from app.api.cached import CachedRead
from app.api.operation import Answer, Example, Loaded, View, operation
from app.api.paging import list_answer
from app.api.steps import mount_steps
from app.core.addresses import api_prefix
from app.core.errors import NotFound, Refused
from app.core.kinds import Kind, editing_of, listing_of
from app.core.lists import query_schema, query_schema_below, refuse_what_is_for_staff
from app.core.names import with_article
from app.core.operations import required
from app.core.records import get_record
from app.core.schemas import Input, changes_of, partial
from app.core.steps import Step, Steps
from app.core.withheld import refuse_what_is_withheld
from app.extensions import db

REFERENCE = "The id of the {}{}."


def require_side(step: Step, _body: BaseModel | None, _record: Any) -> None:
    """Refuse a step to whoever is of a side that doesn't take it."""
    if access.Caller().side not in step.by:
        raise Refused("This step is not yours to take.")


@dataclass(frozen=True)
class Endpoints:
    """The paths of a kind, as `mount` is told of them."""

    kind: Kind
    _: KW_ONLY
    answer: Mapping[str, Any]
    """The example of a record for the documentation."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """The example of what is sent to create one."""
    examples: Mapping[str, Example] = field(default_factory=dict)
    """Other examples, by act (`list`, `get`, `create`, `update` …) or verb of a step."""
    about: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Summaries and descriptions that differ from the usual, by act."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Ids of operations that differ from the usual, by act or verb."""
    without: Collection[str] = ()
    """The acts that the caller serves in a way of its own, or that aren't served."""
    read: str = ""
    """Who may read: `public`, or a permission where it isn't the kind's for reading."""
    depends_on: tuple[str, ...] = ()
    """Tables whose rows stand in the answers, besides the kind's own, its parts' and its parent's."""
    unless_asked: Mapping[str, Any] = field(default_factory=dict)
    """Values of the list's filters that hold where the caller names none."""
    unasked: tuple[str, ...] = ()
    """The list's filters that callers below a parent can't use, besides the parent's own."""
    path: Mapping[str, str] = field(default_factory=dict)
    """The variables of a record's path with their values in examples, where they aren't `reference`, or below a parent
    `order_id` and `payment_id`."""
    find_parent: Callable[..., Any] | None = None
    """Finds the parent by reference, person and `lock`, where some see parts of it who don't see all of it."""
    steps: Steps | None = None
    """Each has the path `POST …/<verb>` below a record, but for those whose operation is the kind's own update or
    deletion."""
    require_step: Callable[[Step, Any, Any], None] = require_side
    """Refuses a step by its body and the record, where more than the caller's side decides."""

    def mount(self, bp: Blueprint) -> None:
        every = self.kind.api_below(f"<{self._names[0]}>")
        one = f"{every}/<{self._names[-1]}>"
        create = "create" if self.kind.parent is None else "create_below"
        for act, method, rule, needed, view_of in (
            ("list", "GET", every, "", self._list_view),
            ("get", "GET", one, "", lambda: self._get_view),
            ("update", "PATCH", one, "update", self._update_view),
            ("create", "POST", every, create, self._create_view),
            ("archive", "DELETE", one, "archive", self._archive_view),
            ("restore", "POST", f"{one}/restore", "restore", self._restore_view),
            ("delete", "DELETE", one, "delete", self._delete_view),
        ):
            if act not in self.without and (not needed or getattr(self.kind.editing, needed, None) is not None):
                view = view_of()
                bp.add_url_rule(rule, endpoint=view.operation.id, view_func=view, methods=[method])
        if self.steps is not None:
            self._mount_steps(bp, one, self.steps)

    def _mount_steps(self, bp: Blueprint, one: str, steps: Steps) -> None:
        own = [getattr(self.kind.editing, act, None) for act in ("update", "delete")]
        said = self._said("", "")
        mount_steps(
            bp,
            steps,
            one,
            self._for_step,
            noun=self.kind.noun,
            ids=self.ids,
            without=[verb for operation in own for verb in steps.taken_by(operation)],
            answers={200: self._output},
            examples={step.verb: self._example(step.verb, answer=dict(self.answer)) for step in steps.steps},
            tags=said["tags"],
            path=said["path"],
        )

    # What the documentation says

    @cached_property
    def _path(self) -> Mapping[str, str]:
        own = str(self.answer.get("slug") or self.answer["id"])
        if self.path or self.kind.parent is None:
            return self.path or {"reference": own}
        above = f"{self.kind.parent.noun}_id"
        return {above: str(self.answer[above]), f"{self.kind.noun}_id": own}

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """The variables of a record's path: its own is the last, after its parent's."""
        return tuple(self._path)

    @property
    def _a_record(self) -> str:
        return with_article(self.kind.singular)

    def _said(
        self, act: str, summary: str, description: str = "", *, of_all: bool = False, **example: Any
    ) -> dict[str, Any]:
        """What is said of an operation of one record or `of_all`, by the caller or else as usual."""
        kind = self.kind
        noun = kind.plural.replace(" ", "_") if act == "list" else kind.noun
        summary, description = self.about.get(act, (summary, description))
        texts = [REFERENCE.format(kind.singular, ", or its slug" if kind.has_slug else "")]
        if kind.parent is not None:
            texts.insert(0, REFERENCE.format(kind.parent.singular, ""))
        return {
            "id": self.ids.get(act, f"{act}_{noun}"),
            "summary": summary,
            "description": description,
            "tags": ((kind.parent or kind).plural.capitalize(),),
            "path": dict(zip(self._names, texts[:-1] if of_all else texts, strict=False)),
            "example": self._example(act, of_all=of_all, **example),
        }

    def _example(self, act: str, *, of_all: bool = False, **usual: Any) -> Example:
        given = self.examples.get(act, Example(**usual))
        names = self._names[:-1] if of_all else self._names
        answer = usual.get("answer") if given.answer is None else given.answer
        return replace(given, answer=answer, path={name: self._path[name] for name in names})

    @cached_property
    def _output(self) -> type[BaseModel]:
        return listing_of(self.kind).output

    @cached_property
    def _body(self) -> type[Input]:
        editing = editing_of(self.kind)
        return editing.body or editing.input

    @property
    def _reading(self) -> dict[str, Any]:
        parent = (self.kind.parent.table,) if self.kind.parent else ()
        allow = self.read or self.kind.read_permission
        tables = (self.kind.table, *self.kind.children, *parent, *self.depends_on)
        return {"allow": allow, "cached": CachedRead(tables) if allow == "public" else None}

    @cached_property
    def _is_changed(self) -> bool:
        """Whether records are changed, so that somebody may have been faster."""
        return self.kind.editing is not None and self.kind.editing.update is not None

    @property
    def _changing(self) -> dict[str, Any]:
        loaded = Loaded(self._locked, self._get_view)
        return {"allow": self.kind.write_permission, "conditional": loaded, "problems": (409,)}

    # Finding records

    def _parent(self, path: Mapping[str, str], *, lock: bool = False) -> Any:
        kind = self.kind.parent
        if kind is None:
            return None
        reference, person = path[self._names[0]], access.actor()
        if self.find_parent is not None:
            return self.find_parent(reference, person, lock=lock)
        archived = access.may(kind.write_permission)
        return get_record(kind, reference, for_update=lock, archived=archived, seen_by=person)

    def _found(self, path: Mapping[str, str], *, lock: bool = False) -> Any:
        """The record, with its parent's row locked before its own."""
        kind, parent = self.kind, self._parent(path, lock=lock)
        archived = lock or access.may(kind.write_permission)
        reference, person = path[self._names[-1]], access.actor()
        found = get_record(kind, reference, for_update=lock, archived=archived, seen_by=person, below=parent)
        return kind.hydrated(found)

    def _locked(self, **path: str) -> Any:
        return self._found(path, lock=True)

    def _for_step(self, step: Step, body: BaseModel | None, **path: str) -> Any:
        record = self._locked(**path)
        self.require_step(step, body, record)
        return record

    def _with_parts(self, record: Any) -> Any:
        """The record with its parts as they are after the change, and in their order. What a row holds by itself, the
        statement that changed it has told."""
        db.session.flush()
        if not self.kind.load_options and not self.kind.parts:
            return self.kind.hydrated(record)
        db.session.expire(record)
        return self.kind.hydrated(get_record(self.kind, record.id))

    # The operations

    def _list_view(self) -> View:
        kind, spec = self.kind, listing_of(self.kind).spec
        by = next((sort.name for sort in spec.sorts if not sort.name.endswith("_at")), spec.sorts[0].name)
        below = kind.parent.noun if kind.parent else None

        @operation(
            **self._said(
                "list",
                f"List {kind.plural}",
                "Page by page, in an order that does not move while others write. `Link` carries the address of the "
                "next page, `X-Total-Count` the number of rows that match.",
                of_all=True,
                query=f"limit=2&sort={by}",
                answer=[dict(self.answer)],
            ),
            query=query_schema_below(spec, below, *self.unasked) if below else query_schema(spec),
            answers={200: list[self._output]},  # type: ignore[name-defined]
            problems=() if kind.visible_to is None else (404,),
            paged=True,
            **self._reading,
        )
        def get(query: Any, **path: str) -> Answer:
            held = kind.held_below(self._parent(path))
            refuse_what_is_withheld(self._output, query, access.Caller())
            staff = self._is_asked_by_staff(query)
            query = self._as_meant(self._in_sight(query))
            return list_answer(spec, query, staff=staff, options=kind.load_options, hydrate=kind.hydrate, **held)

        return get

    def _in_sight(self, query: Any) -> Any:
        """The query narrowed to what the caller sees; another company's is not there."""
        held = self.kind.held_to(access.actor())
        if getattr(query, "client_id", None) not in (None, held.get("client_id", getattr(query, "client_id", None))):
            raise NotFound("There is no such company.")
        return query.model_copy(update=dict(held))

    def _as_meant(self, query: Any) -> Any:
        """The query with what is asked for where nothing is said; who looks at archived records wants all."""
        unsaid = {name: value for name, value in self.unless_asked.items() if getattr(query, name) is None}
        return query.model_copy(update=unsaid) if unsaid and query.shows == "active" else query

    def _is_asked_by_staff(self, query: Any) -> bool:
        """Whether staff ask; others hear 401 or 403 where they ask for what is for staff."""
        permission = self.kind.write_permission
        if access.may(permission):
            return True
        try:
            refuse_what_is_for_staff(listing_of(self.kind).spec, query)
        except Refused:
            access.require_permission(permission)
            raise
        return False

    @cached_property
    def _get_view(self) -> View:
        kind, archivable = self.kind, self.kind.is_archivable

        @operation(
            **self._said(
                "get",
                f"Read one {kind.singular}",
                "By id or by slug. One that is archived is shown to staff alone." if archivable else "By id.",
                answer=dict(self.answer),
            ),
            query=OneQuery if archivable else None,
            answers={200: self._output},
            problems=(403,) if archivable else (),
            **self._reading,
        )
        def get(query: OneQuery | None = None, **path: str) -> Any:
            if query is not None and query.include_archived:
                access.require_permission(kind.write_permission)
            return self._found(path)

        return get

    def _create_view(self) -> View:
        kind, editing = self.kind, editing_of(self.kind)

        @operation(
            **self._said("create", f"Create {self._a_record}", of_all=True, body=self.body, answer=dict(self.answer)),
            allow=kind.write_permission,
            body=self._body,
            server_sets=self._output,
            answers={201: self._output},
            problems=(404, 409) if "client_id" in self._body.model_fields else (409,),
            conditional=self._is_changed,
        )
        def post(body: Input, **path: str) -> Answer:
            parent, actor = self._parent(path, lock=True), access.actor()
            if parent is None:
                record = required(editing.create)(body, actor=actor)
            else:
                record = required(editing.create_below)(parent, body, actor=actor)
            address = f"{api_prefix()}{kind.api_below(parent and parent.id)}/{record.id}"
            return Answer(self._with_parts(record), headers={"Location": address})

        return post

    def _update_view(self) -> View:
        editing = editing_of(self.kind)
        update_record = required(editing.update)

        @operation(
            **self._said(
                "update",
                f"Change {self._a_record}",
                "Send only the fields that change. With `If-Match`, it is refused when someone was faster.",
                body=dict([*self.body.items()][:1]),
                answer=dict(self.answer),
            ),
            body=partial(editing.changes or self._body),
            server_sets=self._output,
            answers={200: self._output},
            **self._changing,
        )
        def patch(record: Any, body: BaseModel) -> Any:
            update_record(record, changes_of(body), actor=access.actor())
            return self._with_parts(record)

        return patch

    def _archive_view(self) -> View:
        archive_record = required(editing_of(self.kind).archive)

        @operation(
            **self._said(
                "archive",
                f"Archive {self._a_record}",
                "It leaves the lists, and can be restored. With `If-Match`, refused when someone was faster.",
            ),
            answers={204: None},
            **self._changing,
        )
        def delete(record: Any) -> None:
            archive_record(record, actor=access.actor())

        return delete

    def _restore_view(self) -> View:
        restore_record = required(editing_of(self.kind).restore)

        @operation(
            **self._said("restore", f"Restore {self._a_record} that is archived", answer=dict(self.answer)),
            answers={200: self._output},
            **self._changing,
        )
        def post(record: Any) -> Any:
            restore_record(record, actor=access.actor())
            return self._with_parts(record)

        return post

    def _delete_view(self) -> View:
        delete_record = required(editing_of(self.kind).delete)

        @operation(
            **self._said("delete", f"Delete {self._a_record}"),
            answers={204: None},
            **(self._changing if self._is_changed else {"allow": self.kind.write_permission}),
        )
        def delete(record: Any = None, **path: str) -> None:
            delete_record(record or self._locked(**path), actor=access.actor())

        return delete


class OneQuery(BaseModel):
    """What reading one record takes."""

    include_archived: bool = False


def mount(bp: Blueprint, kind: Kind, **declared: Any) -> None:
    """Give a kind of record its paths, as far as it has the declarations; `declared` are the fields of `Endpoints`.
    Writing takes the kind's permission for writing."""
    Endpoints(kind, **declared).mount(bp)
