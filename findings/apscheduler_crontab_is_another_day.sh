#!/bin/sh
# `CronTrigger.from_crontab("0 9 * * 1")` of APScheduler 3.11.3 fires on Tuesdays: it counts the days of the week from
# Monday, 0, where every crontab counts from Sunday. 7 is refused; `*/3` means other days; and of `MON#2`, the second
# Monday, it takes `MON` and drops the rest without a word, so it fires each Monday. Days of the month and of the week
# have both to match. croniter 7.0.0 reads these as crontab does. So schedules that come from elsewhere are compared by
# their next times, not by their text; names of days alone (`mon`) are read alike by all.
# Source: apscheduler/triggers/cron/__init__.py, `from_crontab`; its user guide says that 0 is Monday.
# Seen: "0 9 * * 1: apscheduler Tue, croniter Mon", "0 9 * * */3: apscheduler Mon Thu Sun, croniter Wed Sat Sun",
# "0 9 * * MON#2: apscheduler 02.11. 09.11. 16.11., croniter 09.11. 14.12. 11.01.", "0 9 1,15 * mon: apscheduler
# 01.02. 15.02. 01.03., croniter 02.11. 09.11. 15.11.".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check APScheduler==3.11.3 croniter==7.0.0
"$folder/venv/bin/python" - <<'END'
import sys
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter

BEGIN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def by_apscheduler(text, count):
    trigger, times = CronTrigger.from_crontab(text, timezone=UTC), [BEGIN]
    for _ in range(count):
        times.append(trigger.get_next_fire_time(None, times[-1] + timedelta(seconds=1)))
    return times[1:]


def by_croniter(text, count):
    times = croniter(text, BEGIN, ret_type=datetime)
    return [times.get_next() for _ in range(count)]


CASES = {
    "0 9 * * 1": ("%a", 1, "Tue", "Mon"),
    "0 9 * * */3": ("%a", 3, "Mon Thu Sun", "Wed Sat Sun"),
    "0 9 * * MON#2": ("%d.%m.", 3, "02.11. 09.11. 16.11.", "09.11. 14.12. 11.01."),
    "0 9 1,15 * mon": ("%d.%m.", 3, "01.02. 15.02. 01.03.", "02.11. 09.11. 15.11."),
}
as_seen = True
for text, (form, count, *expected) in CASES.items():
    found = [" ".join(f"{at:{form}}" for at in way(text, count)) for way in (by_apscheduler, by_croniter)]
    print(f"{text}: apscheduler {found[0]}, croniter {found[1]}")
    as_seen = as_seen and found == expected
sys.exit(not as_seen)
END
