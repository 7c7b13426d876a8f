"""What is taken of skills, and what is answered."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.core.schemas import Input, Line, Number, NumberOut, Output, Picked, Prose, Slug, TimeOut

MOST_ALIASES = 50
MOST_RELATED = 30
SLUG_HELP = "Used in addresses. Left blank for a new skill, it is made from the name, in Latin letters."


def has_letters(value: str) -> str:
    """A term is known by its letters and digits; one without any could never be found."""
    if not any(character.isalnum() for character in value):
        raise PydanticCustomError("skill", "Name a skill with letters or digits.")
    return value


Term = Annotated[str, Line(60, min_length=1), AfterValidator(has_letters)]
Category = Annotated[
    str, Line(60, min_length=1, example="Bookkeeping", suggest="skill-categories"), Field(title="Category")
]
Aliases = Annotated[
    list[Term],
    Field(
        max_length=MOST_ALIASES,
        title="Other names",
        description="What people also call it, one a line. Capitals, accents, blanks and hyphens don’t count.",
    ),
]
Weight = Annotated[
    Decimal,
    Number(Decimal("0.01"), Decimal("0.99"), decimals=2, help="0.80: it does eight tenths of what the other would."),
]


class RelatedInput(Input):
    """A skill that helps where the other is asked for; it counts in both directions."""

    name: Annotated[str, Line(60, min_length=1, suggest="skills"), Field(title="Skill")]
    weight: Annotated[Weight, Field(title="Counts")]


class SkillInput(Input):
    """A skill as admins keep it. `related` is the whole list; a skill that names this one stands in its own."""

    name: Annotated[Term, Field(title="Name")]
    slug: Slug | None = Field(default=None, title="Slug", description=SLUG_HELP)
    category: Category
    description: Annotated[str, Prose(2000), Field(title="Description")] = ""
    parent_id: Annotated[
        UUID | None,
        Picked("skills", help="The wider skill: who has this one has nearly all that is asked for there."),
        Field(title="Part of"),
    ] = None
    aliases: Aliases = Field(default_factory=list)
    related: Annotated[list[RelatedInput], Field(max_length=MOST_RELATED, title="Related skills")] = Field(
        default_factory=list
    )


class ApprovalInput(Input):
    """What makes a waiting term a skill of the taxonomy."""

    name: Annotated[Term, Field(title="Name", description="A better spelling, perhaps; the old one is kept beside it.")]
    category: Category


class OtherNameInput(Input):
    """The skill that a waiting term is another name of."""

    into: Annotated[str, Line(60, min_length=1, example="Excel", suggest="skills"), Field(title="Skill")]


class RelatedOut(Output):
    name: str
    weight: NumberOut


class SkillOut(Output):
    """A skill. One that is `waiting` came as a term that nobody knew, `asked` times."""

    id: UUID
    name: str
    slug: str
    category: str
    description: str
    parent_id: UUID | None
    aliases: list[str]
    related: list[RelatedOut]
    status: str
    asked: int
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut
