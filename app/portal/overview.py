"""The start page of clients and experts: what needs them, how their work stands, what comes next."""

from app.core.domain import Home, installed
from app.identity.identities import Identity


def home_of(person: Identity) -> Home:
    """What all domains have for the person's start page; nothing of what the person may not see."""
    homes: list[Home] = [domain.named(domain.home)(person) for domain in installed() if domain.home]
    needs = (need for home in homes for need in home.needs)
    tiles = (tile for home in homes for tile in home.tiles)
    return Home(sorted(needs, key=lambda need: need.rank), sorted(tiles, key=lambda tile: tile.at))
