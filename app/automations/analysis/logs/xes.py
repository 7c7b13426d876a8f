"""Event logs in XES (IEEE 1849), read as a stream: whatever its size, one event is held at a time.

The file may come from anybody: a document type, and with it any entity, is refused before anything of it is expanded.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from app.automations.analysis.logs.events import BadLog, Event, EventLog
from app.automations.analysis.logs.moments import Moments
from app.automations.analysis.logs.table_logs import REPORTED, Progress, Settings, transition_of

NAME, TRANSITION, TIME = "concept:name", "lifecycle:transition", "time:timestamp"
RESOURCE, INSTANCE = "org:resource", "concept:instance"
_ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})
_LONGEST_VALUE, _MOST_ATTRIBUTES, _DEEPEST = 10_000, 500, 60
_CHUNK = 256 * 1024


@dataclass
class _Reader:
    """What is known at a point of the file. `path` are the elements that are open there."""

    log: EventLog
    settings: Settings
    progress: Progress
    path: list[str] = field(default_factory=list)
    trace: dict[str, str] = field(default_factory=dict)
    event: dict[str, str] = field(default_factory=dict)
    classifiers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    traces: int = 0
    events: int = 0
    other_transitions: int = 0

    def __post_init__(self) -> None:
        self.moments = Moments(self.settings.zone)

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("|")[2]
        self.path.append(name)
        if len(self.path) > _DEEPEST:
            raise BadLog("The file is nested too deeply to be an event log.", at="/file")
        if len(self.path) == 1 and name != "log":
            raise BadLog(f"This is XML, but no event log: it begins with <{name[:40]}>, not with <log>.", at="/file")
        match self.path:
            case ["log", "classifier"]:
                self.classifiers[attributes.get("name", "")] = keys_of(attributes.get("keys", ""))
            case ["log", "trace"]:
                self.traces += 1
                self.trace = {}
            case ["log", "trace", "event"]:
                self.events += 1
                self.event = {}
            case ["log", "trace", kind] if kind in _ATTRIBUTES:
                _keep(self.trace, attributes)
            case ["log", "trace", "event", kind] if kind in _ATTRIBUTES:
                _keep(self.event, attributes)

    def end(self, tag: str) -> None:
        if self.path == ["log", "trace", "event"]:
            self._take()
        self.path.pop()

    def _take(self) -> None:
        if self.events % REPORTED == 0:
            self.progress(self.events)
        transition = transition_of(self.event.get(TRANSITION, ""))
        if transition is None:
            self.other_transitions += 1
            return
        try:
            self.log.add(self._event(transition))
        except ValueError as error:
            self.log.refuse(self.events, str(error))

    def _event(self, transition: int) -> Event:
        text = self.event.get(TIME, "")
        if not text:
            raise ValueError("It has no time (time:timestamp).")
        try:
            at = self.moments.read(text)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{text[:40]!r} is no time. {error}") from None
        return Event(
            case=self.trace.get(NAME, "").strip() or str(self.traces),
            activity=self._activity(),
            at=at,
            resource=self.event.get(RESOURCE, "").strip(),
            transition=transition,
            instance=self.event.get(INSTANCE, ""),
        )

    def _activity(self) -> str:
        """By the classifier that was chosen; else its name, or what the log’s first classifier puts together. The
        transition is no part of it: it says whether the activity began or ended."""
        keys = self.classifiers.get(self.settings.classifier)
        if keys is None:
            keys = (NAME,) if NAME in self.event else next(iter(self.classifiers.values()), ())
        return "+".join(self.event[key].strip() for key in keys if key != TRANSITION and self.event.get(key))


def read_xes(path: Path, settings: Settings, progress: Progress) -> EventLog:
    """Raises `BadLog` for what is no log."""
    reader = _Reader(EventLog(), settings, progress)
    parser = expat.ParserCreate(namespace_separator="|")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadLog(
            f"The file is no XML from line {error.lineno} on: {expat.ErrorString(error.code)}.", at="/file"
        ) from None
    if settings.classifier and settings.classifier not in reader.classifiers:
        there = ", ".join(f"“{name}”" for name in reader.classifiers) or "none"
        raise BadLog(f"The log has no classifier “{settings.classifier}”. It has: {there}.", at="/classifier")
    if reader.other_transitions:
        reader.log.notes.append(
            f"{reader.other_transitions:,} events are neither a start nor an end of an activity; they are left out."
        )
    return reader.log


def keys_of(text: str) -> tuple[str, ...]:
    """The keys of a classifier: `concept:name lifecycle:transition`, or `'a key' b`."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _keep(kept: dict[str, str], attributes: Mapping[str, str]) -> None:
    key = attributes.get("key", "")
    if key and len(kept) < _MOST_ATTRIBUTES:
        kept[key] = attributes.get("value", "")[:_LONGEST_VALUE]


def _refuse_doctype(*_: Any) -> None:
    raise BadLog("The file has a document type, which event logs don’t need. Take it out.", at="/file")
