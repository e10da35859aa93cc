"""Knows how rows of a spreadsheet become a decision table; must not know files, separators or how a table decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from servflow.errors import DefinitionError, ExpressionError, Finding, InputError, ServflowError, nearest, shown
from servflow.expressions import Expression, Function
from servflow.integrations import _sheet_cells as cells
from servflow.rules import DecisionTable

MAX_ROWS = 50_100
MAX_COLUMNS = 140
MAX_CELLS = 4_000_000
_MAX_FINDINGS = 200
_PATH = re.compile(r"(inputs|rows)\[([0-9]+)\](?:\.(?:when|then))?(?:\[([0-9]+)\])?\.?(\w*)")

WORDS = ("refuse", "text", "names")


@frozen
class Asked:
    """What the caller said about a sheet that the sheet does not say itself."""

    name: str | None = None
    outputs: tuple[str, ...] = ()
    words: str = "refuse"
    functions: Mapping[str, Function] | None = None
    decimal_comma: bool = False
    otherwise: str = "table"


@define
class _Column:
    """One column: ``in``, ``out`` or one of the words that are for people; what stands under its heading."""

    kind: str
    name: str
    place: int
    details: dict[str, tuple[str, int]] = field(factory=dict)


@define
class Sheet:
    """One sheet being read."""

    asked: Asked
    rows: list[list[str]] = field(factory=list)
    findings: list[tuple[int, int, Finding]] = field(factory=list)
    settings: dict[str, tuple[str, int, int]] = field(factory=dict)
    columns: list[_Column] = field(factory=list)
    heading: int = 0
    places: list[int] = field(factory=list)
    """The row of the sheet that each row of the table stands in."""
    known: dict[str, str] = field(factory=dict)
    """Cells that were read without a problem: tables repeat themselves."""

    def problem(self, code: str, row: int, column: int, **facts: Any) -> None:
        """Take down what is wrong at a cell."""
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append((row, column, Finding(code, cells.reference(row, column), facts)))

    def table(self) -> DecisionTable:
        """
        The table that the sheet holds.

        Raises:
            DefinitionError: with every problem, each at its cell.
        """
        start = self._settings()
        data = self._read(start) if start is not None else None
        if data is not None:
            try:
                made = DecisionTable(**data, functions=self.asked.functions)
                if not self.findings:
                    return made
            except DefinitionError as error:
                for finding in error.findings[:_MAX_FINDINGS]:
                    row, column = self._place(finding.path)
                    moved = Finding(finding.code, cells.reference(row, column), finding.facts, finding.severity)
                    self.findings.append((row, column, moved))
        ordered = sorted(self.findings, key=lambda entry: entry[:2])
        raise DefinitionError.of(finding for _, _, finding in ordered)

    # taking in ------------------------------------------------------------------------------------------------------

    def take(self, rows: Iterable[Any]) -> None:
        """Take in rows of values, without what is empty at their ends."""
        count = 0
        for number, row in enumerate(rows):
            values = row if isinstance(row, (list, tuple)) else list(row) if _is_row(row) else None
            if values is None:
                raise InputError(f"row {number + 1} is a list of cells, not {shown(row)}", code="sheet.rows", row=number + 1)
            last = max((index for index, value in enumerate(values) if not _empty(value)), default=-1)
            if last < 0:
                self.rows.append([])
                continue
            count += last + 1
            if number >= MAX_ROWS or last >= MAX_COLUMNS or count > MAX_CELLS:
                raise InputError(
                    f"a sheet has at most {MAX_ROWS:,} rows, {MAX_COLUMNS} columns and {MAX_CELLS:,} cells",
                    code="sheet.too_large",
                    row=number + 1,
                )
            self.rows.append([self._cell(value, number, index) for index, value in enumerate(values[: last + 1])])
        while self.rows and not self.rows[-1]:
            self.rows.pop()

    def _cell(self, value: Any, row: int, column: int) -> str:
        if isinstance(value, str):
            return value
        try:
            return cells.text_of(value, self._zone())
        except cells.NoCell as problem:
            self.problem(str(problem), row, column, value=shown(value))
        except (ServflowError, OverflowError, ValueError) as problem:
            self.problem("sheet.value", row, column, value=shown(value), why=str(problem))
        return ""

    def _zone(self) -> str | None:
        """The zone the settings say; they stand above everything that needs it."""
        for row in self.rows[:10]:
            for text in row:
                mark = cells.marked(text.strip())
                if mark is not None and mark[0] == "zone":
                    return mark[1] if _is_zone(mark[1]) else None
        return None

    # the top --------------------------------------------------------------------------------------------------------

    def _settings(self) -> int | None:
        """Read the settings; the row of the headings, None where there is none."""
        for number, row in enumerate(self.rows):
            held = [(index, cells.unescaped(text.strip())) for index, text in enumerate(row) if text.strip()]
            if not held:
                continue
            marks = [(index, cells.marked(text)) for index, text in held]
            if not any(mark is not None and mark[0] in cells.SETTINGS for _, mark in marks):
                return number
            for (index, text), (_, mark) in zip(held, marks, strict=True):
                if mark is None or mark[0] not in cells.SETTINGS:
                    self.problem("sheet.setting", number, index, cell=text, known=cells.SETTINGS)
                elif mark[0] in self.settings:
                    self.problem("sheet.twice", number, index, what=mark[0])
                else:
                    self.settings[mark[0]] = (mark[1], number, index)
        self.problem("sheet.empty", 0, 0)
        return None

    def _setting(self, name: str) -> str | None:
        held = self.settings.get(name)
        return None if held is None or not held[0] else held[0]

    def _read(self, start: int) -> dict[str, Any] | None:
        self.heading = start
        self._headings(self.rows[start], start)
        if not self.columns:
            return None
        first = self._details(start + 1)
        words = self._choice("words", WORDS, self.asked.words)
        ways = (words, self._choice("commas", ("ask", "lists"), "ask"), self._choice("dates", ("ask", "sums"), "ask"))
        inputs = [column for column in self.columns if column.kind == "in"]
        outputs = [column for column in self.columns if column.kind == "out"]
        data: dict[str, Any] = {
            "name": cells.named(self._setting("table") or "") or self.asked.otherwise,
            "hit": self._hit(),
            "inputs": [self._input(column) for column in inputs],
            "outputs": {column.name: self._output(column, words) for column in outputs},
            "rows": [],
        }
        if self.asked.name is not None:
            data["name"] = self.asked.name
        zone, version = self._setting("zone"), self._setting("version")
        if zone is not None:
            data["zone"] = zone
        if self._choice("strict", ("true", "false"), "false") == "true":
            data["strict"] = True
        if version is not None:
            data["version"] = int(version) if re.fullmatch(r"-?[0-9]{1,18}", version) else cells.named(version)
        names = frozenset(column.name for column in inputs)
        for number in range(first, len(self.rows)):
            row = self.rows[number]
            if any(text.strip() for text in row):
                self.places.append(number)
                data["rows"].append(self._row(number, row, ways, names))
        return data if outputs else None

    def _choice(self, name: str, known: Sequence[str], otherwise: str) -> str:
        held = self.settings.get(name)
        if held is None:
            return otherwise
        if held[0] not in known:
            self.problem("sheet.choice", held[1], held[2], what=name, value=held[0], known=tuple(known))
            return otherwise
        return held[0]

    def _hit(self) -> str:
        said = self._setting("hit") or "unique"
        return cells.HIT_LETTERS.get(said.replace(" ", "").lower(), said)

    def _headings(self, row: list[str], number: int) -> None:
        seen: set[tuple[str, str]] = set()
        for index, raw in enumerate(row):
            text = cells.unescaped(raw.strip())
            if not text:
                continue
            if cells.widely_marked(text):
                self.problem(
                    "sheet.full_width", number, index, cell=text, found="\uff1a", instead=text.replace("\uff1a", ": ", 1)
                )
                text = text.replace("\uff1a", ":", 1)  # read on as it is meant, so that one mistake is told once
            column = self._heading(text, index)
            if column is None:
                self.problem("sheet.heading", number, index, cell=text)
                self.columns.append(_Column("note", "", index))
            elif column.kind != "in" and (column.kind, column.name) in seen:
                self.problem("sheet.twice", number, index, what=text)
            else:
                seen.add((column.kind, column.name))
                self.columns.append(column)
        missing = [name for name in self.asked.outputs if ("out", name) not in seen]
        if missing:
            known = [column.name for column in self.columns]
            facts = {"what": missing[0], "known": tuple(known), "nearest": nearest(missing[0], known)}
            self.problem("sheet.no_such_output", number, 0, **facts)
        elif not any(column.kind == "out" for column in self.columns) and self.columns:
            last = self.columns[-1]
            self.problem("sheet.no_output", number, last.place, heading=last.name)

    def _heading(self, text: str, index: int) -> _Column | None:
        mark = cells.marked(text)
        if mark is not None:
            kind, rest = mark
            return _Column(kind, cells.named(rest), index) if kind in ("in", "out") and rest else None
        if text.lower() in cells.SPECIAL and text not in self.asked.outputs:
            return _Column(text.lower(), text.lower(), index)
        name = cells.named(text)
        return _Column("out" if name in self.asked.outputs else "in", name, index)

    def _details(self, start: int) -> int:
        """Read what stands right under the headings about types and values; the first row after it."""
        by_place = {column.place: column for column in self.columns}
        number = start
        while number < len(self.rows):
            row = self.rows[number]
            held = [(index, cells.unescaped(text.strip())) for index, text in enumerate(row) if text.strip()]
            marks = {index: cells.marked(text) for index, text in held if index in by_place}
            columns = [
                index
                for index, mark in marks.items()
                if mark is not None and mark[0] in cells.DETAILS and by_place[index].kind in ("in", "out")
            ]
            if not columns:
                return number
            for index, text in held:
                mark = marks.get(index)
                column = by_place.get(index)
                allowed = _allowed(column)
                if column is None or mark is None or mark[0] not in allowed:
                    self.problem("sheet.detail", number, index, cell=text, known=allowed or cells.DETAILS)
                elif mark[0] in column.details:
                    self.problem("sheet.twice", number, index, what=mark[0])
                else:
                    column.details[mark[0]] = (mark[1], number)
            number += 1
        return number

    # columns --------------------------------------------------------------------------------------------------------

    def _input(self, column: _Column) -> Any:
        data: dict[str, Any] = {"name": column.name}
        for key in ("expr", "type"):
            if key in column.details:
                data[key] = column.details[key][0]
        if "one of" in column.details:
            data["one_of"] = self._values(column, "one of", f"[{self._listed(column)}]")
        return data if len(data) > 1 else column.name

    def _output(self, column: _Column, words: str) -> Any:
        data: dict[str, Any] = {"type": column.details["type"][0] if "type" in column.details else "any"}
        if "one of" in column.details:
            data["one_of"] = self._values(column, "one of", f"[{self._listed(column)}]")
        if "default" in column.details:
            text, number = column.details["default"]
            bare = cells.bare_words(text) if words != "text" else ()
            quoted = self._quoted(text, number, column.place, frozenset())
            if quoted is not None and bare and text in bare:
                self.problem("sheet.bare", number, column.place, cell=text, words=bare, instead=quoted)
            elif quoted is not None:
                data["default"] = self._values(column, "default", quoted)
        return data if len(data) > 1 else data["type"]

    def _listed(self, column: _Column) -> str:
        # A list of values names no field, so a word in it can only be a text.
        text, number = column.details["one of"]
        return self._quoted(text, number, column.place, frozenset()) or ""

    def _values(self, column: _Column, key: str, text: str) -> Any:
        number = column.details[key][1]
        date = cells.like_a_date(column.details[key][0])
        if date is not None:
            self.problem("sheet.date", number, column.place, cell=shown(column.details[key][0]), found=date)
            return None if key == "default" else []
        kind = column.details.get("type", ("", 0))[0]
        if kind == "decimal":  # a number with a point would pass through a binary fraction otherwise
            text = re.sub(r"(?<![\w\".'])-?[0-9]{1,60}\.[0-9]{1,60}(?![\w\"'])", lambda found: f'"{found[0]}"', text)
        try:
            value = Expression.parse(text).evaluate({})
        except ExpressionError as error:
            self.problem("sheet.values", number, column.place, cell=column.details[key][0], problem=error.message)
            return None if key == "default" else []
        return value

    # rows -----------------------------------------------------------------------------------------------------------

    def _row(self, number: int, row: list[str], ways: tuple[str, str, str], names: frozenset[str]) -> dict[str, Any]:
        data: dict[str, Any] = {"when": [], "then": []}
        known = {column.place for column in self.columns}
        for index, text in enumerate(row):
            if text.strip() and index not in known:
                self.problem("sheet.no_heading", number, index, cell=shown(text), heading=cells.reference(self.heading, index))
        for column in self.columns:
            text = row[column.place] if column.place < len(row) else ""
            if column.kind in ("in", "out"):
                cell = self.known.get(text)
                if cell is None:
                    before = len(self.findings)
                    cell = self._rule_cell(text, number, column.place, ways, names)
                    if len(self.findings) == before < _MAX_FINDINGS:
                        self.known[text] = cell
                data["when" if column.kind == "in" else "then"].append(cell)
            elif column.kind in ("start", "end"):
                self._date(data, column.kind, cells.unescaped(text.strip()))
            elif column.kind == "labels":
                self._labels(data, number, column.place, text)
            else:
                free = cells.free_text(text)
                if free is not None:
                    data[column.kind] = free
        return data

    def _rule_cell(self, raw: str, row: int, column: int, ways: tuple[str, str, str], names: frozenset[str]) -> str:
        text = cells.unescaped(raw.strip())
        words, commas, dates = ways
        if text in ("TRUE", "FALSE"):  # as spreadsheets write them
            return text.lower()
        if not text or text == "-":
            return "-"
        wide = cells.full_width(text)
        if wide is not None:
            self.problem("sheet.full_width", row, column, cell=shown(text), found=wide[0], instead=wide[1])
            return "-"
        comma = cells.comma_number(text, decimal=self.asked.decimal_comma) if commas == "ask" else None
        if comma is not None:
            self.problem("sheet.comma", row, column, cell=shown(text), number=comma[1], list=comma[2])
            return "-"
        date = cells.like_a_date(text) if dates == "ask" else None
        if date is not None:
            self.problem("sheet.date", row, column, cell=shown(text), found=date)
            return "-"
        if words == "names":
            return text
        bare = tuple(word for word in cells.bare_words(text) if word not in names)
        if not bare:
            return text
        instead = self._quoted(text, row, column, names)
        if instead is not None and words == "refuse":
            self.problem("sheet.bare", row, column, cell=shown(text), words=bare, instead=instead)
        return "-" if instead is None or words == "refuse" else instead

    def _quoted(self, text: str, row: int, column: int, names: frozenset[str]) -> str | None:
        try:
            return cells.quoted_words(text, names)
        except cells.NoCell:  # longer than any text in a cell
            self.problem("sheet.value", row, column, value=shown(text))
            return None

    @staticmethod
    def _date(data: dict[str, Any], key: str, text: str) -> None:
        # A spreadsheet library gives dates as instants, which stand here without the call around them.
        found = re.fullmatch(r'timestamp\("([^"]*)"\)', text)
        if text:
            data.setdefault("effective", {})[key] = found[1] if found else text

    def _labels(self, data: dict[str, Any], row: int, column: int, text: str) -> None:
        text = cells.unescaped(text.strip())
        if not text:
            return
        bare = cells.outside_quotes(text)
        places = [-1, *(index for index, sign in enumerate(bare) if sign in ",\uff0c"), len(text)]
        parts = [text[start + 1 : end].strip() for start, end in pairwise(places)]
        if "\uff0c" in bare:
            self.problem(
                "sheet.full_width", row, column, cell=shown(text), found="\uff0c", instead=text.replace("\uff0c", ", ")
            )
        data["labels"] = [cells.named(part) for part in parts if part]

    # places ---------------------------------------------------------------------------------------------------------

    def _place(self, path: str) -> tuple[int, int]:
        """The cell that a problem of the table stands in."""
        section = re.split(r"[.\[]", path, maxsplit=1)[0]
        setting = {"name": "table"}.get(section, section)
        if setting in self.settings:
            return self.settings[setting][1:]
        rules = [column for column in self.columns if column.kind == "in"]
        results = [column for column in self.columns if column.kind == "out"]
        if section == "outputs":
            return self._of_output(path.removeprefix("outputs").removeprefix("."), results)
        found = _PATH.match(path)
        if found is None:
            return self.heading, 0
        index, key = int(found[2]), found[4]
        if found[1] == "inputs":
            return self._of_column(rules[index], key or "expr") if index < len(rules) else (self.heading, 0)
        row = self.places[index] if index < len(self.places) else self.heading
        if found[3] is not None:
            return row, [*rules, *results][int(found[3])].place
        rest = path.rpartition(".")[2]
        wanted = {"id": ("id",), "labels": ("labels",), "start": ("start",), "end": ("end",), "effective": ("start", "end")}
        places = [column.place for column in self.columns if column.kind in wanted.get(rest, (rest,))]
        return row, places[0] if places else 0

    def _of_output(self, rest: str, results: list[_Column]) -> tuple[int, int]:
        fitting = [
            column for column in results if rest == column.name or rest.startswith((f"{column.name}.", f"{column.name}["))
        ]
        if not fitting:
            return self.heading, results[0].place if results else 0
        column = max(fitting, key=lambda one: len(one.name))
        return self._of_column(column, rest.removeprefix(column.name).lstrip("."))

    def _of_column(self, column: _Column, key: str) -> tuple[int, int]:
        detail = key.partition("[")[0].partition(".")[0].replace("one_of", "one of") or "type"
        return column.details[detail][1] if detail in column.details else self.heading, column.place


def _allowed(column: _Column | None) -> tuple[str, ...]:
    if column is None or column.kind not in ("in", "out"):
        return ()
    return ("type", "one of", "expr") if column.kind == "in" else ("type", "one of", "default")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _is_row(row: Any) -> bool:
    return isinstance(row, Iterable) and not isinstance(row, (str, bytes, Mapping))


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
