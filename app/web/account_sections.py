"""The pages of /account, in the order in which they stand at its side: those that the domains announce.

A page's template extends `layouts/account.html`. The profile's page shows a card for each, with what its `summary` says
of how things stand with the person.
"""

from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_login import current_user

from app.core.domain import AccountPage, Domain, each


@dataclass(frozen=True)
class SectionLink:
    label: str
    url: str
    icon: str
    current: str
    summary: str


def account_sections(*, with_summaries: bool = False) -> list[SectionLink]:
    """The sections that exist and that the person may see."""
    announced = sorted(each(lambda domain: domain.account), key=lambda found: found[1].at)
    seen = [(domain, page) for domain, page in announced if _is_shown(domain, page)]
    here = _nearest([url_for(page.endpoint) for _, page in seen])
    return [_link(page, here, _summary(domain, page) if with_summaries else "") for domain, page in seen]


def _is_shown(domain: Domain, page: AccountPage) -> bool:
    if page.endpoint not in current_app.view_functions or (page.for_owners and not current_user.is_owner):
        return False
    if page.needs_person and not current_user.is_person:
        return False
    return not page.shown_if or bool(domain.named(page.shown_if)())


def _summary(domain: Domain, page: AccountPage) -> str:
    return str(domain.named(page.summary)(current_user)) if ":" in page.summary else page.summary


def _nearest(urls: list[str]) -> str:
    """The section's address that this page is at, or below: of two, the deeper one."""
    home, path = url_for("account.profile"), request.path
    return max(
        (url for url in urls if path == url or (url != home and path.startswith(f"{url}/"))), key=len, default=""
    )


def _link(page: AccountPage, here: str, summary: str) -> SectionLink:
    url = url_for(page.endpoint)
    current = "" if url != here else "page" if request.path == url else "true"
    return SectionLink(page.label, url, page.icon, current, summary)
