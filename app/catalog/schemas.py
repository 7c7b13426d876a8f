from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schemas import Amount, Currency, Input, Line, MoneyOut, Output, Prose, Slug, TimeOut

SLUG_HELP = "Used in addresses. Left blank for a new record, it is made from the name, in Latin letters."

Name = Annotated[str, Line(120, min_length=1), Field(title="Name")]
Icon = Annotated[
    str, Line(60, help="The name of a Tabler icon, as in “chart-bar”.", suggest="icons"), Field(title="Icon")
]
Features = Annotated[
    list[Annotated[str, Line(120, min_length=1)]],
    Field(max_length=50, title="Features", description="What the product can do, one short line each."),
]


class ProductInput(Input):
    """What a product is made of. A slug that is not given is made from the name."""

    name: Name
    slug: Slug | None = Field(default=None, title="Slug", description=SLUG_HELP)
    category: Annotated[
        str, Line(60, min_length=1, example="Automation", suggest="product-categories"), Field(title="Category")
    ]
    description: Annotated[str, Prose(5000), Field(title="Description")] = ""
    price: Annotated[Decimal, Amount(), Field(title="Price")]
    currency: Currency = Field(default="USD", title="Currency")
    features: Features = Field(default_factory=list)
    icon: Icon = ""


class ProductOut(Output):
    id: UUID
    name: str
    slug: str
    category: str
    description: str
    price: MoneyOut
    currency: str
    features: list[str]
    icon: str
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut


class SolutionInput(Input):
    """What a solution is made of: products by id, in the order in which they are shown."""

    name: Name
    slug: Slug | None = Field(default=None, title="Slug", description=SLUG_HELP)
    summary: Annotated[str, Line(300), Field(title="Summary")] = ""
    description: Annotated[str, Prose(5000), Field(title="Description")] = ""
    industry: Annotated[str, Line(60, min_length=1, suggest="industries"), Field(title="Industry")]
    icon: Icon = ""
    product_ids: Annotated[list[UUID], Field(max_length=50, title="Products")] = Field(default_factory=list)


class SolutionOut(Output):
    id: UUID
    name: str
    slug: str
    summary: str
    description: str
    industry: str
    icon: str
    products: list[ProductOut]
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut


class OfferingInput(Input):
    """One service that can be bought. An `id` keeps the offering that is there; without one it is new."""

    id: UUID | None = Field(default=None)
    name: Name
    description: Annotated[str, Prose(2000), Field(title="Description")] = ""
    price_from: Annotated[Decimal, Amount(), Field(title="Price from")]
    currency: Currency = Field(default="USD", title="Currency")
    unit: Annotated[str, Line(30, min_length=1, example="hour"), Field(title="Unit")] = "hour"


class OfferingOut(Output):
    id: UUID
    name: str
    description: str
    price_from: MoneyOut
    currency: str
    unit: str


class ServiceCategoryInput(Input):
    """A kind of service; `offerings` is the whole list, in the order in which it is shown."""

    name: Name
    slug: Slug | None = Field(default=None, title="Slug", description=SLUG_HELP)
    description: Annotated[str, Prose(5000), Field(title="Description")] = ""
    icon: Icon = ""
    offerings: Annotated[list[OfferingInput], Field(max_length=100, title="Offerings")] = Field(default_factory=list)


class ServiceCategoryOut(Output):
    id: UUID
    name: str
    slug: str
    description: str
    icon: str
    offerings: list[OfferingOut]
    archived_at: TimeOut | None
    created_at: TimeOut
    updated_at: TimeOut
