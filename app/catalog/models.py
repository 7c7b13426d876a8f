from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Archivable, Base, Record, Strings, lengths, owned
from app.core.money import AmountColumn, CurrencyColumn, currency_is_known
from app.core.names import is_slug, is_tidy


class Product(Archivable, Record, Base):
    """Something DIG|LIT sells at a price."""

    __tablename__ = "products"
    __table_args__ = (
        *lengths(name=(1, 120), category=(1, 60), description=5000, icon=60),
        is_tidy(),
        is_slug(),
        CheckConstraint("price >= 0 and price < 'Infinity'", name="price_range"),
        currency_is_known(),
        CheckConstraint("cardinality(features) <= 50", name="features_count"),
    )

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    price: Mapped[AmountColumn]
    currency: Mapped[CurrencyColumn]
    features: Mapped[Strings]
    icon: Mapped[str] = mapped_column(default="", server_default="")


class Solution(Archivable, Record, Base):
    """Products put together for an industry."""

    __tablename__ = "solutions"
    __table_args__ = (
        *lengths(name=(1, 120), summary=300, description=5000, industry=(1, 60), icon=60),
        is_tidy(),
        is_slug(),
    )

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    summary: Mapped[str] = mapped_column(default="", server_default="")
    description: Mapped[str] = mapped_column(default="", server_default="")
    industry: Mapped[str]
    icon: Mapped[str] = mapped_column(default="", server_default="")

    product_links: Mapped[list["SolutionProduct"]] = owned("solution", order_by="SolutionProduct.position")

    @property
    def products(self) -> list[Product]:
        """The products on sale, in their order; one off sale keeps its place, but isn't shown."""
        return [link.product for link in self.product_links if not link.product.is_archived]

    @property
    def product_ids(self) -> list[UUID]:
        return [link.product_id for link in self.product_links]


class SolutionProduct(Record, Base):
    """A product's place in a solution."""

    __tablename__ = "solution_products"
    __table_args__ = (
        UniqueConstraint("solution_id", "product_id"),
        Index("solution_products_product_id_idx", "product_id"),
    )

    solution_id: Mapped[UUID] = mapped_column(ForeignKey("solutions.id", ondelete="CASCADE"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="RESTRICT"))
    position: Mapped[int]

    solution: Mapped[Solution] = relationship(back_populates="product_links")
    product: Mapped[Product] = relationship(lazy="joined", innerjoin=True)


class ServiceCategory(Archivable, Record, Base):
    """A kind of service, with what is offered under it."""

    __tablename__ = "service_categories"
    __table_args__ = (
        *lengths(name=(1, 120), description=5000, icon=60),
        is_tidy(),
        is_slug(),
    )

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="", server_default="")
    icon: Mapped[str] = mapped_column(default="", server_default="")

    offerings: Mapped[list["Offering"]] = owned("service_category", order_by="Offering.position")


class Offering(Record, Base):
    """One service that can be bought, priced from an amount per unit (hour, project, month …)."""

    __tablename__ = "offerings"
    __table_args__ = (
        *lengths(name=(1, 120), description=2000, unit=(1, 30)),
        is_tidy(),
        CheckConstraint("price_from >= 0 and price_from < 'Infinity'", name="price_range"),
        currency_is_known(),
        Index("offerings_service_category_id_position_idx", "service_category_id", "position"),
    )

    service_category_id: Mapped[UUID] = mapped_column(ForeignKey("service_categories.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    price_from: Mapped[AmountColumn]
    currency: Mapped[CurrencyColumn]
    unit: Mapped[str] = mapped_column(default="hour", server_default=text("'hour'"))

    service_category: Mapped[ServiceCategory] = relationship(back_populates="offerings")
