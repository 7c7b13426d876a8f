#!/bin/sh
# pm4py 2.7.23.11 reads one valid XES file (IEEE 1849) in four ways. `read_xes` takes rustxes if that package happens to
# be installed, else its own iterparse, and they differ: an attribute that has attributes of its own is a dict as the
# activity's name in one, its plain value in the other. The fast readers (`line_by_line`, `chunk_regex`) take XML for
# text: an event in a comment counts, `&amp;` stays as it is, an attribute whose value is written before its key is gone,
# and a file whose elements have a namespace prefix is an empty log, without a word. All read the boolean "1" as False,
# which is true in XML Schema. So a log is counted before it is believed: events, cases, activities.
# Source: pm4py/objects/log/importer/xes/importer.py and variants/; rustxes 0.2.11; W3C XML Schema, boolean.
# Seen: the table SEEN below.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --no-compile --no-deps --disable-pip-version-check pm4py==2.7.23.11 pandas==3.1.1 \
    numpy==2.4.6 lxml==6.1.3 networkx==3.6.1 python-dateutil==4.0.0 packaging==26.4 rustxes==0.2.11 polars==2.1.0 \
    polars-runtime-32==2.1.0 pyarrow==26.0.1
cat >"$folder/look.py" <<'END'
import contextlib
import io
import sys
import warnings

warnings.filterwarnings("ignore")
from pm4py.convert import convert_to_dataframe
from pm4py.objects.log.importer.xes import importer

SEEN = """
plain        | A B                | A B      | A B              | A B
nested       | {'value': 'A'…} B  | A B      | nan B            | A B
comment      | A B                | A B      | A B old          | A B old
entity       | A & Ω B            | A & Ω B  | A &amp; &#937; B | A &amp; &#937; B
value first  | A B                | A B      | nan B            | nan B
prefix       | A B                | error    |                  |
boolean      | False              | False    | False            | False
"""
PLAIN = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">
<trace>
<string key="concept:name" value="c1"/>
<event>
<string key="concept:name" value="A"/>
<date key="time:timestamp" value="2026-11-30T09:00:00.000+01:00"/>
<boolean key="paid" value="1"/>
</event>
<event>
<string key="concept:name" value="B"/>
<date key="time:timestamp" value="2026-11-30T10:00:00.000+01:00"/>
</event>
</trace>
</log>
"""
A = '<string key="concept:name" value="A"/>'
OLD = PLAIN[PLAIN.rindex("<event>"):PLAIN.rindex("</trace>")].replace('"B"', '"old"')
prefixed = PLAIN.replace("xmlns=", "xmlns:x=").replace("</", "</x:")
for tag in ("log", "trace", "event", "string", "date", "boolean"):
    prefixed = prefixed.replace(f"<{tag}", f"<x:{tag}")
FILES = {
    "plain": PLAIN,
    "nested": PLAIN.replace(A, A[:-2] + '><string key="note" value="by hand"/></string>'),
    "comment": PLAIN.replace("</trace>", f"<!--\n{OLD}-->\n</trace>"),
    "entity": PLAIN.replace('"A"', '"A &amp; &#937;"'),
    "value first": PLAIN.replace(A, '<string value="A" key="concept:name"/>'),
    "prefix": prefixed,
    "boolean": PLAIN,
}
READERS = ["ITERPARSE", "RUSTXES", "LINE_BY_LINE", "CHUNK_REGEX"]


def read(name, reader):
    path = f"{sys.argv[1]}/log.xes"
    with open(path, "w", encoding="utf-8") as file:
        file.write(FILES[name])
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            log = importer.apply(path, variant=importer.Variants[reader], parameters={"show_progress_bar": False})
        events = convert_to_dataframe(log).to_dict("records")
    except BaseException:
        return "error"
    if name == "boolean":
        return str(events[0]["paid"])
    return " ".join("{'value': 'A'…}" if isinstance(one["concept:name"], dict) else str(one["concept:name"]) for one in events)


rows = {name: [read(name, reader) for reader in READERS] for name in FILES}
print(" " * 12, *(f"{reader:18}" for reader in READERS))
for name, found in rows.items():
    print(f"{name:12}", *(f"{one:18}" for one in found))
seen = {row[0]: row[1:] for row in ([cell.strip() for cell in line.split("|")] for line in SEEN.strip().splitlines())}
sys.exit(rows != seen)
END
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>/dev/null
