"""Reading a page as a browser without scripts does: what its form would send."""

from html.parser import HTMLParser
from typing import Any

Pairs = list[tuple[str, str]]


class _Form(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside = form_id, False
        self.pairs: Pairs = []
        self.area: str | None = None
        self.select: str | None = None
        self.options: list[tuple[str, bool]] = []
        self.option: tuple[str | None, bool] | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = dict(attributes)
        if tag == "form":
            self.inside = given.get("id") == self.form_id
        if not self.inside or "disabled" in given:
            return
        name = given.get("name")
        if tag == "input" and name and given.get("type") not in {"checkbox", "radio", "submit"}:
            self.pairs.append((name, given.get("value") or ""))
        elif tag == "input" and name and "checked" in given:
            self.pairs.append((name, given.get("value") or "on"))
        elif tag == "textarea" and name:
            self.area, self.text = name, ""
        elif tag == "select" and name:
            self.select, self.options = name, []
        elif tag == "option":
            self.option, self.text = (given.get("value"), "selected" in given), ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea" and self.area:
            self.pairs.append((self.area, self.text.removeprefix("\r\n").removeprefix("\n")))
            self.area = None
        elif tag == "option" and self.option is not None:
            value, chosen = self.option
            self.options.append((self.text if value is None else value, chosen))
            self.option = None
        elif tag == "select" and self.select:
            chosen_value = next((v for v, chosen in self.options if chosen), self.options[0][0] if self.options else "")
            self.pairs.append((self.select, chosen_value))
            self.select = None


def sent_by(html: str, form_id: str = "record-form") -> Pairs:
    """The pairs that the form of that id would send, without any button."""
    parser = _Form(form_id)
    parser.feed(html)
    return parser.pairs


def changed(pairs: Pairs, **changes: str | None) -> dict[str, list[str]]:
    """The same form with other values; None leaves a field out. Names with dashes are given as `a__b`."""
    result: dict[str, list[str]] = {}
    for name, value in pairs:
        result.setdefault(name, []).append(value)
    for name, value in changes.items():
        key = name.replace("__", "-")
        if value is None:
            result.pop(key, None)
        else:
            result[key] = [value]
    return result
