"""Assistants, declared for the staff pages, the API, the export and the import."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from sqlalchemy import ARRAY, ColumnElement, Text, and_, case, exists, false, func, literal_column, select
from sqlalchemy.orm import selectinload

from app.assistants.calendars.schemas import from_words, in_words
from app.assistants.models import Assistant, AssistantSkill, Skill, TimeOff
from app.assistants.profiles import operations
from app.assistants.profiles.schemas import USUAL_LEVEL, AssistantInput, AssistantOut, HourlyRate
from app.assistants.profiles.skill_cells import skills_from_words, skills_in_words
from app.assistants.skills.meaning_operations import meanings
from app.core import records
from app.core.kinds import Cell, Editing, FieldGroup, Filing, Kind, Listing, Part, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.names import by_name
from app.core.schemas import Number
from app.extensions import db

MOST_SKILLS_ASKED = 20

_skill_in_words = Skill.name + case((AssistantSkill.level == USUAL_LEVEL, ""), else_=literal_column("' ('")
    + AssistantSkill.level.cast(Text) + literal_column("')'"))  # fmt: skip
_skills = func.array(
    select(_skill_in_words)
    .join(AssistantSkill, AssistantSkill.skill_id == Skill.id)
    .where(AssistantSkill.assistant_id == Assistant.id)
    .order_by(AssistantSkill.position)
    .correlate(Assistant)
    .scalar_subquery(),
    type_=ARRAY(Text),
)
_availability: ColumnElement[str] = literal_column(
    """assistants.timezone || '; ' || trim_scale(assistants.weekly_hours) || ' h' || coalesce((
        select string_agg('; ' || d.day || ' ' || (
                   select string_agg((s.slot ->> 0) || '-' || (s.slot ->> 1), ', ' order by s.place)
                     from jsonb_array_elements(assistants.weekly -> d.day) with ordinality s (slot, place)), ''
                   order by d.place)
          from unnest(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']) with ordinality d (day, place)
         where jsonb_array_length(assistants.weekly -> d.day) > 0), '')
    || coalesce('; from ' || assistants.available_from, '')""",
    Text,
)
"""As `availability.in_words` has it."""


def _has_skills(asked: Sequence[str]) -> ColumnElement[bool]:
    """Whoever has all of them, by whatever name: a term that nobody knows leaves nobody."""
    wanted = meanings(asked, keep_unknown=False)
    if any(meaning.skill_id is None for meaning in wanted):
        return false()
    ids = {meaning.skill_id for meaning in wanted}
    links = ((AssistantSkill.assistant_id == Assistant.id) & (AssistantSkill.skill_id == key) for key in ids)
    return and_(*(exists().where(link) for link in links))


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _skills_of(assistant: Assistant) -> list[dict[str, Any]]:
    """As the input takes them; also of an assistant as it was at an earlier version, whose parts are in no session."""
    if all(link.skill is not None for link in assistant.skill_links):
        return assistant.skill_levels
    found = select(Skill.id, Skill.name).where(Skill.id.in_([link.skill_id for link in assistant.skill_links]))
    names = dict(db.session.execute(found).all())
    return [{"name": names.get(link.skill_id, ""), "level": link.level} for link in assistant.skill_links]


SkillName = Annotated[str, Field(min_length=1, max_length=60)]
SkillNames = Annotated[list[SkillName], BeforeValidator(_several), Field(min_length=1, max_length=MOST_SKILLS_ASKED)]
Stars = Annotated[Decimal, Number(0, 5, decimals=2)]
Hours = Annotated[Decimal, Number(0, 168, decimals=2)]

ASSISTANTS = ListSpec(
    model=Assistant,
    columns=(
        Column("id", "Id", Assistant.id, shown=False),
        Column("name", "Name", Assistant.name, kind="link", sort="name"),
        Column("headline", "Headline", Assistant.headline, shown=False),
        Column("about", "About", Assistant.about, shown=False),
        Column("user_id", "Account", Assistant.user_id, shown=False),
        Column("skills", "Skills", _skills, kind="tags"),
        Column("hourly_rate", "Rate", Assistant.hourly_rate, kind="money", sort="hourly_rate"),
        Column("currency", "Currency", Assistant.currency, shown=False),
        Column("availability", "Availability", _availability, shown=False),
        Column(
            "available_hours",
            "Hours free",
            func.trim_scale(Assistant.available_hours),
            kind="number",
            sort="available_hours",
        ),
        Column("rating", "Rating", Assistant.rating, kind="number", sort="rating"),
        Column("reviews_count", "Reviews", Assistant.reviews_count, shown=False),
        Column("projects_completed", "Engagements completed", Assistant.projects_completed, shown=False),
        Column("archived_at", "Archived", Assistant.archived_at, kind="time", shown=False),
        *date_columns(Assistant, shown="updated_at"),
    ),
    filters=(
        Filter("skill", "Skill", SkillNames, _has_skills, "text", "skills"),
        Filter("max_rate", "Rate to", HourlyRate, lambda value: Assistant.hourly_rate <= value, "amount"),
        Filter("min_rating", "Rating from", Stars, lambda value: Assistant.rating >= value, "amount"),
        Filter("hours", "Hours free from", Hours, lambda value: Assistant.available_hours >= value, "amount"),
    ),
    sorts=(
        *date_sorts(Assistant),
        Sort("name", "Name", by_name(Assistant.name)),
        Sort("hourly_rate", "Rate", Assistant.hourly_rate),
        Sort("rating", "Rating", func.coalesce(Assistant.rating, literal_column("0"))),
        Sort("available_hours", "Hours free", Assistant.available_hours),
    ),
    depends_on=("assistant_skills", "skills", "skill_relations"),
    words_are_public=False,
    read_by_all=True,
)

assistants = register(
    Kind(
        key="assistants",
        model=Assistant,
        singular="assistant",
        plural="assistants",
        icon="user-star",
        label=Assistant.name,
        section="Matching",
        path="/virtual-assistants",
        load_options=(selectinload(Assistant.skill_links),),
        parts=(Part(AssistantSkill), Part(TimeOff)),
    )
)
register(Listing(assistants, ASSISTANTS, AssistantOut))
_editing = register(
    Editing(
        assistants,
        AssistantInput,
        form=(
            FieldGroup("Who it is", ("name", "headline", "about", "user_id")),
            FieldGroup(
                "Skills", ("skills",), "Whatever a skill is called: MS-Excel is Excel. The main ones come first."
            ),
            FieldGroup("Rate", ("hourly_rate", "currency")),
            FieldGroup("Availability", ("availability",), "In the person’s own time zone."),
        ),
        create=operations.create_assistant,
        update=operations.update_assistant,
        archive=operations.archive_assistant,
        restore=records.restore,
        getters={"skills": _skills_of},
        composites={"availability": ("timezone", "weekly_hours", "weekly", "available_from")},
        cells={"skills": Cell(skills_from_words, skills_in_words), "availability": Cell(from_words, in_words)},
    )
)
register(
    Filing(
        _editing,
        archive_many=operations.archive_assistants,
        restore_many=records.restore_many,
        bulk_fields=("hourly_rate", "currency"),
    )
)
