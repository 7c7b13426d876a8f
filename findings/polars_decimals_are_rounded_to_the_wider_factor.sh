#!/bin/sh
# Polars 2.1.0 rounds a product of two decimals to the decimals of the wider factor, row by row: 1.25 × 0.07 is 0.09, and
# three such lines make 0.27 of tax where DuckDB 2.0.1, PostgreSQL and Polars' own `pl.sql` make 0.2625, hence 0.26.
# `round` goes half to even (2.5 is 2, also for decimals), DuckDB's away from zero; the mean of decimals is a float.
# In DuckDB it is the quotient that is a float. So tax and shares: cast to the decimals that the result needs before
# multiplying, and round once, by one rule, in one place.
# Source: Polars, expressions on `Decimal`; DuckDB, "Fixed-point decimals".
# Seen: "polars, expressions: 0.09, sum 0.27", "polars, sql: 0.0875, sum 0.2625", "duckdb: 0.0875, sum 0.2625",
# "polars, cast first: 0.0875, sum 0.2625", "2.5 and 3.5 rounded: polars 2 4, duckdb 3 4",
# "a third: polars Decimal, duckdb float; the mean: polars float, duckdb float".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check polars==2.1.0 duckdb==2.0.1
"$folder/venv/bin/python" - <<'END'
import sys
from decimal import Decimal

import duckdb
import polars as pl

ask = duckdb.connect().execute
price, rate = Decimal("1.25"), Decimal("0.07")
lines = pl.DataFrame({"price": [price] * 3, "rate": [rate] * 3})
tax = pl.col("price") * pl.col("rate")
exact = pl.col("price").cast(pl.Decimal(38, 4)) * pl.col("rate")
SUM = "select price * rate as one, sum(price * rate) over () as whole from {}"
duck = ask(SUM.format("(select 1.25::decimal(9,2) price, 0.07::decimal(9,2) rate from range(3))"))
found = {
    "polars, expressions": lines.select(tax.alias("one"), tax.sum().alias("whole")).row(0),
    "polars, sql": (pl.sql("select price * rate as one from lines").collect().item(0, 0),
                    pl.sql("select sum(price * rate) as whole from lines").collect().item(0, 0)),
    "polars, cast first": lines.select(exact.alias("one"), exact.sum().alias("whole")).row(0),
    "duckdb": duck.fetchone(),
}
for name, (one, whole) in found.items():
    print(f"{name}: {one}, sum {whole}")
halves = [Decimal("2.5"), Decimal("3.5")]
polars = [int(one) for one in pl.Series(halves).round(0)]
ducks = [int(one) for one in ask("select round(2.5::decimal(9,1)), round(3.5::decimal(9,1))").fetchone()]
print("2.5 and 3.5 rounded: polars", *polars, end=", ")
print("duckdb", *ducks)
kinds = [type(value).__name__ for value in (
    lines.select(pl.col("price") / 3).item(0, 0), ask("select 1.25::decimal(9,2) / 3").fetchone()[0],
    lines["price"].mean(), ask("select avg(1.25::decimal(9,2))").fetchone()[0])]
print("a third: polars {}, duckdb {}; the mean: polars {}, duckdb {}".format(*kinds))
right = (Decimal("0.0875"), Decimal("0.2625"))
sys.exit(not (found.pop("polars, expressions") == (Decimal("0.09"), Decimal("0.27"))
              and set(found.values()) == {right} and (polars, ducks) == ([2, 4], [3, 4])
              and kinds == ["Decimal", "float", "float", "float"]))
END
