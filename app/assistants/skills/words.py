"""Assistants are searched by the names of their skills: when a name changes, so do the words that they carry."""

from uuid import UUID

from sqlalchemy import CursorResult, text

from app.extensions import db
from app.jobs.queue import enqueue

AT_ONCE = 500
"""So many assistants are brought up to date with the change; more of them by a job."""
TASK = "assistants.refresh-skill-words"

_REFRESH = text("""
    with due as (
        select a.id, w.words from assistants a
         cross join lateral (
               select coalesce(string_agg(s.name || ' ' || text_of(s.aliases), ' ' order by k.position, s.id), '')
                 from assistant_skills k join skills s on s.id = k.skill_id where k.assistant_id = a.id) w (words)
         where a.id in (select assistant_id from assistant_skills where skill_id = :skill_id)
           and a.skill_words <> w.words
         order by a.id limit :most
           for no key update of a)
    update assistants a set skill_words = due.words from due where a.id = due.id
""")


def refresh_words(skill_id: UUID, *, most: int) -> int:
    """Bring up to date what assistants with that skill are found by; tells how many were brought."""
    result = db.session.execute(_REFRESH, {"skill_id": skill_id, "most": most})
    assert isinstance(result, CursorResult)
    return result.rowcount


def words_changed(skill_id: UUID) -> None:
    """Call it when a skill is called otherwise. Many assistants are left to a job, which runs after the commit."""
    if refresh_words(skill_id, most=AT_ONCE) == AT_ONCE:
        enqueue(db.session, TASK, skill_id=skill_id)
