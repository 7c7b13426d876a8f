#!/bin/sh
# DBOS Transact 3.4.0: a process that starts takes the workflows of its executor id for abandoned, and that id is "local"
# everywhere unless it is set. So a second process on the same database puts the living first one's workflow back into
# the queue, and its step is done again while it is still being done (here both times by the first process). With an id
# for each process (`DBOS__VMID`), nobody takes over what a killed one left. And what a killed process left is taken up
# only by a process whose workflows have the same source text to the letter: after an added comment they stay PENDING for
# good, without a word, because the version is a hash of the source (`application_version` sets it by hand). A lease on
# each run, with its end in the database, needs none of this.
# Source: dbos/_dbos.py, `launch` and `compute_app_version`; dbos/_recovery.py; the guide "Workflow Recovery".
# Seen (SQLite; the first with PostgreSQL 18.6 too): "second process, same id: charge began 2 times, SUCCESS",
# "killed, other id: charge began 1 times, PENDING", "killed, a comment added: charge began 1 times, PENDING",
# "killed, unchanged: charge began 2 times, SUCCESS".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check dbos==3.4.0
cat >"$folder/shop.py" <<'END'
import os
import sys
import time

from dbos import DBOS, SetWorkflowID

role, database, os.environ["DBOS__VMID"] = sys.argv[1:4]
DBOS(config={"name": "shop", "system_database_url": f"sqlite:///{database}", "run_admin_server": False, "log_level": "ERROR"})


@DBOS.step()
def charge():
    with open(f"{database}.began", "a") as began:
        began.write("x")
    time.sleep(6 if role == "first" else 0)


@DBOS.workflow()
def pay():
    charge()


DBOS.launch()
if role == "first":
    with SetWorkflowID("one"):
        DBOS.start_workflow(pay).get_result()
else:
    until = time.monotonic() + float(sys.argv[4])
    while (status := DBOS.get_workflow_status("one").status) != "SUCCESS" and time.monotonic() < until:
        time.sleep(0.2)
    print(status)
DBOS.destroy()
END
sed 's/^    charge()/    # an explanation\n    charge()/' "$folder/shop.py" >"$folder/edited.py"
python=$folder/venv/bin/python
failed=0

began() { # waits until the step has begun in the database $1
    for _ in $(seq 100); do [ -s "$1.began" ] && return; sleep 0.1; done
}
tell() { # words, database, status, what is expected
    seen="charge began $(wc -c <"$2.began") times, $3"
    echo "$1: $seen"
    [ "$seen" = "$4" ] || failed=1
}

d=$folder/alive
"$python" "$folder/shop.py" first "$d" local & first=$!
began "$d"
status=$("$python" "$folder/shop.py" second "$d" local 20)
wait "$first"
tell "second process, same id" "$d" "$status" "charge began 2 times, SUCCESS"

d=$folder/killed
"$python" "$folder/shop.py" first "$d" local & first=$!
began "$d"
kill -9 "$first"
status=$("$python" "$folder/shop.py" second "$d" other 3)
tell "killed, other id" "$d" "$status" "charge began 1 times, PENDING"
status=$("$python" "$folder/edited.py" second "$d" local 3)
tell "killed, a comment added" "$d" "$status" "charge began 1 times, PENDING"
status=$("$python" "$folder/shop.py" second "$d" local 20)
tell "killed, unchanged" "$d" "$status" "charge began 2 times, SUCCESS"
exit "$failed"
