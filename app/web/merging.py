"""A form that was made from one version of a record, and sent when there is another: shared by every page that edits.

merging.take_theirs(form, kind, record)
base = merging.base_version(record)         # None: tell OUT_OF_DATE
merge = three_way(session, kind, record, base, form.changed_values())
if merge.conflicts:
    merging.show(form, kind, record, merge)  # and answer 409 with the record's present version
"""

import re
from typing import Any

from flask import request

from app.core.changes.merge import Merge
from app.core.kinds import Kind, editing_of
from app.web.forms import SchemaForm

OUT_OF_DATE = "This form doesn't say which version of the record it was made from. Open it again and repeat the change."


def base_version(record: Any) -> int | None:
    """The version that the person had read; the present one if the form leaves it out, None if it is no number."""
    given = request.form.get("version", "").strip() or str(record.version)
    return int(given) if re.fullmatch(r"[0-9]{1,18}", given) else None


def take_theirs(form: SchemaForm, kind: Kind, record: Any) -> None:
    """Where the person chose somebody else's value over theirs, put it into the form."""
    chosen = [name for name in form.fields if request.form.get(f"take-{name}") == "theirs"]
    current = editing_of(kind).values(record) if chosen else {}
    for name in chosen:
        form.fields[name].process(None, current[name])
        form.fields[name].raw_data = None


def show(form: SchemaForm, kind: Kind, record: Any, merge: Merge) -> None:
    """Show both values of the fields that both changed, and the present value of those that only others changed.

    Without the second, the form would hold an old value under the new version, and sending it again would undo the
    other's change without a word.
    """
    current = editing_of(kind).values(record)
    conflicts = {conflict.field: conflict for conflict in merge.conflicts}
    for theirs in merge.theirs:
        if theirs.field not in conflicts and theirs.field in form.fields:
            form.fields[theirs.field].process(None, current[theirs.field])
    for name, conflict in conflicts.items():
        form.fields[name].conflict = conflict
