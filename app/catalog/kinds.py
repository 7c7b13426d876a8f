"""The catalogue's kinds of records, declared for the pages, the API, exports, imports, bulk changes and undo."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ARRAY, Text, cast, func, select
from sqlalchemy.orm import selectinload

from app.catalog import operations
from app.catalog.models import Offering, Product, ServiceCategory, Solution, SolutionProduct
from app.catalog.schemas import (
    ProductInput,
    ProductOut,
    ServiceCategoryInput,
    ServiceCategoryOut,
    SolutionInput,
    SolutionOut,
)
from app.core import records
from app.core.kinds import Editing, FieldGroup, Filing, Kind, Listing, Part, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.names import by_name
from app.core.schemas import Amount
from app.core.sides import COMPANY, EXPERT, STAFF
from app.core.suggestions import offer


def _dates(model: Any) -> tuple[Column, ...]:
    return (
        Column("archived_at", "Archived", model.archived_at, kind="time", shown=False),
        *date_columns(model, shown="updated_at"),
    )


def _sorts(model: Any) -> tuple[Sort, ...]:
    return *date_sorts(model), Sort("name", "Name", by_name(model.name))


Price = Annotated[Decimal, Amount()]
Word = Annotated[str, Field(min_length=1, max_length=120)]

PRODUCTS = ListSpec(
    model=Product,
    columns=(
        Column("id", "Id", Product.id, shown=False),
        Column("name", "Name", Product.name, kind="link", sort="name"),
        Column("slug", "Slug", Product.slug, shown=False),
        Column("category", "Category", Product.category, kind="badge"),
        Column("description", "Description", Product.description, shown=False),
        Column("features", "Features", Product.features, kind="tags", shown=False),
        Column("price", "Price", Product.price, kind="money", sort="price"),
        Column("currency", "Currency", Product.currency, shown=False),
        Column("icon", "Icon", Product.icon, kind="icon", shown=False),
        *_dates(Product),
    ),
    filters=(
        Filter("category", "Category", Word, lambda value: Product.category == value, "choice", "product-categories"),
        Filter("min_price", "Price from", Price, lambda value: Product.price >= value, "amount"),
        Filter("max_price", "Price to", Price, lambda value: Product.price <= value, "amount"),
        Filter("feature", "Feature", Word, lambda value: Product.features.contains([value])),
    ),
    sorts=(*_sorts(Product), Sort("price", "Price", Product.price)),
)

products = register(
    Kind(
        key="products",
        model=Product,
        singular="product",
        plural="products",
        icon="package",
        label=Product.name,
        section="Catalogue",
        pages={STAFF: "/admin/products", COMPANY: "/dashboard/products", EXPERT: "/dashboard/products"},
    )
)
register(Listing(products, PRODUCTS, ProductOut))
_products_editing = register(
    Editing(
        products,
        ProductInput,
        form=(
            FieldGroup("What it is", ("name", "category", "description", "features")),
            FieldGroup("Price", ("price", "currency")),
            FieldGroup("Appearance", ("slug", "icon"), "How the product stands in addresses and lists."),
        ),
        create=operations.create_product,
        update=operations.update_product,
        archive=records.archive,
        restore=records.restore,
    )
)
register(
    Filing(
        _products_editing,
        create_many=operations.create_products,
        update_many=operations.update_products,
        archive_many=records.archive_many,
        restore_many=records.restore_many,
        bulk_fields=("category", "price", "currency", "icon"),
    )
)

_products_on_sale = (
    select(func.count())
    .select_from(SolutionProduct)
    .join(Product, Product.id == SolutionProduct.product_id)
    .where(SolutionProduct.solution_id == Solution.id, Product.archived_at.is_(None))
    .correlate(Solution)
    .scalar_subquery()
)

_product_ids = func.array(
    select(cast(SolutionProduct.product_id, Text))
    .where(SolutionProduct.solution_id == Solution.id)
    .order_by(SolutionProduct.position)
    .correlate(Solution)
    .scalar_subquery(),
    type_=ARRAY(Text),
)

SOLUTIONS = ListSpec(
    model=Solution,
    columns=(
        Column("id", "Id", Solution.id, shown=False),
        Column("name", "Name", Solution.name, kind="link", sort="name"),
        Column("slug", "Slug", Solution.slug, shown=False),
        Column("industry", "Industry", Solution.industry, kind="badge"),
        Column("summary", "Summary", Solution.summary, wide=True),
        Column("description", "Description", Solution.description, shown=False),
        Column("products_on_sale", "Products", _products_on_sale, kind="number"),
        Column("product_ids", "Products by id", _product_ids, shown=False),
        Column("icon", "Icon", Solution.icon, kind="icon", shown=False),
        *_dates(Solution),
    ),
    filters=(Filter("industry", "Industry", Word, lambda value: Solution.industry == value, "choice", "industries"),),
    sorts=_sorts(Solution),
    depends_on=("solution_products", "products"),
)

solutions = register(
    Kind(
        key="solutions",
        model=Solution,
        singular="solution",
        plural="solutions",
        icon="puzzle",
        label=Solution.name,
        section="Catalogue",
        pages={STAFF: "/admin/solutions", COMPANY: "/dashboard/solutions", EXPERT: "/dashboard/solutions"},
        load_options=(selectinload(Solution.product_links),),
        parts=(Part(SolutionProduct),),
    )
)
register(Listing(solutions, SOLUTIONS, SolutionOut))
_solutions_editing = register(
    Editing(
        solutions,
        SolutionInput,
        form=(
            FieldGroup("What it is", ("name", "industry", "summary", "description")),
            FieldGroup("Products", ("product_ids",), "In the order in which they are shown."),
            FieldGroup("Appearance", ("slug", "icon"), "How the solution stands in addresses and lists."),
        ),
        create=operations.create_solution,
        update=operations.update_solution,
        archive=records.archive,
        restore=records.restore,
    )
)
register(
    Filing(
        _solutions_editing,
        archive_many=records.archive_many,
        restore_many=records.restore_many,
        bulk_fields=("industry", "icon"),
    )
)

_offerings_count = (
    select(func.count())
    .where(Offering.service_category_id == ServiceCategory.id)
    .correlate(ServiceCategory)
    .scalar_subquery()
)

SERVICES = ListSpec(
    model=ServiceCategory,
    columns=(
        Column("id", "Id", ServiceCategory.id, shown=False),
        Column("name", "Name", ServiceCategory.name, kind="link", sort="name"),
        Column("slug", "Slug", ServiceCategory.slug, shown=False),
        Column("description", "Description", ServiceCategory.description, wide=True),
        Column("offerings", "Offerings", _offerings_count, kind="number"),
        Column("icon", "Icon", ServiceCategory.icon, kind="icon", shown=False),
        *_dates(ServiceCategory),
    ),
    filters=(),
    sorts=_sorts(ServiceCategory),
    depends_on=("offerings",),
)


services = register(
    Kind(
        key="services",
        model=ServiceCategory,
        singular="service category",
        plural="services",
        icon="briefcase",
        label=ServiceCategory.name,
        section="Catalogue",
        pages={STAFF: "/admin/services", COMPANY: "/dashboard/services", EXPERT: "/dashboard/services"},
        load_options=(selectinload(ServiceCategory.offerings),),
        parts=(Part(Offering, Offering.name),),
    )
)
register(Listing(services, SERVICES, ServiceCategoryOut))
_services_editing = register(
    Editing(
        services,
        ServiceCategoryInput,
        form=(
            FieldGroup("What it is", ("name", "description")),
            FieldGroup("Offerings", ("offerings",), "What can be bought, in the order in which it is shown."),
            FieldGroup("Appearance", ("slug", "icon"), "How the category stands in addresses and lists."),
        ),
        create=operations.create_service_category,
        update=operations.update_service_category,
        archive=records.archive,
        restore=records.restore,
    )
)
register(
    Filing(
        _services_editing,
        archive_many=records.archive_many,
        restore_many=records.restore_many,
        bulk_fields=("icon",),
    )
)

offer("product-categories", Product.category)
offer("industries", Solution.industry)

__all__ = ["products", "services", "solutions"]
