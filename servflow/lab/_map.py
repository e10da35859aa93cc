"""Knows how a foreign log is to be read as the history of tickets; must not know any log or workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from servflow.calendars._zones import zone_of
from servflow.documents._load import in_order
from servflow.documents._source import read_document
from servflow.errors import DefinitionError, Finding, nearest
from servflow.lab._moments import NAMED, reader_of
from servflow.model import FrozenMap

COLUMNS = ("case", "at", "state", "opened", "actor")
"""What a column may mean; ``case`` and ``at`` are needed, the others may be left out."""

ROWS = ("grouped", "mixed")
"""Whether the rows of a case stand together; the first is the default."""

MOST_ITEMS = 10_000
"""How many entries one list or mapping of a map may have."""

Column = str | int


def _given(value: Any) -> Any:
    # Taken as written: the whole map is read at once, so that every problem is told at once.
    return value


@frozen(kw_only=True)
class LogMap:
    """
    How the rows of an event log become the histories of tickets.

    A column is told by its name in the header or by its position from 0; a position also finds a column whose
    name is damaged or occurs twice.

    ``columns`` says what columns mean: ``case`` the ticket a row belongs to, ``at`` the instant of the row,
    ``state`` the state the case is in from that row on, ``opened`` the instant at which the case began (read from
    its first row; without it the case begins with its first row), ``actor`` who did it.

    ``states`` maps the states of the log to states of the workflow; left out, they have the same names.
    ``events`` maps a state of the log to the event that leads there; left out, it is what the workflow calls its
    own transition. ``milestones`` maps an event to a column with its instant, read from the last row of a case:
    for logs that repeat final values such as ``resolved_at`` on every row. ``fields`` maps fields and attributes
    of the workflow to columns, read from the first row.

    ``formats`` are tried in turn: ``iso``, ``epoch``, ``epoch_ms`` or a pattern such as ``%d/%m/%Y %H:%M``.
    ``zone`` is what an instant without an offset means (a wall time that occurs twice is the first, one that is
    skipped is read with the offset before). ``missing`` are the texts that mean that nothing is known.

    ``file`` names the file inside a zip that holds several; ``delimiter``, ``quote``, ``encoding`` and ``header``
    say how it is written. ``rows: mixed`` is for logs whose cases overlap; they are held in memory.

    ``roles`` are held by whoever acts in the log; left out, every role the workflow declares.

    >>> LogMap(columns={"case": 0, "at": "when", "state": "status"}, formats="%d/%m/%Y %H:%M").formats
    ('%d/%m/%Y %H:%M',)

    Raises:
        DefinitionError: with every problem at once.
    """

    columns: FrozenMap[str, Column] = field(converter=_given)
    states: FrozenMap[str, str] = field(default=None, converter=_given)
    events: FrozenMap[str, str] = field(default=None, converter=_given)
    milestones: FrozenMap[str, Column] = field(default=None, converter=_given)
    fields: FrozenMap[str, Column] = field(default=None, converter=_given)
    formats: tuple[str, ...] = field(default=("iso",), converter=_given)
    zone: str = field(default="UTC", converter=_given)
    missing: tuple[str, ...] = field(default=("",), converter=_given)
    file: str | None = field(default=None, converter=_given)
    delimiter: str = field(default=",", converter=_given)
    quote: str = field(default='"', converter=_given)
    encoding: str = field(default="utf-8", converter=_given)
    header: bool = field(default=True, converter=_given)
    rows: str = field(default=ROWS[0], converter=_given)
    roles: tuple[str, ...] | None = field(default=None, converter=_given)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        for name, value in _read(self, found).items():
            object.__setattr__(self, name, value)
        if found:
            raise DefinitionError.of(found)

    @classmethod
    def of(cls, source: LogMap | Mapping[str, Any]) -> LogMap:
        """
        The map that a mapping of plain data stands for; a map is itself.

        Raises:
            DefinitionError: an unknown or missing key, or anything else that is wrong.
        """
        if isinstance(source, LogMap):
            return source
        if not isinstance(source, Mapping):
            raise DefinitionError.of([Finding("lab.mapping", "", {"value": type(source).__name__})])
        known = [attribute.name for attribute in attrs.fields(cls)]
        found = [
            Finding("lab.unknown_key", str(key), {"key": key, "known": known, "nearest": nearest(str(key), known)})
            for key in source
            if key not in known
        ]
        try:
            made = cls(**{"columns": {}, **{key: value for key, value in source.items() if key in known}})
        except DefinitionError as error:
            found.extend(error.findings)
        if found:
            raise DefinitionError.of(found)
        return made

    @classmethod
    def load(cls, source: Path | str | Mapping[str, Any], *, lang: str = "en") -> LogMap:
        """
        Read a map from a path, from YAML or JSON text, or from a mapping.

        Args:
            lang: ``en`` or ``zh``: the language of the error's text.

        Raises:
            DefinitionError: with every problem at once and, where the source is a text, its line.
        """
        try:
            document = read_document(source)
        except DefinitionError as error:
            raise DefinitionError.of(error.findings, lang) from None
        findings = list(document.findings)
        try:
            made = cls.of(document.data)
        except DefinitionError as error:
            findings.extend(error.findings)
        if findings:
            raise DefinitionError.of(in_order(findings, document), lang)
        return made

    @property
    def tzinfo(self) -> tzinfo:
        """The zone of instants that are written without an offset."""
        return UTC if self.zone == "UTC" else zone_of(self.zone)

    def to_data(self) -> dict[str, Any]:
        """The map as JSON-ready data without defaults; ``LogMap.of(data)`` is equal to it."""
        out: dict[str, Any] = {}
        for attribute in attrs.fields(type(self)):
            value = getattr(self, attribute.name)
            if isinstance(value, FrozenMap):
                value = dict(value)
            if value not in (attribute.default, None, {}):
                out[attribute.name] = list(value) if isinstance(value, tuple) else value
        return out


def _read(given: LogMap, found: list[Finding]) -> dict[str, Any]:
    out: dict[str, Any] = {
        name: _mapping(getattr(given, name), name, check, found)
        for name, check in (
            ("columns", _is_column),
            ("states", _is_text),
            ("events", _is_text),
            ("milestones", _is_column),
            ("fields", _is_column),
        )
    }
    for name in ("formats", "missing", "roles"):
        value = getattr(given, name)
        out[name] = None if name == "roles" and value is None else _names(value, name, found)
    _check_columns(out["columns"], bool(out["milestones"]), found)
    _check_events(out["events"], out["states"], found)
    _check_writing(given, found)
    if not out["formats"]:
        found.append(Finding("lab.format", "formats", {"value": "", "known": NAMED}))
    for index, text in enumerate(out["formats"]):
        if reader_of(text, UTC) is None:
            found.append(Finding("lab.format", f"formats[{index}]", {"value": text, "known": NAMED}))
    _check_zone(given.zone, found)
    return out


def _is_column(value: Any) -> bool:
    return (isinstance(value, str) and bool(value)) or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _mapping(value: Any, path: str, check: Callable[[Any], bool], found: list[Finding]) -> FrozenMap[str, Any]:
    if value is None:
        return FrozenMap()
    if not isinstance(value, Mapping) or len(value) > MOST_ITEMS:
        found.append(Finding("lab.mapping", path, {"value": type(value).__name__}))
        return FrozenMap()
    out: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            found.append(Finding("lab.text", path, {"value": repr(key)[:60]}))
        elif not check(item):
            code = "lab.column" if check is _is_column else "lab.text"
            found.append(Finding(code, f"{path}.{key}", {"value": repr(item)[:60]}))
        else:
            out[key] = item
    return FrozenMap(out)


def _names(value: Any, path: str, found: list[Finding]) -> tuple[str, ...]:
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or len(listed) > MOST_ITEMS or not all(isinstance(one, str) for one in listed):
        found.append(Finding("lab.names", path, {"value": repr(value)[:60]}))
        return ()
    return tuple(dict.fromkeys(listed))


def _check_columns(columns: Mapping[str, Column], milestones: bool, found: list[Finding]) -> None:
    found.extend(
        Finding("lab.unknown_key", f"columns.{name}", {"key": name, "known": COLUMNS, "nearest": nearest(name, COLUMNS)})
        for name in columns
        if name not in COLUMNS
    )
    needed = ("case", "at") if milestones else ("case", "at", "state")
    found.extend(Finding("lab.missing", f"columns.{name}", {"key": name}) for name in needed if name not in columns)


def _check_events(events: Mapping[str, str], states: Mapping[str, str], found: list[Finding]) -> None:
    if states:
        found.extend(
            Finding(
                "lab.log_state", f"events.{name}", {"state": name, "known": tuple(states), "nearest": nearest(name, states)}
            )
            for name in events
            if name not in states
        )


def _check_writing(given: LogMap, found: list[Finding]) -> None:
    marks: list[tuple[str, Any]] = [("delimiter", given.delimiter), ("quote", given.quote)]
    for name, value in marks:
        if not isinstance(value, str) or len(value) != 1 or value in "\r\n\0":
            found.append(Finding("lab.character", name, {"value": repr(value)[:60]}))
    if given.delimiter == given.quote:
        found.append(Finding("lab.character", "quote", {"value": repr(given.quote)}))
    try:
        "".encode(given.encoding)  # unlike a mere look-up this refuses codecs that are no text encodings
    except (LookupError, TypeError, ValueError):
        found.append(Finding("lab.encoding", "encoding", {"value": repr(given.encoding)[:60]}))
    header: Any = given.header
    if not isinstance(header, bool):
        found.append(Finding("lab.choice", "header", {"value": repr(header)[:60], "known": ("true", "false")}))
    if given.rows not in ROWS:
        found.append(
            Finding(
                "lab.choice", "rows", {"value": repr(given.rows)[:60], "known": ROWS, "nearest": nearest(str(given.rows), ROWS)}
            )
        )
    if given.file is not None and not _is_text(given.file):
        found.append(Finding("lab.text", "file", {"value": repr(given.file)[:60]}))


def _check_zone(zone: Any, found: list[Finding]) -> None:
    try:
        if isinstance(zone, str):
            zone_of(zone)
            return
    except KeyError:
        pass
    found.append(Finding("lab.zone", "zone", {"value": repr(zone)[:60]}))
