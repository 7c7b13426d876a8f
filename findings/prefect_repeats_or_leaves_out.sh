#!/bin/sh
# Prefect 3.9.1: when a flow is tried again, tasks that succeeded are done again, unless results are persisted. With
# `persist_result=True` they aren't, but neither is a second call of the same task with equal arguments in the same run:
# it is answered from the first one's result, since the default cache policy knows a call by its code, its inputs and the
# run. Two equal payments in a loop are one. What tells calls apart has to be an argument (the line's id), or the policy
# a function of one's own. An engine that knows a step by its place in the run has neither problem.
# It takes 40 s of processor time, most of it to install and to start Prefect's own server.
# Source: prefect/cache_policies.py, `DEFAULT = INPUTS + TASK_SOURCE + RUN_ID`; prefect/task_engine.py.
# Seen: "tried again: paid 2 times; persisted 1 times", "two equal calls: paid 2 times; persisted 1 times; with an id of
# each line 2 times".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check prefect==3.9.1
PREFECT_HOME="$folder/home" PREFECT_LOGGING_LEVEL=CRITICAL PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=150 \
    "$folder/venv/bin/python" - <<'END'
import sys

from prefect import flow, task

paid, refused = [], []


def pay(amount, line=None):
    paid.append(amount)


def ship():
    if not refused:
        refused.append(True)
        raise OSError("the carrier is away")


def tried_again(persisted):
    @flow(retries=1, persist_result=persisted)
    def order():
        task(pay)(5)
        task(ship)()

    refused.clear()
    return counted(order)


def equal_calls(persisted, lines):
    @flow(persist_result=persisted)
    def order():
        payment = task(pay)
        for line in lines:
            payment(5, line)

    return counted(order)


def counted(order):
    paid.clear()
    order()
    return len(paid)


again = [tried_again(False), tried_again(True)]
equal = [equal_calls(False, [None, None]), equal_calls(True, [None, None]), equal_calls(True, [1, 2])]
print("tried again: paid {} times; persisted {} times".format(*again))
print("two equal calls: paid {} times; persisted {} times; with an id of each line {} times".format(*equal))
sys.exit((again, equal) != ([2, 1], [2, 1, 2]))
END
