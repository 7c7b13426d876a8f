#!/bin/sh
# Three engines in one process, each with time zones of its own, none of which asks for the installed tzdata 2026.6:
# noon UTC on 15 December 2026 is 05:00 in Vancouver for DuckDB 2.0.1 (as it is: British Columbia stays on UTC-7), and
# 04:00 for Polars 2.1.0, whose zones are compiled in and older. Python's zoneinfo takes the system's files first; here it
# is told to take the package's. So a day or an hour is computed by one engine, and the others get the result.
# And on the day the clocks go back, DuckDB's `date_trunc('hour', …)` moves the first of the two hours from two to three
# into the second: the result is half an hour later than what was truncated, and counts per hour show none and two
# where there was one each. `time_bucket` keeps them apart, as PostgreSQL 18.6 does. pandas 3.1.1 raises ValueError.
# Source: DuckDB's icu extension (icu-datetrunc); Polars, chrono-tz; docs of the `zoneinfo` module.
# Seen: "Vancouver: duckdb 05:00, polars 04:00, tzdata 05:00", "00:30Z truncated: 01:00Z; in its bucket: 00:00Z",
# "events per hour: date_trunc [2], time_bucket [1, 1], polars [1, 1]".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check polars==2.1.0 duckdb==2.0.1 tzdata==2026.6
PYTHONTZPATH="" "$folder/venv/bin/python" - <<'END'
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

ask = duckdb.connect().execute
noon = datetime(2026, 12, 15, 12, tzinfo=UTC)
zone = "America/Vancouver"
duck = ask(f"select strftime(timestamptz '2026-12-15 12:00+00' at time zone '{zone}', '%H:%M')").fetchone()[0]
polars = pl.Series([noon]).dt.convert_time_zone(zone).dt.to_string("%H:%M")[0]
python = noon.astimezone(ZoneInfo(zone)).strftime("%H:%M")
print(f"Vancouver: duckdb {duck}, polars {polars}, tzdata {python}")

ask("set TimeZone = 'Europe/Berlin'")
moments = "(values (timestamptz '2026-10-25 00:30+00'), (timestamptz '2026-10-25 01:30+00')) events(moment)"
WAYS = {"date_trunc": "date_trunc('hour', moment)", "time_bucket": "time_bucket(interval '1 hour', moment)"}
first, counts = [], {}
for name, way in WAYS.items():
    at = ask(f"select {way} from {moments} order by moment limit 1").fetchone()[0]
    first.append(at.astimezone(UTC).strftime("%H:%MZ"))
    counts[name] = [n for (n,) in ask(f"select count(*) from {moments} group by {way} order by {way}").fetchall()]
at = pl.Series("at", [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)])
hours = at.dt.convert_time_zone("Europe/Berlin").dt.truncate("1h").dt.convert_time_zone("UTC")
counts["polars"] = hours.value_counts().sort("at")["count"].to_list()
print("00:30Z truncated: {}; in its bucket: {}".format(*first))
print("events per hour:", ", ".join(f"{name} {count}" for name, count in counts.items()))
sys.exit(not ((duck, polars, python) == ("05:00", "04:00", "05:00") and first == ["01:00Z", "00:00Z"]
              and counts == {"date_trunc": [2], "time_bucket": [1, 1], "polars": [1, 1]}))
END
