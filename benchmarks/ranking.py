"""What it costs to have the best match first: the same searches sorted by newest and by best match, in alternation.

    python -m benchmarks.ranking [--url postgresql://…] [--rows 1000000] [--refill]

Uses the databases of `benchmarks.scale`, filling them where they are missing. The words: one that a third of the names
have, one that only descriptions have, a letter, and so on. The last pages are the 20th of a search and the first one
behind the names.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from statistics import median
from urllib.parse import urlencode

from app.catalog.kinds import PRODUCTS
from app.core.lists import fetch, query_schema
from app.core.tenancy import as_system
from app.extensions import db
from benchmarks.scale import WORK, Store, database, server

ROUNDS = 21
SEARCHES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("common word", {"q": "common"}),
    ("word of texts", {"q": "customer"}),
    ("word in 1 %", {"q": "middle"}),
    ("rare word", {"q": "rare"}),
    ("two words", {"q": "invoice reports"}),
    ("misspelt", {"q": "analitycs"}),
    ("one letter", {"q": "a"}),
    ("with a filter", {"q": "common", "category": "Print"}),
    ("20th page", {"q": "common", "page": "20"}),
    ("20th page of texts", {"q": "customer", "page": "20"}),
)


def measure(store: Store) -> None:
    print(
        f"{f'median ms, {store.rows:,} products':32}{'newest':>10}{'best match':>12}{'ratio':>8}{'slowest query':>15}"
    )
    for name, asked in SEARCHES:
        paths = {sort: _path(store, dict(asked), sort) for sort in ("-created_at", "relevance")}
        times: dict[str, list[float]] = {sort: [] for sort in paths}
        slowest: list[float] = []
        for number in range(ROUNDS + 2):
            for sort, path in paths.items():
                store.queries.clear()
                taken = store.get(path)
                if number >= 2:
                    times[sort].append(taken)
                    if sort == "relevance":
                        slowest.append(max(query[0] for query in store.queries))
        newest, best = (1_000 * median(times[sort]) for sort in paths)
        print(f"{name:32}{newest:10.1f}{best:12.1f}{best / newest:8.2f}{1_000 * median(slowest):15.1f}", flush=True)


def _path(store: Store, asked: dict[str, str], sort: str) -> str:
    pages = int(asked.pop("page", "1"))
    given = {name: store.words.get(value, value) for name, value in asked.items()} | {"sort": sort}
    with store.portal.app.app_context(), as_system("a benchmark"):
        for _ in range(pages - 1):
            query = query_schema(PRODUCTS).model_validate(given)
            given["cursor"] = fetch(db.session, PRODUCTS, query, staff=False).next_cursor or ""
    return f"/api/products?{urlencode(given)}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--rows", default=1_000_000, type=int)
    parser.add_argument("--refill", action="store_true", help="fill the database anew")
    options = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        store = Store(options.rows, database(url, options.rows))
        store.open(refill=options.refill)
        measure(store)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
