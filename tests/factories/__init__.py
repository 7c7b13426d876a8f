"""Makers of rows for tests. Each commits what it makes (inside the test's savepoint), and hands back the record."""

from tests.factories.accounts import PASSWORD, make_client_company, make_user
from tests.factories.catalogue import make_offering, make_product, make_service_category, make_solution

__all__ = [
    "PASSWORD",
    "make_client_company",
    "make_offering",
    "make_product",
    "make_service_category",
    "make_solution",
    "make_user",
]
