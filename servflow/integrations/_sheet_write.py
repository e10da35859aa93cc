"""Knows how a decision table is laid out as rows of a spreadsheet; must not know files or separators."""

from __future__ import annotations

from typing import Any

from servflow.errors import InputError
from servflow.integrations import _sheet_cells as cells
from servflow.rules import DecisionTable, Input, Output

_PEOPLE = ("id", "note", "start", "end", "labels")


def laid_out(table: DecisionTable, *, safe: bool) -> list[list[str]]:
    """
    The rows of a sheet that reads back as an equal table.

    Args:
        safe: put an apostrophe before what a spreadsheet would take for a formula.

    Raises:
        InputError: a value of the table cannot be written in a cell.
    """
    keep = cells.escaped if safe else _exact
    written: list[list[str]] = [[keep(text) for text in _settings(table)]]
    used = [word for word in _PEOPLE if any(_people(row, word) is not None for row in table.rows)]
    outputs = list(table.outputs.values())
    written.append(
        [
            *(keep(_heading(column)) for column in table.inputs),
            *(keep(f"out: {cells.word(output.name)}") for output in outputs),
            *used,
        ]
    )
    for mark in cells.DETAILS:
        details = [*(_of_input(column, mark) for column in table.inputs), *(_of_output(output, mark) for output in outputs)]
        if any(details):
            written.append([*(keep(f"{mark}: {text}") if text else "" for text in details), *("" for _ in used)])
    for row in table.rows:
        rules = [keep(text) for text in (*row.when, *row.then)]
        people = [_people_cell(_people(row, word), word, safe=safe) for word in used]
        written.append([*rules, *people])
    return written


def _exact(text: str) -> str:
    # Also without care for formulas, what would lose its apostrophe in reading keeps one more.
    return "'" + text if cells.unescaped(text) != text else text


def _settings(table: DecisionTable) -> list[str]:
    found = [f"table: {cells.word(table.name)}", f"hit: {table.hit}"]
    if table.zone is not None:
        found.append(f"zone: {table.zone}")
    if table.strict:
        found.append("strict: true")
    if table.version is not None:
        number = isinstance(table.version, int)
        held = str(table.version)
        found.append(f"version: {held if number else cells.literal(held) if _like_number(held) else cells.word(held)}")
    names = {column.name for column in table.inputs}
    texts = {text for row in table.rows for text in (*row.when, *row.then)}
    if any(word not in names for text in texts for word in cells.bare_words(text)):
        found.append("words: names")
    if any(cells.comma_number(text, decimal=True) for text in texts):
        found.append("commas: lists")
    if any(cells.like_a_date(text) for text in texts):
        found.append("dates: sums")
    return found


def _like_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()


def _heading(column: Input) -> str:
    plain = cells.word(column.name)
    taken = plain.lower() in cells.SPECIAL or cells.widely_marked(plain)
    return f"in: {plain}" if taken else plain


def _of_input(column: Input, mark: str) -> str:
    if mark == "type":
        return column.type or ""
    if mark == "expr":
        return column.expr or ""
    return _listed(column.one_of, column.name) if mark == "one of" and column.one_of else ""


def _of_output(output: Output, mark: str) -> str:
    if mark == "type":
        return "" if output.type == "any" else output.type
    if mark == "one of":
        return _listed(output.one_of, output.name) if output.one_of else ""
    return _value(output.default, output.name) if mark == "default" and output.default is not None else ""


def _listed(values: tuple[Any, ...], where: str) -> str:
    return ", ".join(_value(value, where) for value in values)


def _value(value: Any, where: str) -> str:
    try:
        return cells.literal(value)
    except cells.NoCell as problem:
        raise InputError(
            f"{where}: the value {problem} cannot be written in a cell; keep this table in YAML or JSON",
            code="sheet.unwritable",
            column=where,
        ) from None


def _people(row: Any, word: str) -> Any:
    if word in ("start", "end"):
        return None if row.effective is None else getattr(row.effective, word)
    if word == "labels":
        return row.labels or None
    return getattr(row, word)


def _people_cell(value: Any, word: str, *, safe: bool) -> str:
    if value is None:
        return ""
    if word == "labels":
        return ", ".join(_label(label) for label in value)
    if word in ("start", "end"):
        return str(value)
    return cells.freely(value, safe=safe)


def _label(text: str) -> str:
    risky = text[0] in "\"'=+-@" or any(sign in text for sign in ",'\"\uff0c\n\r\t")
    return cells.literal(text) if risky else cells.word(text)
