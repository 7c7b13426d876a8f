"""The taxonomy of skills, declared for the pages, the API, exports and imports."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ARRAY, Text, cast, func, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.assistants.models import Skill, SkillRelation, SkillTerm
from app.assistants.skills import cells, operations
from app.assistants.skills.graph import look
from app.assistants.skills.schemas import SkillInput, SkillOut
from app.assistants.skills.steps import SKILL
from app.core import records
from app.core.kinds import Cell, Editing, FieldGroup, Filing, Kind, Listing, Part, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.names import by_name
from app.core.steps import state_filter
from app.core.suggestions import offer
from app.extensions import db

Word = Annotated[str, Field(min_length=1, max_length=60)]

_wider, _other = aliased(Skill), aliased(Skill)
_parent = select(_wider.name).where(_wider.id == Skill.parent_id).correlate(Skill).scalar_subquery()
_related = func.array(
    select(_other.name.concat(" (").concat(cast(SkillRelation.weight, Text)).concat(")"))
    .select_from(SkillRelation)
    .join(_other, _other.id == SkillRelation.related_id)
    .where(SkillRelation.skill_id == Skill.id)
    .order_by(SkillRelation.id)
    .correlate(Skill)
    .scalar_subquery(),
    type_=ARRAY(Text),
)

SKILLS = ListSpec(
    model=Skill,
    columns=(
        Column("id", "Id", Skill.id, shown=False),
        Column("name", "Name", Skill.name, kind="link", sort="name"),
        Column("slug", "Slug", Skill.slug, shown=False),
        Column("category", "Category", Skill.category, kind="badge"),
        Column("description", "Description", Skill.description, shown=False),
        Column("parent_id", "Part of", _parent, wide=True),
        Column("aliases", "Other names", Skill.aliases, kind="tags", wide=True),
        Column("related", "Related skills", _related, kind="tags", shown=False),
        Column("status", "State", Skill.status, kind="state"),
        Column("asked", "Asked for", Skill.asked, kind="number", shown=False),
        Column("archived_at", "Archived", Skill.archived_at, kind="time", shown=False),
        *date_columns(Skill, shown=""),
    ),
    filters=(
        Filter("category", "Category", Word, lambda value: Skill.category == value, "choice", "skill-categories"),
        state_filter(SKILL, Skill.status),
    ),
    sorts=(*date_sorts(Skill), Sort("name", "Name", by_name(Skill.name))),
    default_sort="name",
    depends_on=("skill_relations",),
    words_are_public=False,
)


def _related_as_input(skill: Skill) -> list[dict[str, Any]]:
    names = look()[0].names if skill.related else {}
    return [{"name": names.get(each.related_id, ""), "weight": each.weight} for each in skill.related]


skills = register(
    Kind(
        key="skills",
        model=Skill,
        singular="skill",
        plural="skills",
        icon="tags",
        label=Skill.name,
        section="Matching",
        load_options=(joinedload(Skill.parent), selectinload(Skill.related).joinedload(SkillRelation.other)),
        parts=(Part(SkillRelation),),
        not_undone="Changes of skills can’t be undone, because profiles and requests already use their names. Edit the "
        "skill to change it back.",
    )
)
register(Listing(skills, SKILLS, SkillOut))
_editing = register(
    Editing(
        skills,
        SkillInput,
        form=(
            FieldGroup("What it is", ("name", "category", "description", "aliases")),
            FieldGroup("Part of", ("parent_id",)),
            FieldGroup(
                "Related skills", ("related",), "Where one is asked for, the other counts in part: in both directions."
            ),
            FieldGroup("Appearance", ("slug",), "How the skill stands in addresses."),
        ),
        create=operations.create_skill,
        update=operations.update_skill,
        archive=records.archive,
        restore=records.restore,
        getters={"related": _related_as_input},
        cells={
            "parent_id": Cell(cells.read_parent, cells.write_parent),
            "related": Cell(cells.read_related, cells.write_related),
        },
    )
)
register(
    Filing(
        _editing,
        archive_many=records.archive_many,
        restore_many=records.restore_many,
        bulk_fields=("category",),
        undo=False,
    )
)


def suggest_skills(prefix: str, limit: int) -> Sequence[str]:
    """Names of approved skills that begin so, then other names that do; without a beginning, the names alone."""
    begins = func.starts_with(func.plain(SkillTerm.term), func.plain(prefix))
    is_name = SkillTerm.term == Skill.name
    found = (
        select(SkillTerm.term)
        .join(Skill, Skill.id == SkillTerm.skill_id)
        .where(Skill.status == "approved", Skill.archived_at.is_(None), begins if prefix.strip() else is_name)
        .order_by(is_name.desc(), by_name(SkillTerm.term))
        .limit(limit)
    )
    return db.session.scalars(found).all()


def suggest_categories(prefix: str, limit: int) -> Sequence[str]:
    """The categories of approved skills."""
    begins = func.starts_with(func.plain(Skill.category), func.plain(prefix))
    found = select(Skill.category).where(Skill.status == "approved", begins).group_by(Skill.category)
    return db.session.scalars(found.order_by(by_name(Skill.category)).limit(limit)).all()


offer("skills", suggest_skills, to_all=True)
offer("skill-categories", suggest_categories)
