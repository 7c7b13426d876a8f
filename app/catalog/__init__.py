"""What DIG|LIT sells: products, solutions that combine them, and service categories with their offerings."""

from app.core.domain import DemoStep, Domain, Entry

_SECTION = "Catalogue"

DOMAIN = Domain(
    "catalog",
    pages=("views",),
    api=("api",),
    tags={
        "Products": "The catalogue's products.",
        "Services": "Service categories and their offerings.",
        "Solutions": "The catalogue's solutions, made of products.",
    },
    permissions={
        "products": ("rw", "rw", "r", "r"),
        "solutions": ("rw", "rw", "r", "r"),
        "services": ("rw", "rw", "r", "r"),
    },
    scopes={"products": "products", "solutions": "solutions", "services": "services"},
    sections={_SECTION: 30},
    navigation=(
        Entry("Solutions", "my_solutions.index", "puzzle", _SECTION, "solutions:read", for_staff=False),
        Entry("Services", "my_services.index", "briefcase", _SECTION, "services:read", for_staff=False),
        Entry("Products", "my_products.index", "package", _SECTION, "products:read", for_staff=False),
    ),
    demo=(DemoStep(20, "demo:add_catalogue"), DemoStep(40, "demo:add_corrections")),
)
