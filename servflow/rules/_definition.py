"""Knows the parts a decision table is written with; must not know how a table decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, Protocol

from attrs import field, frozen

from servflow.errors import Finding, nearest, shown
from servflow.expressions import Function
from servflow.model import CONVERTERS, Span, ValueProblem, freeze, write_instant
from servflow.model._fields import storable
from servflow.model._titles import read_title, written
from servflow.rules._cells import is_nan
from servflow.rules._effective import Effective, read_effective
from servflow.rules._look_alikes import plain_name

MAX_ROWS = 50_000
"""Most rows of one table."""

MAX_COLUMNS = 64
"""Most inputs, and most outputs, of one table."""

MAX_WORD = 200
"""Most characters of a table's name, of an id and of a label."""

MAX_NOTE = 10_000
"""Most characters of a note."""

_CELL_BITS = 200  # a bare whole number that fits a cell; Python refuses to write out much longer ones

HITS = (
    "unique",
    "first",
    "priority",
    "any",
    "collect",
    "collect sum",
    "collect min",
    "collect max",
    "collect count",
    "rule order",
    "output order",
)
"""The hit policies, as DMN defines them."""

MULTIPLE = frozenset({"collect", "rule order", "output order"})
"""The policies that give a list of mappings."""

SUMMABLE = frozenset({"any", "dyn", "int", "uint", "double", "decimal", "duration"})
ORDERABLE = SUMMABLE | {"string", "timestamp"}


def base_type(type_name: str) -> str:
    """The type without what its items are: ``list`` for ``list(string)``; ``any`` for ``dyn``."""
    base = type_name.split("(", 1)[0].strip()
    return "any" if base == "dyn" else base


@frozen
class Input:
    """
    One input column: a field's name, or an expression over fields under an optional name.

    ``type`` refuses values of another type when deciding; ``one_of`` lists the only values there are. ``title`` is what
    people call the column, in one language or several.
    """

    name: str
    expr: str | None = None
    type: str | None = None
    one_of: tuple[Any, ...] = ()
    title: str = ""

    def to_data(self) -> Any:
        """The column as a definition writes it; one word where that says all."""
        if self.expr is None and self.type is None and not self.one_of and not self.title:
            return self.name
        data: dict[str, Any] = {"name": self.name}
        if self.expr is not None:
            data["expr"] = self.expr
        if self.type is not None:
            data["type"] = self.type
        if self.one_of:
            data["one_of"] = [plain(value) for value in self.one_of]
        if self.title:
            data["title"] = written(self.title)
        return data


@frozen
class Output:
    """
    One output column. The order of ``one_of`` is the priority, highest first.

    ``default`` is the result where no row matches, and of a row whose cell is ``-``. ``title`` is what people call it.
    """

    name: str
    type: str = "any"
    one_of: tuple[Any, ...] = ()
    default: Any = None
    title: str = ""
    ranks: Mapping[Any, int] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "ranks", {(type(value) is bool, value): rank for rank, value in enumerate(self.one_of)})

    def convert(self, value: Any) -> Any:
        """
        The value as this output holds it; null stays null.

        Raises:
            ValueProblem: the value does not fit; says what was expected.
        """
        if value is None:
            return None
        converted = freeze(CONVERTERS[base_type(self.type)](value))
        if self.one_of and self.rank(converted) is None:
            raise ValueProblem("one of " + ", ".join(str(item) for item in self.one_of))
        return converted

    def rank(self, value: Any) -> int | None:
        """Its place in ``one_of``, 0 first; None where it is not listed."""
        try:
            return self.ranks.get((type(value) is bool, value))
        except TypeError:  # a value that cannot be hashed is not listed
            return None

    def to_data(self) -> Any:
        """The output as a definition writes it; only the type where that says all."""
        if not self.one_of and self.default is None and not self.title:
            return self.type
        data: dict[str, Any] = {"type": self.type}
        if self.one_of:
            data["one_of"] = [plain(value) for value in self.one_of]
        if self.default is not None:
            data["default"] = plain(self.default)
        if self.title:
            data["title"] = written(self.title)
        return data


@frozen
class Row:
    """
    One row: the texts of its input cells and of its output cells.

    ``id``, ``note`` and ``labels`` are for people. ``effective`` is when the row is in force, always where it is None; one
    ``id`` may stand on several rows that follow each other in time.
    """

    when: tuple[str, ...]
    then: tuple[str, ...]
    id: str | None = None
    note: str | None = None
    effective: Effective | None = None
    labels: tuple[str, ...] = ()

    def to_data(self) -> Any:
        """The row as a definition writes it: a list of cells, or a mapping where it has more to say."""
        if self.id is None and self.note is None and self.effective is None and not self.labels:
            return [*self.when, *self.then]
        data: dict[str, Any] = {"when": list(self.when), "then": list(self.then)}
        if self.id is not None:
            data["id"] = self.id
        if self.note is not None:
            data["note"] = self.note
        if self.effective is not None:
            data["effective"] = self.effective.to_data()
        if self.labels:
            data["labels"] = list(self.labels)
        return data


class Written(Protocol):
    """A table as it is written, for those who judge it and do not run it."""

    @property
    def name(self) -> str: ...  # the table's name, for sentences
    @property
    def hit(self) -> str: ...  # one of HITS
    @property
    def inputs(self) -> tuple[Input, ...]: ...  # the input columns
    @property
    def outputs(self) -> Mapping[str, Output]: ...  # the output columns, in order
    @property
    def functions(self) -> Mapping[str, Function] | None: ...  # the host's functions


def plain(value: Any) -> Any:
    """A value as a document can hold it: exact numbers, instants and lengths of time as text, tuples as lists."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, timedelta):
        return Span.of(value).text if value >= timedelta() else value  # no document can write less than nothing
    # Values of a table are checked, nested at most a few levels deep.
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value


_SECTIONS = ("name", "version", "hit", "zone", "inputs", "outputs", "rows")
_INDEX = re.compile(r"\[([0-9]+)\]")


def document_order(finding: Finding) -> tuple[int, list[int]]:
    """What findings are sorted by: the section, then the indexes on the path."""
    section = re.split(r"[.\[]", finding.path, maxsplit=1)[0]
    order = _SECTIONS.index(section) if section in _SECTIONS else len(_SECTIONS)
    return order, [int(index) for index in _INDEX.findall(finding.path)]


def check_name(name: Any, found: list[Finding]) -> None:
    """A name is text that is not empty and not a book."""
    if not isinstance(name, str) or not name.strip():
        found.append(Finding("rules.text", "name", {"value": name}))
    else:
        _word(name, "name", found, MAX_WORD)


def check_version(value: Any, found: list[Finding]) -> None:
    """A version is a whole number, or text that is not empty."""
    if value is None or (isinstance(value, str) and value.strip()):
        return
    if isinstance(value, bool) or not isinstance(value, int):
        found.append(Finding("rules.version", "version", {"value": value}))


def check_flag(value: Any, path: str, found: list[Finding]) -> None:
    """A flag is true or false and nothing that merely counts as such."""
    if not isinstance(value, bool):
        found.append(Finding("rules.flag", path, {"value": value}))


def read_inputs(source: Any, found: list[Finding]) -> tuple[Input, ...]:
    """Read the input columns; one that cannot be read becomes a finding and keeps its place."""
    items = _listed(source, "inputs", found)
    inputs: list[Input] = []
    for index, item in enumerate(items):
        path = f"inputs[{index}]"
        if isinstance(item, Input):
            inputs.append(item)
        elif isinstance(item, str) and item.strip():
            _not_alike(item.strip(), path, found)
            inputs.append(Input(item.strip()))
        elif isinstance(item, Mapping):
            inputs.append(_read_input(item, path, found) or Input("_"))
        else:
            found.append(Finding("rules.input_form", path, {"value": item}))
            inputs.append(Input("_"))
    return tuple(inputs)


def _read_input(item: Mapping[Any, Any], path: str, found: list[Finding]) -> Input | None:
    before = len(found)
    _only_known(item, ("name", "expr", "type", "one_of", "title"), path, found)
    name, expr, type_name = item.get("name"), item.get("expr"), item.get("type")
    for key, value in (("name", name), ("expr", expr)):
        if value is not None and not (isinstance(value, str) and value.strip()):
            found.append(Finding("rules.text", f"{path}.{key}", {"value": value}))
    if name is None and expr is None:
        found.append(Finding("rules.input_form", path, {"value": dict(item)}))
    known = type_name is None or _known_type(type_name, f"{path}.type", found)
    one_of = _read_values(item.get("one_of"), type_name or "any", f"{path}.one_of", found) if known else ()
    if len(found) > before:
        return None
    label = name or expr
    assert isinstance(label, str)
    if expr is None:
        _not_alike(label, path, found)
    return Input(
        label.strip(),
        expr.strip() if isinstance(expr, str) else None,
        type_name,
        one_of,
        read_title(item.get("title"), found, f"{path}.title"),
    )


def _not_alike(name: str, path: str, found: list[Finding]) -> None:
    """A name is not written with characters that only look like those of another name."""
    if (plain := plain_name(name)) is not None and plain.isidentifier():
        found.append(Finding("rules.look_alike", path, {"name": name, "nearest": plain}))


def read_outputs(source: Any, found: list[Finding]) -> dict[str, Output]:
    """Read the output columns in order; one that cannot be read becomes a finding and keeps its place."""
    if not isinstance(source, Mapping) or not 1 <= len(source) <= MAX_COLUMNS:
        found.append(Finding("rules.outputs_form", "outputs", {"value": source, "limit": MAX_COLUMNS}))
        return {}
    outputs: dict[str, Output] = {}
    for name, item in source.items():
        path = f"outputs.{name}"
        if not isinstance(name, str) or not name.strip():
            found.append(Finding("rules.text", "outputs", {"value": name}))
            continue
        _not_alike(name, path, found)
        outputs[name] = Output(name)
        if isinstance(item, Output):
            outputs[name] = item
        elif isinstance(item, str):
            if _known_type(item, path, found):
                outputs[name] = Output(name, item)
        elif isinstance(item, Mapping):
            _only_known(item, ("type", "one_of", "default", "title"), path, found)
            type_name = item.get("type", "any")
            if _known_type(type_name, f"{path}.type", found):
                outputs[name] = _read_output(name, type_name, item, found)
        else:
            found.append(Finding("rules.output_form", path, {"value": item}))
    return outputs


def _read_output(name: str, type_name: str, item: Mapping[Any, Any], found: list[Finding]) -> Output:
    path = f"outputs.{name}"
    output = Output(name, type_name, _read_values(item.get("one_of"), type_name, f"{path}.one_of", found))
    title = read_title(item.get("title"), found, f"{path}.title")
    try:
        return Output(name, type_name, output.one_of, output.convert(item.get("default")), title)
    except ValueProblem as problem:
        found.append(Finding("rules.value", f"{path}.default", {"value": item.get("default"), "expected": str(problem)}))
        return output


def read_rows(source: Any, inputs: int, outputs: int, found: list[Finding]) -> tuple[Row, ...]:
    """Read the rows; one that cannot be read becomes a finding and keeps its place."""
    if not isinstance(source, (list, tuple)) or len(source) > MAX_ROWS:
        found.append(Finding("rules.rows_form", "rows", {"limit": MAX_ROWS}))
        return ()
    rows: list[Row] = []
    for index, item in enumerate(source):
        path = f"rows[{index}]"
        row = _read_row(item, inputs, path, found)
        if row is not None and (len(row.when) != inputs or len(row.then) != outputs):
            cells = len(row.when) + len(row.then)
            facts = {"cells": cells, "expected": inputs + outputs, "inputs": inputs, "outputs": outputs}
            found.append(Finding("rules.row_length", path, facts))
            row = None
        rows.append(row or Row(("-",) * inputs, ("-",) * outputs))
    return tuple(rows)


def _read_row(item: Any, inputs: int, path: str, found: list[Finding]) -> Row | None:
    if isinstance(item, (list, tuple)):
        cells = _cells(item, path, found)
        return Row(cells[:inputs], cells[inputs:])
    if isinstance(item, Row):
        item = {name: getattr(item, name) for name in _ROW_KEYS}
    if not isinstance(item, Mapping):
        found.append(Finding("rules.row_form", path, {"value": item}))
        return None
    _only_known(item, _ROW_KEYS, path, found)
    return Row(
        _cells(item.get("when", ()), f"{path}.when", found),
        _cells(item.get("then", ()), f"{path}.then", found),
        _word(item.get("id"), f"{path}.id", found, MAX_WORD),
        _word(item.get("note"), f"{path}.note", found),
        read_effective(item.get("effective"), f"{path}.effective", found),
        _labels(item.get("labels"), f"{path}.labels", found),
    )


_ROW_KEYS = ("when", "then", "id", "note", "effective", "labels")


def _labels(source: Any, path: str, found: list[Finding]) -> tuple[str, ...]:
    if source is None:
        return ()
    if not isinstance(source, (list, tuple)) or len(source) > MAX_COLUMNS:
        found.append(Finding("rules.labels", path, {"value": source}))
        return ()
    words: list[str] = []
    for index, item in enumerate(source):
        if not isinstance(item, str) or not item.strip():
            found.append(Finding("rules.text", f"{path}[{index}]", {"value": item}))
        elif (word := _word(item.strip(), f"{path}[{index}]", found, MAX_WORD)) is not None:
            words.append(word)
    return tuple(words)


def _cells(source: Any, path: str, found: list[Finding]) -> tuple[str, ...]:
    if isinstance(source, str) or not isinstance(source, Iterable) or isinstance(source, Mapping):
        found.append(Finding("rules.row_form", path, {"value": source}))
        return ()
    cells: list[str] = []
    for index, cell in enumerate(source):
        # A document may hold a bare true, 5 or 1.5 where the text of it is meant.
        if isinstance(cell, bool):
            cell = "true" if cell else "false"
        elif (isinstance(cell, (float, Decimal)) and isfinite(cell)) or (
            isinstance(cell, int) and cell.bit_length() <= _CELL_BITS
        ):
            cell = str(cell)
        if not isinstance(cell, str) or not storable(cell):
            found.append(Finding("rules.cell_text", f"{path}[{index}]", {"value": cell}))
            cell = "-"
        cells.append(cell.strip() or "-")
    return tuple(cells)


def _word(value: Any, path: str, found: list[Finding], longest: int = MAX_NOTE) -> str | None:
    if value is None or (isinstance(value, str) and len(value) <= longest and storable(value)):
        return value
    found.append(Finding("rules.words" if isinstance(value, str) else "rules.text", path, {"value": value, "limit": longest}))
    return None


def _listed(source: Any, path: str, found: list[Finding]) -> list[Any]:
    if not isinstance(source, (list, tuple)) or len(source) > MAX_COLUMNS:
        found.append(Finding("rules.inputs_form", path, {"value": source, "limit": MAX_COLUMNS}))
        return []
    return list(source)


def _known_type(type_name: Any, path: str, found: list[Finding]) -> bool:
    if isinstance(type_name, str) and base_type(type_name) in CONVERTERS:
        return True
    facts = {"type": type_name, "known": tuple(CONVERTERS), "nearest": nearest(shown(type_name), CONVERTERS)}
    found.append(Finding("rules.unknown_type", path, facts))
    return False


def _only_known(item: Mapping[Any, Any], known: tuple[str, ...], path: str, found: list[Finding]) -> None:
    found.extend(
        Finding("rules.unknown_key", path, {"key": key, "known": known, "nearest": nearest(str(key), known)})
        for key in item
        if key not in known
    )


def _read_values(source: Any, type_name: str, path: str, found: list[Finding]) -> tuple[Any, ...]:
    if source is None:
        return ()
    if not isinstance(source, (list, tuple)):
        found.append(Finding("rules.one_of_form", path, {"value": source}))
        return ()
    values: list[Any] = []
    for index, value in enumerate(source):
        try:
            converted = freeze(CONVERTERS[base_type(type_name)](value))
            hash(converted)
            if is_nan(converted):
                raise ValueProblem("a value that equals itself")
            values.append(converted)
        except ValueProblem as problem:
            found.append(Finding("rules.value", f"{path}[{index}]", {"value": value, "expected": str(problem)}))
        except TypeError:
            found.append(Finding("rules.value", f"{path}[{index}]", {"value": value, "expected": "a plain value"}))
    return tuple(values)
