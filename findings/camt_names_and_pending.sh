#!/bin/sh
# bankstatementparser 0.0.29 reads camt.053 in version 8, which banks send since 2025, without the names of those who
# paid: they stand one element deeper (`Dbtr/Pty/Nm`) than in version 2 (`Dbtr/Nm`), and the column is empty, not missing.
# An entry that is only announced (`PDNG`) is a row like the booked ones, with no column to tell, and counts in
# "NetAmount", so the sum isn't the difference of the balances. camt053 0.0.23 has names and status, but neither the text
# of a payment (`RmtInf`) nor the amounts within a batch, without which nothing can be matched to an invoice. So read
# camt by its schema, by version, and check each statement: opening balance and booked entries make the closing balance.
# Source: bankstatementparser/camt_parser.py; camt053/models; ISO 20022, camt.053.001.02 and .08.
# Seen: "version 2: names ['Ann', 'Bob'], net 1149.00, balances differ by 150.00", "version 8: names ['', ''], net
# 1149.00, balances differ by 150.00", "camt053, version 8: names ['Ann', 'Bob'], 'R-17' False, amounts of the batch False".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --no-compile --disable-pip-version-check bankstatementparser==0.0.29 camt053==0.0.23
cat >"$folder/look.py" <<'END'
import sys

import camt053
from bankstatementparser import CamtParser


def payment(version, name, amount):
    party = f"<Pty><Nm>{name}</Nm></Pty>" if version == 8 else f"<Nm>{name}</Nm>"
    return (
        f"<TxDtls><Refs><EndToEndId>E-{name}</EndToEndId></Refs>" + (
            f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>' if version == 8 else
            f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>')
        + f"<RltdPties><Dbtr>{party}</Dbtr></RltdPties><RmtInf><Ustrd>R-17 {name}</Ustrd></RmtInf></TxDtls>"
    )


def entry(version, amount, status, details=""):
    state = f"<Sts><Cd>{status}</Cd></Sts>" if version == 8 else f"<Sts>{status}</Sts>"
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>{state}<BookgDt><Dt>2026-11-30</Dt></BookgDt>'
        f"<ValDt><Dt>2026-11-30</Dt></ValDt><BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd>{details}</Ntry>"
    )


def balance(code, amount):
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "<Dt><Dt>2026-11-30</Dt></Dt></Bal>"
    )


def statement(version):
    batch = (
        "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>" + payment(version, "Ann", "100.00") + payment(version, "Bob", "50.00")
        + "</NtryDtls>"
    )
    created = "<CreDtTm>2026-11-30T20:00:00+01:00</CreDtTm>"
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.0{version}"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>'
        f"{created}</GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb>{created}<Acct><Id><IBAN>DE89370400440532013000"
        "</IBAN></Id><Ccy>EUR</Ccy></Acct>" + balance("PRCD", "1000.00") + balance("CLBD", "1150.00")
        + entry(version, "150.00", "BOOK", batch) + entry(version, "999.00", "PDNG") + "</Stmt></BkToCstmrStmt></Document>"
    )


found = []
for version in (2, 8):
    path = f"{sys.argv[1]}/statement{version}.xml"
    with open(path, "w") as file:
        file.write(statement(version))
    parser = CamtParser(path)
    names = [str(one) for one in parser.parse()["Debtor"]][:2]
    net = str(parser.get_statement_stats()["NetAmount"][0])
    first, last = (float(one) for one in parser.get_account_balances()["Amount"])
    found.append((names, net, f"{last - first:.2f}"))
    print("version {}: names {}, net {}, balances differ by {}".format(version, *found[-1]))
read = camt053.parse_document(statement(8))
details = read.statements[0].entries[0].details
names, text = [one.counterparty_name for one in details], str(read)
print(f"camt053, version 8: names {names}, 'R-17' {'R-17' in text}, amounts of the batch {'100.00' in text}")
sys.exit(not (found == [(["Ann", "Bob"], "1149.00", "150.00"), (["", ""], "1149.00", "150.00")]
              and names == ["Ann", "Bob"] and "R-17" not in text and "100.00" not in text))
END
"$folder/venv/bin/python" "$folder/look.py" "$folder"
