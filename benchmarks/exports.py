"""What writing a list as a file takes: `python -m benchmarks.exports [ROWS]`.

Each writer gets the same rows, in a process of its own, and says what processor time it took, what memory it grew by,
and after how long its first bytes could leave. XlsxWriter (in its mode of constant memory) takes part where it is
installed: `pip install xlsxwriter`.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from app.web.exports import Form, table_lines
from app.web.xlsx import workbook

COLUMNS = ["id", "name", "category", "price", "currency", "features", "created_at", "description"]
Row = list[Any]


def rows(count: int) -> Iterator[Row]:
    key, moment = UUID(int=7), datetime(2026, 11, 30, tzinfo=UTC)
    for number in range(count):
        price = Decimal(number) / 100
        yield [key, f"Product {number}", "Analytics", price, "EUR", ["a", "b"], moment, "What it is, in some words"]


def by_xlsxwriter(given: Iterable[Row]) -> Iterator[bytes]:
    import xlsxwriter  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.xlsx")
        book = xlsxwriter.Workbook(path, {"constant_memory": True})
        sheet = book.add_worksheet()
        for number, row in enumerate(given):
            for column, value in enumerate(row):
                sheet.write(number, column, value if isinstance(value, Decimal) else str(value))
        book.close()
        yield path.read_bytes()


WRITERS: dict[str, Callable[[Iterable[Row]], Iterator[bytes]]] = {
    "CSV": lambda given: table_lines(COLUMNS, given, Form()),
    "XLSX": lambda given: workbook("products", COLUMNS, given),
    "XlsxWriter": by_xlsxwriter,
}


def measure(name: str, count: int) -> tuple[float, float, float, float]:
    """Seconds of the processor, seconds to the first bytes, MiB that it grew by, MB that it wrote."""
    list(WRITERS[name](islice(rows(10), 10)))
    before, begun, first, size = _memory(), time.process_time(), 0.0, 0
    for chunk in WRITERS[name](rows(count)):
        first = first or time.process_time() - begun
        size += len(chunk)
    return time.process_time() - begun, first, _memory() - before, size / 1e6


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(count: int) -> None:
    print(f"{count:,} rows of {len(COLUMNS)} columns\n")
    print(f"{'writer':12}{'CPU':>10}{'first':>10}{'grew by':>12}{'size':>10}")
    for name in WRITERS:
        if name == "XlsxWriter" and find_spec("xlsxwriter") is None:
            continue
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            cpu, first, grown, size = pool.apply(measure, (name, count))
        print(f"{name:12}{cpu:8.1f} s{first:8.2f} s{grown:8.0f} MiB{size:7.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
