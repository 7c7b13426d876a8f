#!/bin/sh
# cron-descriptor 2.2.1 puts every schedule that names days of the month and days of the week into words with "or". For
# `0 0 */2 * 1` that is not what Debian's cron does: where either field begins with a star, both have to match, so it
# fires only on Mondays with an odd date. cronsim 2.8 does as cron does; croniter 7.0.0 fires on either. So the words,
# by which people check a schedule, promise 18 days of a month that has 2. Schedules that never come due (`0 0 30 2 *`)
# are put into words as well.
# Source: cron_descriptor/ExpressionDescriptor.py, `get_day_of_month_description` and `get_day_of_week_description`,
# which see one field each; cronsim/cronsim.py, `day_and`.
# Seen: "At 12:00 AM, every 2 days, or on Monday", "cronsim 2", "croniter 18",
# "At 12:00 AM, on day 30 of the month, only in February".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q cron-descriptor==2.2.1 cronsim==2.8 croniter==7.0.0
cat >"$folder/look.py" <<'END'
from datetime import datetime
from itertools import takewhile

from cron_descriptor import get_description
from croniter import croniter
from cronsim import CronSim

cron, begin, end = "0 0 */2 * 1", datetime(2026, 10, 31, 12), datetime(2026, 12, 1)
words, never = get_description(cron), get_description("0 0 30 2 *")
sim = len(list(takewhile(lambda at: at < end, CronSim(cron, begin))))
iter_ = len(list(takewhile(lambda at: at < end, croniter(cron, begin, ret_type=datetime))))
print(words)
print("cronsim", sim)
print("croniter", iter_)
print(never)
assert words == "At 12:00 AM, every 2 days, or on Monday"
assert never == "At 12:00 AM, on day 30 of the month, only in February"
assert (sim, iter_) == (2, 18), (sim, iter_)
END
"$folder/venv/bin/python" "$folder/look.py"
