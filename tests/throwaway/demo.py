from collections.abc import Iterator

from app.core.domain import Seeding


def add_gadgets(seeding: Seeding) -> Iterator[None]:
    seeding.say("gadgets added")
    yield
