"""Knows how a log file becomes cases, one after another; must not know what a workflow makes of them."""

from __future__ import annotations

import csv
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import IO

import attrs

from servflow.errors import InputError, nearest
from servflow.lab._map import Column, LogMap
from servflow.lab._moments import Moments
from servflow.lab._report import MOST_EXAMPLES, Damage, Returned, UnknownState

MOST_DAMAGE = 1_000
"""How many damaged rows are told one by one; beyond that they are only counted."""

MOST_LINES = 1_000
"""How many lines of one unknown state are told."""

MOST_STATES = 1_000
"""How many different unknown states are told apart; rows of further ones are damaged."""

EVERY = 2_000
"""After how many rows progress is told."""

_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError)
"""What the packers say when bytes do not fit."""

Progress = Callable[[int, int], None]


@attrs.define
class Change:
    """A row on which a case is in another state than on the row before it."""

    line: int
    state: str
    at: datetime
    actor: str | None


@attrs.define
class Case:
    """What the log says about one case; instants never go back."""

    id: str
    line: int
    opened: datetime
    last: datetime
    fields: dict[str, str]
    changes: list[Change]
    milestones: list[tuple[datetime, str]]


@attrs.define
class _Unknown:
    """Where one unknown state occurs."""

    rows: int = 0
    cases: int = 0
    lines: list[int] = attrs.field(factory=list)
    examples: list[str] = attrs.field(factory=list)
    last: str | None = None


@attrs.define
class Reading:
    """What reading a log came to so far, besides its cases."""

    rows: int = 0
    damaged: int = 0
    damage: list[Damage] = attrs.field(factory=list)
    reasons: dict[str, int] = attrs.field(factory=dict)
    clamped: int = 0
    before_opening: int = 0
    without_opening: int = 0
    returned: dict[str, int] = attrs.field(factory=dict)
    returned_rows: int = 0
    limited: bool = False
    unknown: dict[str, _Unknown] = attrs.field(factory=dict)

    def spoil(self, line: int, reason: str, value: str) -> None:
        """Note a row, or one value of a row, that cannot be used."""
        self.damaged += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if len(self.damage) < MOST_DAMAGE:
            self.damage.append(Damage(line=line, reason=reason, value=value[:100]))

    def wonder(self, state: str, case: str, line: int) -> None:
        """Note a row with a state that the map does not know."""
        found = self.unknown.get(state)
        if found is None:
            if len(self.unknown) >= MOST_STATES:
                self.spoil(line, "state", state)
                return
            found = self.unknown[state] = _Unknown()
        found.rows += 1
        if found.last != case:
            found.last = case
            found.cases += 1
            if len(found.examples) < MOST_EXAMPLES:
                found.examples.append(case)
        if len(found.lines) < MOST_LINES:
            found.lines.append(line)

    def unknown_states(self) -> tuple[UnknownState, ...]:
        """Every unknown state with its rows."""
        return tuple(
            UnknownState(state=state, rows=item.rows, cases=item.cases, lines=tuple(item.lines), examples=tuple(item.examples))
            for state, item in self.unknown.items()
        )

    def returns(self) -> Returned:
        """Cases whose rows came again after those of another case."""
        return Returned(cases=len(self.returned), rows=self.returned_rows, examples=tuple(self.returned)[:MOST_EXAMPLES])


# opening ------------------------------------------------------------------------------------------------------


def open_log(log: Path | str, spec: LogMap, stack: ExitStack) -> tuple[TextIOWrapper, IO[bytes], int]:
    """
    Open a log, also inside a zip, without unpacking it to disk.

    Returns:
        The text, the bytes below it (whose position is the progress), and how many bytes there are.

    Raises:
        InputError: there is no such file, or the zip does not hold the one file that is meant.
    """
    path = Path(log)
    try:
        if path.suffix.lower() == ".zip" or (path.is_file() and zipfile.is_zipfile(path)):
            raw, size = _from_zip(path, spec, stack)
        else:
            raw = stack.enter_context(path.open("rb"))
            size = path.stat().st_size
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(f"the log {path} cannot be opened: {why}", code="file", file=str(path), why=why) from None
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(
            f"the log {path} is a damaged zip, or of a kind unknown here: {error}", code="zip", file=str(path), why=str(error)
        ) from None
    encoding = "utf-8-sig" if spec.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else spec.encoding
    return stack.enter_context(TextIOWrapper(BufferedReader(raw), encoding=encoding, newline="")), raw, size  # type: ignore[type-var]  # a ZipExtFile reads like a raw file


def _from_zip(path: Path, spec: LogMap, stack: ExitStack) -> tuple[IO[bytes], int]:
    archive = stack.enter_context(zipfile.ZipFile(path))
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    name = spec.file
    if name is None:
        if len(names) != 1:
            raise InputError(
                f"the zip {path} holds {len(names)} files; say with file: which is the log: {', '.join(names[:10])}",
                code="zip_file",
                file=str(path),
                known=tuple(names),
            )
        name = names[0]
    if name not in names:
        close = nearest(name, names)
        raise InputError(
            f"the zip {path} holds no file {name!r}"
            + (f"; did you mean {close!r}?" if close else f"; it holds {', '.join(names[:10])}"),
            code="zip_file",
            file=str(path),
            known=tuple(names),
        )
    info = archive.getinfo(name)
    if info.flag_bits & 1:
        raise InputError(f"{name!r} in the zip {path} is encrypted; unpack it first", code="zip_file", file=str(path))
    return stack.enter_context(archive.open(info)), info.file_size


# columns ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Places:
    """Where in a row everything stands."""

    width: int
    case: int
    at: int
    state: int | None
    opened: int | None
    actor: int | None
    milestones: tuple[tuple[str, int], ...]
    fields: tuple[tuple[str, int], ...]


def find_columns(spec: LogMap, first: list[str]) -> Places:
    """
    Find every column of the map in the header, or in a first row where there is no header.

    Raises:
        InputError: columns are missing or a name occurs twice; all of them are named.
    """
    problems: list[str] = []

    def place(column: Column) -> int:
        if isinstance(column, int):
            if column >= len(first):
                problems.append(f"there is no column {column}; the last one is {len(first) - 1}")
            return column
        if not spec.header:
            problems.append(f"column {column!r} is told by name, but the log has no header; give its position from 0")
            return 0
        count = first.count(column)
        if count == 1:
            return first.index(column)
        close = nearest(column, first)
        if count:
            where = ", ".join(str(index) for index, name in enumerate(first) if name == column)
            problems.append(f"column {column!r} occurs {count} times; say which by position: {where}")
        else:
            problems.append(f"there is no column {column!r}" + (f"; did you mean {close!r}?" if close else ""))
        return 0

    found = {name: place(column) for name, column in spec.columns.items()}
    milestones = tuple((event, place(column)) for event, column in spec.milestones.items())
    fields = tuple((name, place(column)) for name, column in spec.fields.items())
    if problems:
        known = (
            ", ".join(f"{index} {name}" for index, name in enumerate(first[:100])) if spec.header else f"0 to {len(first) - 1}"
        )
        raise InputError(
            f"{'; '.join(problems)}. The columns are: {known}", code="columns", problems=tuple(problems), known=tuple(first)
        )
    optional = {name: found.get(name) for name in ("state", "opened", "actor")}
    return Places(len(first), found["case"], found["at"], **optional, milestones=milestones, fields=fields)


# reading ------------------------------------------------------------------------------------------------------


class Log:
    """An open log, read case by case in the order of the file."""

    def __init__(
        self, log: Path | str, spec: LogMap, stack: ExitStack, known: frozenset[str], progress: Progress | None
    ) -> None:
        self.spec = spec
        self._known = known
        self.reading = Reading()
        self._name = str(log)
        text, self._raw, self._size = open_log(log, spec, stack)
        self._rows = csv.reader(text, delimiter=spec.delimiter, quotechar=spec.quote)
        self._pending: list[list[str]] = []
        first = next(self._lines(), None)
        if first is None:
            raise InputError(f"the log {log} is empty; it has neither header nor rows", code="empty", file=str(log))
        self.places = find_columns(spec, first)
        if not spec.header:
            self._pending.append(first)
        self._moments = Moments(spec.formats, spec.tzinfo)
        self._missing = frozenset(spec.missing) | {""}
        self._progress = progress

    def cases(self) -> Iterator[Case]:
        """
        The cases, each once all its rows are read.

        Raises:
            InputError: the text is not in the encoding of the map, or the zip is damaged.
        """
        groups = self._grouped() if self.spec.rows == "grouped" else self._mixed()
        for name, rows in groups:
            case = self._case(name, rows)
            if case is not None:
                yield case
        self._tell()

    def _lines(self) -> Iterator[list[str]]:
        yield from self._pending
        self._pending.clear()
        rows = self._rows
        while True:
            try:
                yield from rows
                return
            except csv.Error as error:
                self.reading.rows += 1
                self.reading.spoil(rows.line_num, "csv", str(error))
            except UnicodeDecodeError as error:
                raise InputError(
                    f"the log {self._name} is not {self.spec.encoding} after line {rows.line_num}: {error.reason}; "
                    "say with encoding: how it is written",
                    code="encoding",
                    file=self._name,
                    line=rows.line_num,
                ) from None
            except _DAMAGED as error:
                raise InputError(
                    f"the log {self._name} cannot be read after line {rows.line_num}: {error}",
                    code="file",
                    file=self._name,
                    line=rows.line_num,
                ) from None

    def _usable(self) -> Iterator[tuple[int, list[str]]]:
        """Rows of the right width that name a case, with their lines."""
        reading, places, missing, rows = self.reading, self.places, self._missing, self._rows
        width, case = places.width, places.case
        for row in self._lines():
            if not row:
                continue  # a blank line is no row
            reading.rows += 1
            if reading.rows % EVERY == 0:
                self._tell()
            if len(row) != width:
                reading.spoil(rows.line_num, "columns", str(len(row)))
            elif row[case] in missing:
                reading.spoil(rows.line_num, "case", row[case])
            else:
                yield rows.line_num, row

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(min(self._raw.tell(), self._size), self._size)

    def _grouped(self) -> Iterator[tuple[str, list[tuple[int, list[str]]]]]:
        case = self.places.case
        seen: set[str] = set()
        current: str | None = None
        held: list[tuple[int, list[str]]] = []
        for line, row in self._usable():
            name = row[case]
            if name != current:
                if held and current is not None:
                    yield current, held
                current, held = name, []
                again = name in seen
                seen.add(name)
                if again:
                    self.reading.returned.setdefault(name, line)
            if again:
                self.reading.returned_rows += 1
            else:
                held.append((line, row))
        if held and current is not None:
            yield current, held

    def _mixed(self) -> Iterator[tuple[str, list[tuple[int, list[str]]]]]:
        case = self.places.case
        groups: dict[str, list[tuple[int, list[str]]]] = {}
        for line, row in self._usable():
            groups.setdefault(row[case], []).append((line, row))
        while groups:
            name = next(iter(groups))
            yield name, groups.pop(name)

    def _case(self, name: str, rows: list[tuple[int, list[str]]]) -> Case | None:
        """One case from its rows; None when none of them can be used."""
        reading, places, missing, read = self.reading, self.places, self._missing, self._moments.read
        at_place, state_place, actor_place = places.at, places.state, places.actor
        known = self._moments.known  # asked directly: this is the innermost loop
        case: Case | None = None
        last = state = None
        strange = False
        final: list[str] | None = None
        for line, row in rows:
            text = row[at_place]
            at = known.get(text) or (None if text in missing else read(text))
            if at is None:
                reading.spoil(line, "at", text)
                continue
            if case is None:
                case = self._begin(name, line, row, at)
                last = case.opened
            if at < last:  # type: ignore[operator]  # set with the case
                reading.clamped += 1
                reading.before_opening += at < case.opened
            else:
                last = at
            final = row
            if state_place is None:
                continue
            if (text := row[state_place]) == state:
                if strange:
                    reading.wonder(text, name, line)
                continue
            if text in missing:
                reading.spoil(line, "state", text)
                continue
            state = text
            strange = text not in self._known
            if strange:
                reading.wonder(text, name, line)
            case.changes.append(Change(line, text, last, None if actor_place is None else row[actor_place]))  # type: ignore[arg-type]  # set with the case
        if case is not None and final is not None:
            case.last = last  # type: ignore[assignment]  # set with the case
            if places.milestones:
                self._milestones(case, line, final)
        return case

    def _begin(self, name: str, line: int, row: list[str], at: datetime) -> Case:
        places, missing = self.places, self._missing
        opened: datetime | None = at
        if places.opened is not None:
            text = row[places.opened]
            opened = None if text in missing else self._moments.read(text)
            if opened is None:
                self.reading.without_opening += 1
                if text not in missing:
                    self.reading.spoil(line, "opened", text)
                opened = at
        fields = {field: row[place] for field, place in places.fields if row[place] not in missing}
        return Case(name, line, opened or at, at, fields, [], [])

    def _milestones(self, case: Case, line: int, row: list[str]) -> None:
        found = []
        for event, place in self.places.milestones:
            text = row[place]
            if text in self._missing:
                continue
            at = self._moments.read(text)
            if at is None:
                self.reading.spoil(line, "milestone", text)
            else:
                found.append((max(at, case.opened), event))
        case.milestones = sorted(found, key=lambda item: item[0])
        if found:
            case.last = max(case.last, case.milestones[-1][0])


__all__ = ["Case", "Change", "Log", "Progress", "Reading", "find_columns", "open_log"]
