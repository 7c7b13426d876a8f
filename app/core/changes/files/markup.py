"""HTML as text, and what was dropped on the way."""

import re
from collections import Counter
from html.parser import HTMLParser

_MARKUP = re.compile(r"</?(?:p|br|div|span|ul|ol|li|strong|b|em|i|u|h[1-6]|a|img|table|tr|td|font|section)\b[^>]*>|"
                     r"&(?:nbsp|amp|lt|gt|quot|\w+uml|szlig|euro|#\d+);", re.IGNORECASE)  # fmt: skip
_PARAGRAPHS = frozenset(
    {"p", "div", "ul", "ol", "table", "section", "article", "blockquote", "header", "footer"}
    | {f"h{level}" for level in range(1, 7)}
)
_LINES = frozenset({"br", "li", "tr"})
_FORMATTING = frozenset({"strong", "b", "em", "i", "u", "font", "small", "big", "sub", "sup", "center", "hr"})
_UNSEEN = frozenset({"script", "style", "head", "title", "noscript", "iframe", "object", "svg"})
_CALLED = {"img": "picture", "a": "link address", "iframe": "frame", "video": "video", "script": "script"}


def has_markup(text: str) -> bool:
    return bool(_MARKUP.search(text))


def text_in(html: str, dropped: Counter[str]) -> str:
    """The text as people would read it. What is lost (pictures, addresses of links, formatting) is counted into
    `dropped`."""
    parser = _Text(dropped)
    parser.feed(html)
    parser.close()
    lines = [" ".join(line.split()) for line in "".join(parser.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def told(dropped: Counter[str]) -> str:
    """What was dropped, in words; nothing where nothing was."""
    return ", ".join(f"{count:,} {kind}{_plural(kind) if count != 1 else ''}" for kind, count in dropped.most_common())


def _plural(kind: str) -> str:
    return "es" if kind.endswith("s") else "s"


class _Text(HTMLParser):
    def __init__(self, dropped: Counter[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._dropped = dropped
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        if tag in _CALLED and (tag != "a" or dict(attrs).get("href")):
            self._dropped[_CALLED[tag]] += 1
        elif tag in _FORMATTING:
            self._dropped["formatting mark"] += 1
        self._break(tag)
        if tag == "li":
            self.pieces.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        if tag in _PARAGRAPHS:
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.pieces.append("\n\n")
        elif tag in _LINES:
            self.pieces.append("\n")
        elif tag in ("td", "th"):
            self.pieces.append(" ")
