"""The paths that every kind of record has: list, read, create, change, archive, restore."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
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
from app.core.lists import query_schema, refuse_what_is_for_staff
from app.core.names import with_article
from app.core.operations import required
from app.core.records import get_record
from app.core.schemas import Input, changes_of, partial
from app.core.steps import Step, Steps
from app.extensions import db
from app.identity.policy import side_of

REFERENCE = "The id of the {}{}."


@dataclass(frozen=True, kw_only=True)
class _Endpoints:
    kind: Kind
    public_read: bool
    depends_on: tuple[str, ...]
    body: Mapping[str, Any]
    answer: Mapping[str, Any]
    without: Collection[str]
    unless_asked: Mapping[str, Any]
    steps: Steps | None
    step_bodies: Mapping[str, Mapping[str, Any]]
    ids: Mapping[str, str]
    about: Mapping[str, tuple[str, str]]

    def _said(self, act: str, name: str, summary: str, description: str = "") -> dict[str, Any]:
        """What the documentation says of an operation, by the caller or else as usual."""
        summary, description = self.about.get(act, (summary, description))
        return {"id": self.ids.get(act, f"{act}_{name}"), "summary": summary, "description": description}

    @property
    def _shared(self) -> dict[str, Any]:
        return {"tags": (self.kind.plural.capitalize(),)}

    @property
    def _one(self) -> dict[str, Any]:
        or_slug = ", or its slug" if self.kind.has_slug else ""
        return {**self._shared, "path": {"reference": REFERENCE.format(self.kind.singular, or_slug)}}

    @property
    def _reading(self) -> dict[str, Any]:
        tables = (self.kind.table, *self.kind.children, *self.depends_on)
        allow = "public" if self.public_read else self.kind.read_permission
        return {"allow": allow, "cached": CachedRead(tables) if self.public_read else None}

    @cached_property
    def _output(self) -> type[BaseModel]:
        return listing_of(self.kind).output

    @cached_property
    def _body(self) -> type[BaseModel]:
        editing = editing_of(self.kind)
        return editing.body or editing.input

    @cached_property
    def _noun(self) -> str:
        return self.kind.singular.replace(" ", "_")

    @cached_property
    def _example_path(self) -> dict[str, str]:
        return {"reference": str(self.answer.get("slug") or self.answer["id"])}

    def mount(self, bp: Blueprint) -> None:
        path = self.kind.api_path
        one = f"{path}/<reference>"
        for act, method, rule, view_of in (
            ("list", "GET", path, self._list_view),
            ("get", "GET", one, lambda: self._get_view),
            ("update", "PATCH", one, self._update_view),
            ("create", "POST", path, self._create_view),
            ("archive", "DELETE", one, self._archive_view),
            ("restore", "POST", f"{one}/restore", self._restore_view),
        ):
            if act not in self.without and (method == "GET" or getattr(self.kind.editing, act, None) is not None):
                view = view_of()
                bp.add_url_rule(rule, endpoint=view.operation.id, view_func=view, methods=[method])
        if self.steps is not None:
            self._mount_steps(bp, one, self.steps)

    def _mount_steps(self, bp: Blueprint, one: str, steps: Steps) -> None:
        example = Example(path=self._example_path, answer=dict(self.answer))
        mount_steps(
            bp,
            steps,
            one,
            self._for_step,
            noun=self._noun,
            without=steps.taken_by(editing.update) if (editing := self.kind.editing) else (),
            answers={200: self._output},
            examples={
                step.verb: replace(example, body=self.step_bodies.get(step.verb) if step.body else None)
                for step in steps.steps
            },
            **self._one,
        )

    def _list_view(self) -> View:
        kind, spec, output = self.kind, listing_of(self.kind).spec, self._output
        by = next(sort.name for sort in spec.sorts if not sort.name.endswith("_at"))

        @operation(
            **self._said(
                "list",
                kind.plural.replace(" ", "_"),
                f"List {kind.plural}",
                "Page by page, in an order that does not move while others write. `Link` carries the address of the "
                "next page, `X-Total-Count` the number of rows that match.",
            ),
            query=query_schema(spec),
            answers={200: list[output]},  # type: ignore[valid-type]
            example=Example(query=f"limit=2&sort={by}", answer=[dict(self.answer)]),
            problems=() if kind.visible_to is None else (404,),
            paged=True,
            **self._reading,
            **self._shared,
        )
        def get(query: Any) -> Answer:
            staff = self._is_asked_by_staff(query)
            query = self._as_meant(self._in_sight(query))
            return list_answer(spec, query, staff=staff, options=kind.load_options, hydrate=kind.hydrate)

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
        kind = self.kind
        archivable = kind.is_archivable

        @operation(
            **self._said(
                "get",
                self._noun,
                f"Read one {kind.singular}",
                "By id or by slug. One that is archived is shown to staff alone." if archivable else "By id.",
            ),
            query=OneQuery if archivable else None,
            answers={200: self._output},
            example=Example(path=self._example_path, answer=dict(self.answer)),
            **self._reading,
            problems=(403,) if archivable else (),
            **self._one,
        )
        def get(reference: str, query: OneQuery | None = None) -> Any:
            if query is not None and query.include_archived:
                access.require_permission(kind.write_permission)
            return kind.hydrated(
                get_record(kind, reference, archived=access.may(kind.write_permission), seen_by=access.actor())
            )

        return get

    def _create_view(self) -> View:
        kind, create_record = self.kind, required(editing_of(self.kind).create)

        @operation(
            **self._said("create", self._noun, f"Create {with_article(kind.singular)}"),
            allow=kind.write_permission,
            body=self._body,
            server_sets=self._output,
            answers={201: self._output},
            example=Example(body=self.body, answer=dict(self.answer)),
            problems=(409,),
            conditional=True,
            **self._shared,
        )
        def post(body: Input) -> Answer:
            record = create_record(body, actor=access.actor())
            return Answer(self._with_parts(record), headers={"Location": f"{api_prefix()}{kind.api_path}/{record.id}"})

        return post

    def _update_view(self) -> View:
        kind, update_record = self.kind, required(editing_of(self.kind).update)

        @operation(
            **self._said(
                "update",
                self._noun,
                f"Change {with_article(kind.singular)}",
                "Send only the fields that change. With `If-Match`, it is refused when someone was faster.",
            ),
            allow=kind.write_permission,
            body=partial(self._body),
            server_sets=self._output,
            answers={200: self._output},
            example=Example(
                path=self._example_path,
                body=dict([next(iter(self.body.items()))]),
                answer=dict(self.answer),
            ),
            conditional=Loaded(self._locked, self._get_view),
            problems=(409,),
            **self._one,
        )
        def patch(record: Any, body: BaseModel) -> Any:
            update_record(record, changes_of(body), actor=access.actor())
            return self._with_parts(record)

        return patch

    def _archive_view(self) -> View:
        kind, archive_record = self.kind, required(editing_of(self.kind).archive)

        @operation(
            **self._said(
                "archive",
                self._noun,
                f"Archive {with_article(kind.singular)}",
                "It leaves the lists, and can be restored. With `If-Match`, refused when someone was faster.",
            ),
            allow=kind.write_permission,
            answers={204: None},
            example=Example(path=self._example_path),
            conditional=Loaded(self._locked, self._get_view),
            problems=(409,),
            **self._one,
        )
        def delete(record: Any) -> None:
            archive_record(record, actor=access.actor())

        return delete

    def _restore_view(self) -> View:
        kind, restore_record = self.kind, required(editing_of(self.kind).restore)

        @operation(
            **self._said("restore", self._noun, f"Restore {with_article(kind.singular)} that is archived"),
            allow=kind.write_permission,
            answers={200: self._output},
            example=Example(path=self._example_path, answer=dict(self.answer)),
            conditional=Loaded(self._locked, self._get_view),
            problems=(409,),
            **self._one,
        )
        def post(record: Any) -> Any:
            restore_record(record, actor=access.actor())
            return self._with_parts(record)

        return post

    def _for_step(self, step: Step, _body: BaseModel | None, reference: str) -> Any:
        record = self._locked(reference)
        if side_of(access.actor()) not in step.by:
            raise Refused("This step is not yours to take.")
        return record

    def _locked(self, reference: str) -> Any:
        return self.kind.hydrated(get_record(self.kind, reference, for_update=True, seen_by=access.actor()))

    def _with_parts(self, record: Any) -> Any:
        """The record with its parts as they are after the change, and in their order. What a row holds by itself, the
        statement that changed it has told."""
        db.session.flush()
        if not self.kind.load_options and not self.kind.parts:
            return self.kind.hydrated(record)
        db.session.expire(record)
        return self.kind.hydrated(get_record(self.kind, record.id))


class OneQuery(BaseModel):
    """What reading one record takes."""

    include_archived: bool = False


def mount(
    bp: Blueprint,
    kind: Kind,
    *,
    public_read: bool = True,
    depends_on: tuple[str, ...] = (),
    body: Mapping[str, Any],
    answer: Mapping[str, Any],
    without: Collection[str] = (),
    unless_asked: Mapping[str, Any] | None = None,
    steps: Steps | None = None,
    step_bodies: Mapping[str, Mapping[str, Any]] | None = None,
    ids: Mapping[str, str] | None = None,
    about: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Give a kind of record its paths under its path, as far as its kind has them.

    Reading is public, or needs `<key>:read`; writing needs `<key>:write`. `depends_on` names tables whose rows stand in
    the answers besides the kind's own and its children's. `body` and `answer` are the documentation's example.
    `without` names those of `list`, `get`, `create`, `update`, `archive` and `restore` that the caller serves in a way
    of its own. `unless_asked` has values of the list's filters that hold where the caller names none. Each of `steps`
    has its path below a record, `POST …/<verb>`; `step_bodies` has examples of what they take. `ids` and `about` have
    the ids, summaries and descriptions that differ from the usual.
    """
    _Endpoints(
        kind=kind,
        public_read=public_read,
        depends_on=depends_on,
        body=body,
        answer=answer,
        without=without,
        unless_asked=unless_asked or {},
        steps=steps,
        step_bodies=step_bodies or {},
        ids=ids or {},
        about=about or {},
    ).mount(bp)
