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
        Entry("Solutions", "portal.catalogue", "puzzle", _SECTION, "solutions:read", for_staff=False, key="solutions"),
        Entry("Services", "portal.catalogue", "briefcase", _SECTION, "services:read", for_staff=False, key="services"),
        Entry("Products", "portal.catalogue", "package", _SECTION, "products:read", for_staff=False, key="products"),
    ),
    demo=(DemoStep(20, "demo:add_catalogue"), DemoStep(40, "demo:add_corrections")),
)
