"""The catalogue in the JSON API: products, solutions and service categories."""

from flask import Blueprint

from app.api.crud import mount
from app.catalog.kinds import products, services, solutions
from app.catalog.models import Product

bp = Blueprint("catalog_api", __name__, url_prefix="/api")

_TIMES = {"archived_at": None, "created_at": "2026-11-22T09:30:00Z", "updated_at": "2026-11-22T09:30:00Z"}

_PRODUCT = {
    "name": "Invoice Intake",
    "category": "Automation",
    "description": "Reads invoices as they come in, and books them.",
    "price": "1499.00",
    "currency": "USD",
    "features": ["Reads PDF and paper", "Books to the ledger"],
    "icon": "file-invoice",
}
_PRODUCT_ANSWER = {"id": "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10", "slug": "invoice-intake", **_PRODUCT, **_TIMES}

_SOLUTION = {
    "name": "Paperless Office",
    "summary": "From the letter box to the ledger without paper.",
    "description": "",
    "industry": "Retail",
    "icon": "building-store",
}

_OFFERING = {
    "name": "Process review",
    "description": "Two days on site, with a written report.",
    "price_from": "120.00",
    "currency": "EUR",
    "unit": "hour",
}
_SERVICE = {"name": "Consulting", "description": "People who look at how you work.", "icon": "users"}

mount(bp, products, read="public", body=_PRODUCT, answer=_PRODUCT_ANSWER)
mount(
    bp,
    solutions,
    read="public",
    depends_on=(Product.__tablename__,),
    body={**_SOLUTION, "product_ids": [_PRODUCT_ANSWER["id"]]},
    answer={
        "id": "019aa8f0-7b10-7d52-8c1e-5a0c1d2e3f40",
        "slug": "paperless-office",
        **_SOLUTION,
        "products": [_PRODUCT_ANSWER],
        **_TIMES,
    },
)
mount(
    bp,
    services,
    read="public",
    body={**_SERVICE, "offerings": [_OFFERING]},
    answer={
        "id": "019aa8f0-8c20-7e63-9d2f-6b1d2e3f4a50",
        "slug": "consulting",
        **_SERVICE,
        "offerings": [{"id": "019aa8f0-8c21-7a74-8e30-7c2e3f4a5b60", **_OFFERING}],
        **_TIMES,
    },
)
