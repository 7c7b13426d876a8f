#!/bin/sh
# The same CEL expression over the same JSON means something else in each implementation, by design of none of them.
# JSON's 5 is an int for the Python ones and a double for those of npm, where `count / 2` and `count % 2` are errors
# (cel-js: 2.5), and `total + 1` is one for all that keep to the specification as soon as the total is 2.5. The length of
# a text is counted in bytes (common-expression-language), UTF-16 (cel-js) or code points; `has()` of a member that is
# null is true or false; an id beyond 2^53 equals its neighbour. And in @bufbuild/cel, the first hour after midnight in a
# named zone belongs to the day after (30 November, 23:30 UTC, is 2 December in Berlin, and a Wednesday). So rules that
# are checked in the browser and run on the server want one evaluator, or a table of cases that both pass; amounts are
# texts or minor units, never JSON numbers.
# Versions: cel-python 0.5.0, common-expression-language 0.10.0; @bufbuild/cel 0.6.1, @marcbachmann/cel-js 8.0.0,
# cel-js 0.8.2. Source: cel-spec, doc/langdef.md: the length is in code points, `getDate` the day
# of the month from 1; arithmetic has no mixed overloads. @bufbuild/cel reads the hour 24 of Intl as one of the next day.
# Seen: the table SEEN below.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check cel-python==0.5.0 common-expression-language==0.10.0
npm install --silent --no-fund --no-audit --prefix "$folder" @bufbuild/cel@0.6.1 @marcbachmann/cel-js@8.0.0 cel-js@0.8.2
cat >"$folder/cases.json" <<'END'
{"order": {"count": 5, "total": 2.5, "note": null, "id": 9007199254740993}, "cases": [
"order.count / 2", "order.count % 2", "order.total + 1", "size('é🙂')", "has(order.note)", "order.id == 9007199254740992",
"timestamp('2026-11-30T23:30:00Z').getDate('Europe/Berlin')", "timestamp('2026-11-30T23:30:00Z').getDate('+01:00')"]}
END
cat >"$folder/look.mjs" <<'END'
import fs from "fs";
import { run } from "@bufbuild/cel";
import { evaluate as bachmann } from "@marcbachmann/cel-js";
import { evaluate as celjs } from "cel-js";
const { order, cases } = JSON.parse(fs.readFileSync("cases.json"));
const answer = (evaluate, text) => {
  try { const value = evaluate(text, { order }); return value instanceof Error ? "error" : String(value); }
  catch { return "error"; }
};
console.log(JSON.stringify(cases.map((text) => [run, bachmann, celjs].map((evaluate) => answer(evaluate, text)))));
END
cat >"$folder/look.py" <<'END'
import json
import sys

import cel
import celpy

SEEN = """
order.count / 2                | 2     2     error error 2.5
order.count % 2                | 1     1     error error 1
order.total + 1                | 3.5   error error error 3.5
size('é🙂')                     | 2     6     2     2     3
has(order.note)                | true  true  false true  true
order.id == 9007199254740992   | false false true  true  true
…getDate('Europe/Berlin')      | 1     error 2     1     error
…getDate('+01:00')             | 1     error 1     error error
"""
with open("cases.json") as file:
    given = json.load(file)


def answer(evaluate, text):
    try:
        value = str(evaluate(text))
    except Exception:
        return "error"
    return value.lower()


def by_celpy(text):
    environment = celpy.Environment()
    return environment.program(environment.compile(text)).evaluate({"order": celpy.json_to_cel(given["order"])})


def by_rust(text):
    return cel.evaluate(text, {"order": given["order"]})


rows = []
for text, others in zip(given["cases"], json.loads(sys.argv[1]), strict=True):
    name = text.replace("timestamp('2026-11-30T23:30:00Z').", "…")
    answers = [answer(by_celpy, text), answer(by_rust, text), *others]
    rows.append(f"{name:30} | " + " ".join(f"{one:5}" for one in answers).rstrip())
print(f"{'':30} | cel-python, common-expression-language, @bufbuild/cel, @marcbachmann/cel-js, cel-js")
print("\n".join(rows))
sys.exit([row.split() for row in rows] != [row.split() for row in SEEN.strip().splitlines()])
END
cd "$folder"
venv/bin/python look.py "$(node look.mjs)"
