"""What a row of a file was worked for: a project by id or name, of the company that the row names, if it does."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, cast, column, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.core.ids import as_uuid
from app.core.names import by_name, name_key
from app.identity.models import Client
from app.projects.models import Project
from app.projects.periods import ProjectRun
from app.projects.timesheets.importing.nearest import MOST_NAMES, Nearest


class WrongWork(ValueError):
    """The row means no project, or could mean several; `field` is the cell that says so."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Work:
    project: Project
    company: str


class Works:
    """The projects that the texts of a file mean, found many at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: set[str] = set()
        self._by_id: dict[UUID, Work] = {}
        self._by_name: dict[str, list[Work]] = defaultdict(list)
        self._nearest = Nearest(self._names)

    def look_up(self, texts: Iterable[str]) -> None:
        """Find those that these texts mean, before they are asked for."""
        new = {text for text in texts if text not in self._seen}
        if not new:
            return
        self._seen |= new
        given = func.unnest(cast(sorted(new), ARRAY(Text))).table_valued(column("name", Text))
        ids = [key for text in new if (key := as_uuid(text.strip()))]
        called = by_name(Project.name).in_(select(by_name(given.c.name)))
        query = select(Project, Client.name).join(Client, Client.id == Project.client_id)
        for project, company in self._session.execute(query.where(or_(Project.id.in_(ids), called))):
            if project.id not in self._by_id:
                work = self._by_id[project.id] = Work(project, company)
                self._by_name[name_key(project.name)].append(work)

    def of(self, text: str, company: str) -> Work:
        """What the text means. Raises `WrongWork`."""
        if (key := as_uuid(text.strip())) and (work := self._by_id.get(key)):
            return work
        named = self._by_name.get(name_key(text), [])
        if not named:
            raise WrongWork("project", f"No project with this name was found.{self._nearest.hint([text])}")
        found = [work for work in named if name_key(work.company) == name_key(company)] if company else named
        if len(found) == 1:
            return found[0]
        companies = ", ".join(f"“{name}”" for name in sorted({work.company for work in found or named})[:3])
        if not found:
            raise WrongWork("company", f"“{named[0].project.name}” belongs to {companies}.")
        if len({work.company for work in found}) == len(found):
            raise WrongWork(
                "project", f"{len(found)} companies have a project with this name. Name the company: {companies}."
            )
        ids = ", ".join(sorted(str(work.project.id) for work in found)[:3])
        raise WrongWork("project", f"{len(found)} projects have this name. Enter the id: {ids}.")

    def _names(self) -> Iterable[str]:
        """What the projects are called that ever ran."""
        ran = select(ProjectRun.project_id)
        query = select(Project.name).where(Project.id.in_(ran)).order_by(Project.id.desc()).limit(MOST_NAMES)
        return self._session.scalars(query)
