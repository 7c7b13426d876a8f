#!/bin/sh
# The official rules for e-invoices (EN 16931, as in factur-x 7.8) hold the currencies of the day they were published,
# whatever the invoice's date: one in lev (BGN) of December 2025, and a credit note for it, are refused today by each
# amount (BR-CL-03) and by BR-CL-04, since Bulgaria has the euro from January 2026; kuna (HRK) and ANG likewise. And
# layout decides: `\n  119.00\n` is the number 119 to the schema, and has too many decimals for the rules (BR-DEC-18),
# which count characters, so a file that was indented by a tool is refused. So: keep the verdict and the version of the
# rules from the day an invoice was sent or came, don't judge stored ones again; and never reformat one.
# Source: factur-x, xsd_and_schematron/ubl-2.1, EN16931-UBL-validation.xslt; run by saxonche 13.1.1.
# Seen: "EUR 2026: schema valid, rules []", "BGN 2025: schema valid, rules ['BR-CL-03', 'BR-CL-04']",
# "HRK 2022: schema valid, rules ['BR-CL-03', 'BR-CL-04']", "EUR, indented: schema valid, rules ['BR-DEC-18', 'UBL-DT-01']".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check factur-x==7.8 saxonche==13.1.1
"$folder/venv/bin/python" - <<'END'
import re
import sys
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

UBL = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
COMMON = "urn:oasis:names:specification:ubl:schema:xsd"
VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def party(role, country, tax, name):
    return (
        f"<cac:Accounting{role}Party><cac:Party><cac:PostalAddress><cac:Country><cbc:IdentificationCode>{country}"
        f"</cbc:IdentificationCode></cac:Country></cac:PostalAddress>{tax}<cac:PartyLegalEntity><cbc:RegistrationName>{name}"
        f"</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:Accounting{role}Party>"
    )


def invoice(currency, day, country, number, payable="119.00"):
    def money(name, amount):
        return f'<cbc:{name} currencyID="{currency}">{amount}</cbc:{name}>'

    tax = f"<cac:PartyTaxScheme><cbc:CompanyID>{number}</cbc:CompanyID>{VAT}</cac:PartyTaxScheme>"
    rate = f"<cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>{VAT}"
    return (
        f'<Invoice xmlns="{COMMON}:Invoice-2" xmlns:cac="{COMMON}:CommonAggregateComponents-2" '
        f'xmlns:cbc="{COMMON}:CommonBasicComponents-2">'
        "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID><cbc:ID>R-1</cbc:ID>"
        f"<cbc:IssueDate>{day}</cbc:IssueDate><cbc:DueDate>{day}</cbc:DueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>"
        f"<cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>"
        + party("Supplier", country, tax, "Seller") + party("Customer", country, "", "Buyer")
        + "<cac:TaxTotal>" + money("TaxAmount", "19.00") + "<cac:TaxSubtotal>" + money("TaxableAmount", "100.00")
        + money("TaxAmount", "19.00") + f"<cac:TaxCategory>{rate}</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>"
        + "<cac:LegalMonetaryTotal>" + money("LineExtensionAmount", "100.00") + money("TaxExclusiveAmount", "100.00")
        + money("TaxInclusiveAmount", "119.00") + money("PayableAmount", payable) + "</cac:LegalMonetaryTotal>"
        '<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="H87">2</cbc:InvoicedQuantity>'
        + money("LineExtensionAmount", "100.00") + f"<cac:Item><cbc:Name>Chair</cbc:Name><cac:ClassifiedTaxCategory>{rate}"
        "</cac:ClassifiedTaxCategory></cac:Item><cac:Price>" + money("PriceAmount", "50.00")
        + "</cac:Price></cac:InvoiceLine></Invoice>"
    )


CASES = {
    "EUR 2026": (invoice("EUR", "2026-11-30", "DE", "DE136695976"), []),
    "BGN 2025": (invoice("BGN", "2025-12-01", "BG", "BG175074752"), ["BR-CL-03", "BR-CL-04"]),
    "HRK 2022": (invoice("HRK", "2022-12-01", "HR", "HR33392005961"), ["BR-CL-03", "BR-CL-04"]),
    "EUR, indented": (invoice("EUR", "2026-11-30", "DE", "DE136695976", "\n  119.00\n"), ["BR-DEC-18", "UBL-DT-01"]),
}
schema = etree.XMLSchema(etree.parse(str(UBL / "maindoc" / "UBL-Invoice-2.1.xsd")))
as_seen = True
with PySaxonProcessor(license=False) as saxon:
    rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(UBL / "EN16931-UBL-validation.xslt"))
    for name, (text, expected) in CASES.items():
        valid = schema.validate(etree.fromstring(text))
        report = rules.transform_to_string(xdm_node=saxon.parse_xml(xml_text=text))
        failed = sorted({re.search(r'\bid="([^"]+)"', one)[1] for one in re.findall(r"<svrl:failed-assert[^>]*>", report)})
        print(f"{name}: schema {'valid' if valid else 'invalid'}, rules {failed}")
        as_seen = as_seen and valid and failed == expected
sys.exit(not as_seen)
END
