#!/bin/sh
# python-calamine 0.9.1 gives an empty text for a cell that holds an error (#N/A, #DIV/0!), the same as for an empty
# cell, of XLSX and of ODS alike, with no way to ask which it is: whoever takes empty cells for "leave it as it is"
# passes over wrong rows in silence. (openpyxl 3.1.5 gives "#N/A" of the same file.) What is read of a cell has no trace
# of its format either, so 19 % is 0.19. Both have to be looked up in the file's XML.
# Source: python_calamine, `CalamineSheet.to_python` and `iter_rows`.
# Seen: "xlsx [['a', '', '', 0.19]]", "ods [['a', '', '', 0.19]]", "openpyxl ('a', '#N/A', None, 0.19)".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q python-calamine==0.9.1 openpyxl==3.1.5
cat >"$folder/look.py" <<'END'
import sys
import zipfile
from pathlib import Path

from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

folder = Path(sys.argv[1])
book = Workbook()
book.active.append(["a", "#N/A", None, 0.19])
book.active["D1"].number_format = "0%"
book.save(folder / "a.xlsx")

ODF = "urn:oasis:names:tc:opendocument:xmlns"
cells = (
    '<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>'
    '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
    'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell><table:table-cell/>'
    '<table:table-cell office:value-type="percentage" office:value="0.19"><text:p>19%</text:p></table:table-cell>'
)
content = (
    f'<office:document-content xmlns:office="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0" '
    f'xmlns:table="{ODF}:table:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    f"><office:body><office:spreadsheet><table:table table:name=\"A\"><table:table-row>{cells}</table:table-row>"
    "</table:table></office:spreadsheet></office:body></office:document-content>"
)
with zipfile.ZipFile(folder / "a.ods", "w") as archive:
    archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0"/>')
    archive.writestr("content.xml", content)

found = {kind: CalamineWorkbook.from_path(folder / f"a.{kind}").get_sheet_by_index(0).to_python() for kind in ("xlsx", "ods")}
other = next(load_workbook(folder / "a.xlsx", data_only=True).active.values)
for kind, rows in found.items():
    print(kind, rows)
print("openpyxl", other)
sys.exit(set(map(str, found.values())) != {"[['a', '', '', 0.19]]"} or other[1] != "#N/A")
END
"$folder/venv/bin/python" "$folder/look.py" "$folder"
