from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.schemas import CURRENCIES, Input, MoneyOut, Output, Slug, TimeOut, amount, line, prose

Currency = Literal["USD", "EUR", "GBP", "CHF"]
assert Currency.__args__ == CURRENCIES  # type: ignore[attr-defined]

Name = line(120, min_length=1, title="Name")
Icon = line(60, title="Icon", help="The name of a Tabler icon, as in “chart-bar”.", suggest="icons")
Features = Annotated[
    list[line(120, min_length=1)],  # type: ignore[misc]
    Field(max_length=50, title="Features", description="What the product can do, one short line each."),
]


class ProductInput(Input):
    """What a product is made of. A slug that is not given is made from the name."""

    name: Name  # type: ignore[valid-type]
    slug: Slug | None = Field(default=None, title="Slug")
    category: line(60, min_length=1, title="Category", suggest="product-categories")  # type: ignore[valid-type]
    description: prose(5000, title="Description") = ""  # type: ignore[valid-type]
    price: amount(title="Price")  # type: ignore[valid-type]
    currency: Currency = Field(default="USD", title="Currency")
    features: Features = Field(default_factory=list)
    icon: Icon = ""  # type: ignore[valid-type]


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

    name: Name  # type: ignore[valid-type]
    slug: Slug | None = Field(default=None, title="Slug")
    summary: line(300, title="Summary") = ""  # type: ignore[valid-type]
    description: prose(5000, title="Description") = ""  # type: ignore[valid-type]
    industry: line(60, min_length=1, title="Industry", suggest="industries")  # type: ignore[valid-type]
    icon: Icon = ""  # type: ignore[valid-type]
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
    name: Name  # type: ignore[valid-type]
    description: prose(2000, title="Description") = ""  # type: ignore[valid-type]
    price_from: amount(title="Price from")  # type: ignore[valid-type]
    currency: Currency = Field(default="USD", title="Currency")
    unit: line(30, min_length=1, title="Unit", example="hour") = "hour"  # type: ignore[valid-type]


class OfferingOut(Output):
    id: UUID
    name: str
    description: str
    price_from: MoneyOut
    currency: str
    unit: str


class ServiceCategoryInput(Input):
    """A kind of service; `offerings` is the whole list, in the order in which it is shown."""

    name: Name  # type: ignore[valid-type]
    slug: Slug | None = Field(default=None, title="Slug")
    description: prose(5000, title="Description") = ""  # type: ignore[valid-type]
    icon: Icon = ""  # type: ignore[valid-type]
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
