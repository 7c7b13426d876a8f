"""The pages of /account, in the order in which they stand at its side.

    declare_section(Section("Two-factor", "factors.index", "shield-lock", at=40, summary=describe_factors))

The page's template extends `layouts/account.html`. The profile's page shows a card for each section, with what
`summary` says of the person's own state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_login import current_user

Summary = Callable[[Any], str]
Test = Callable[[Any], bool]


def _always(_person: Any) -> bool:
    return True


@dataclass(frozen=True)
class Section:
    """A page of a person's own. `summary` takes the person and says in a few words how things stand."""

    label: str
    endpoint: str
    icon: str
    at: int
    summary: Summary | None = None
    is_for: Test = _always
    needs_person: bool = True
    """Left out of sight where staff look through a customer's eyes."""


@dataclass(frozen=True)
class SectionLink:
    label: str
    url: str
    icon: str
    current: str
    summary: str


_declared: dict[str, Section] = {}


def declare_section(section: Section) -> None:
    _declared[section.endpoint] = section


def account_sections(*, with_summaries: bool = False) -> list[SectionLink]:
    """The sections that exist and that the person may see."""
    known = current_app.view_functions
    seen = [
        section
        for section in sorted(_declared.values(), key=lambda section: section.at)
        if section.endpoint in known
        and section.is_for(current_user)
        and (current_user.is_person or not section.needs_person)
    ]
    here = _nearest([url_for(section.endpoint) for section in seen])
    return [_link(section, here, with_summaries=with_summaries) for section in seen]


def _nearest(urls: list[str]) -> str:
    """The section's address that this page is at, or below: of two, the deeper one."""
    home, path = url_for("portal.account"), request.path
    return max(
        (url for url in urls if path == url or (url != home and path.startswith(f"{url}/"))), key=len, default=""
    )


def _link(section: Section, here: str, *, with_summaries: bool) -> SectionLink:
    url = url_for(section.endpoint)
    current = "" if url != here else "page" if request.path == url else "true"
    summary = section.summary(current_user) if with_summaries and section.summary else ""
    return SectionLink(section.label, url, section.icon, current, summary)
