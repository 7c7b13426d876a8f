#!/bin/sh
# mt-940 5.1.1 gives a reversed credit (`RC` in field 61, which takes money away) as a positive amount, so what it reads
# of a valid statement doesn't add up to the closing balance of the same statement; and after a byte order mark it loses
# the statement's reference. Both are known there: version 5 keeps these and eight other mistakes, unless each is switched
# off by `mt940.Options(reversal_sign=True, …)` or all by `Options.all()`. So whoever takes MT940 in: opening balance and
# amounts have to make the closing balance, or the file is refused.
# Source: mt940/models.py, `Amount`; mt940/options.py. SWIFT's field 61: "RC Reversal of Credit (debit entry)".
# Seen: "by default: reference None, 1000.00 and 70.50, closing 840.50",
# "Options.all(): reference STARTUMSE, 1000.00 and -159.50, closing 840.50".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check mt-940==5.1.1
cat >"$folder/look.py" <<'END'
import sys

import mt940

STATEMENT = """\ufeff:20:STARTUMSE
:25:37040044/0532013000
:28C:00001/001
:60F:C261228EUR1000,00
:61:2612311231DR100,00NTRFNONREF
:86:177?00UEBERWEISUNG?20Miete
:61:2612311231CR50,50NTRFNONREF
:86:166?00GUTSCHRIFT?20Rechnung 17
:61:2612311231RC115,00NCHGNONREF
:86:099?00STORNO?20Storno der Gutschrift
:61:2612311231RD5,00NRTINONREF
:86:059?00RUECKLASTSCHRIFT?20Storno der Lastschrift
:62F:C261231EUR840,50
-
"""


def read(name, **settings):
    statement = mt940.parse(STATEMENT, **settings)
    opening, closing = (statement.data[f"final_{end}_balance"].amount.amount for end in ("opening", "closing"))
    moved = sum(one.data["amount"].amount for one in statement)
    reference = statement.data.get("transaction_reference")
    print(f"{name}: reference {reference}, {opening} and {moved}, closing {closing}")
    return reference, opening + moved == closing


found = [read("by default"), read("Options.all()", options=mt940.Options.all())]
sys.exit(found != [(None, False), ("STARTUMSE", True)])
END
"$folder/venv/bin/python" "$folder/look.py"
