"""Whose time a row of a file is: somebody with an account, by id, user name, e-mail or name."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, cast, column, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.assistants.models import Assistant
from app.core.ids import as_uuid
from app.core.names import by_name, name_key, tidy
from app.identity.models import User
from app.projects.periods import TeamTerm
from app.projects.timesheets.importing.nearest import MOST_NAMES, Nearest

_EMAIL = re.compile(r"[^\s<>()\[\],;]+@[^\s<>()\[\],;]+")
_AROUND = re.compile(r"[<>()\[\]]")


@dataclass(frozen=True)
class Known:
    """Somebody who may have worked. `name` is what the profile says, or else the user name."""

    id: UUID
    username: str
    email: str
    name: str

    @property
    def keys(self) -> set[str]:
        return {str(self.id), name_key(self.username), name_key(self.name)}


class People:
    """Those whom the texts of a file mean, found many at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: set[str] = set()
        self._by_key: dict[str, set[Known]] = defaultdict(set)
        self._by_email: dict[str, Known] = {}
        self._nearest = Nearest(self._names)

    def look_up(self, texts: Iterable[str]) -> None:
        """Find those that these texts mean, before they are asked for."""
        new = {text for text in texts if text not in self._seen}
        if not new:
            return
        self._seen |= new
        emails = {email for text in new if (email := _email_in(text))}
        names = {name for text in new for name in _ways(text)}
        for known in self._found(emails, names):
            self._by_email[known.email.casefold()] = known
            for key in known.keys:
                self._by_key[key].add(known)

    def of(self, text: str) -> Known:
        """Whom the text means. Raises ValueError, in words for people, where that is nobody or could be several."""
        if (email := _email_in(text)) and (known := self._by_email.get(email)):
            return known
        found = {known for name in _ways(text) for known in self._by_key.get(name, ())}
        if len(found) == 1:
            return found.pop()
        if found:
            which = ", ".join(sorted(known.username for known in found)[:3])
            raise ValueError(f"{len(found)} people have this name. Enter the user name: {which}.")
        raise ValueError(f"Nobody with this name was found.{self._nearest.hint(_ways(text)[::-1])}")

    def _found(self, emails: Collection[str], names: Collection[str]) -> Sequence[Known]:
        given = func.unnest(cast(sorted(names), ARRAY(Text))).table_valued(column("name", Text))
        ids = [key for name in names if (key := as_uuid(name))]
        query = (
            select(User.id, User.username, User.email, Assistant.name)
            .outerjoin(Assistant, Assistant.user_id == User.id)
            .where(
                User.merged_into_id.is_(None),
                or_(
                    User.id.in_(ids),
                    func.lower(User.email).in_(emails),
                    func.lower(User.username).in_(names),
                    by_name(Assistant.name).in_(select(by_name(given.c.name))),
                ),
            )
        )
        return [Known(key, username, email, name or username) for key, username, email, name in
                self._session.execute(query)]  # fmt: skip

    def _names(self) -> Iterator[str]:
        """What those are called who were ever in a team."""
        query = (
            select(User.username, User.email, Assistant.name)
            .outerjoin(Assistant, Assistant.user_id == User.id)
            .where(User.id.in_(select(TeamTerm.user_id)))
            .order_by(User.id)
            .limit(MOST_NAMES)
        )
        yield from (name for row in self._session.execute(query) for name in row if name)


def _email_in(text: str) -> str:
    found = _EMAIL.search(text)
    return found[0].casefold() if found else ""


def _ways(text: str) -> list[str]:
    """The names that a text may mean: as it stands, without the e-mail beside it, and with the last name at the end."""
    bare = tidy(_AROUND.sub(" ", _EMAIL.sub(" ", text)))
    last, comma, first = bare.partition(",")
    words = bare.split(" ")
    turned = f"{first} {last}" if comma else " ".join([*words[1:], words[0]]) if len(words) > 1 else ""
    return [key for key in dict.fromkeys(map(name_key, (text, bare, turned))) if key]
