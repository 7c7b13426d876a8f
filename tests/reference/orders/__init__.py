"""The reference domain: what companies order, line by line, how an order goes, and what is paid for it.

Every further domain is written like this one; docs/add-a-domain.md walks through its files.
"""

from app.core.domain import Domain, Entry

DOMAIN = Domain(
    "orders",
    package="tests.reference.orders",
    pages=("views",),
    api=("api",),
    tags={"Orders": "What companies order, and how it goes."},
    permissions={"orders": ("rw", "rw", "rw", "-"), "payments": ("rw", "rw", "r", "-")},
    scopes={"orders": "orders", "payments": "payments"},
    sections={"Sales": 35},
    navigation=(Entry("Orders", "my_orders.index", "shopping-cart", permission="orders:read", for_staff=False),),
)
