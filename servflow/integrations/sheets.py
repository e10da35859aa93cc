"""Knows decision tables as rows of a spreadsheet and as CSV; must not know how a table decides or checks itself."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from servflow.errors import InputError, shown
from servflow.expressions import Function
from servflow.integrations._sheet_read import WORDS, Asked, Sheet
from servflow.integrations._sheet_write import laid_out
from servflow.rules import DecisionTable

MAX_LENGTH = 20_000_000
"""Longest CSV, in bytes of a file or characters of a text."""

DELIMITERS = (",", ";", "\t")
"""What may stand between two cells; of these the one found is the most frequent of the first line."""

_LONGEST_PATH = 1_000


def read_csv(
    source: str | bytes | Path,
    *,
    name: str | None = None,
    outputs: Sequence[str] = (),
    words: str = "refuse",
    delimiter: str | None = None,
    encoding: str | None = None,
    functions: Mapping[str, Function] | None = None,
) -> DecisionTable:
    """
    Read a decision table from CSV.

    The first row names the columns: ``fee`` an input, ``out: fee`` an output; ``id``, ``note``, ``start``, ``end`` and
    ``labels`` are about the row. Above it may stand settings (``table: fees``, ``hit: first``, ``zone:``, ``version:``),
    below it what is known of a column (``type: decimal``, ``one of: "a", "b"``, ``default: 0``, ``expr: ...``). The other
    rows hold the cells as ``DecisionTable`` takes them; an empty one is ``-``, and ``TRUE`` is ``true``.

    Args:
        source: a ``Path``, bytes, a text, or a text of one line that names a file. A byte order mark and every kind of line
            end are understood.
        name: what the table is called; else what the sheet says, the name of the file, or ``table``.
        outputs: columns that are outputs though their headings do not say so.
        words: what a word without quotes is that names no input of the sheet: ``text``, ``names`` (of fields), or ``refuse``
            to be told of each.
        delimiter: what stands between cells; if None it is found in the first line, a comma where nothing tells.
        encoding: what bytes are written in; UTF-8, or UTF-16 with its mark, if None.
        functions: the host's functions that cells may call.

    Raises:
        InputError: it cannot be read as CSV at all, or is too large.
        DefinitionError: with every problem, each at its cell, such as ``B7``.
    """
    text, stem = _text(source, encoding)
    text = text.removeprefix("\ufeff")
    said = re.match(r"sep=(.)\r?\n", text)  # what spreadsheets of some countries write first
    if said:
        text = text[said.end() :]
    between = delimiter or (said[1] if said else _between(text))
    if len(between) != 1 or between in '"\r\n':
        raise InputError(f"a delimiter is one character such as ',' or ';', not {shown(delimiter)}", code="sheet.delimiter")
    asked = _asked(name, outputs, words, functions, decimal_comma=between != ",")
    sheet = Sheet(evolve(asked, otherwise=stem or asked.otherwise))
    sheet.take(_records(text, between))
    return sheet.table()


def from_rows(
    rows: Iterable[Iterable[Any]],
    *,
    name: str | None = None,
    outputs: Sequence[str] = (),
    words: str = "refuse",
    functions: Mapping[str, Function] | None = None,
) -> DecisionTable:
    """
    Read a decision table from rows of values, as libraries for spreadsheets give them.

    Numbers, bools, dates and None are what the cell then says; a date or an instant without an offset is local in the zone
    of the sheet, and refused where it names none. Everything else is as ``read_csv`` has it.

    Args:
        rows: each a list of cell values, such as ``sheet.iter_rows(values_only=True)`` of openpyxl.
        name: as for ``read_csv``.
        outputs: as for ``read_csv``.
        words: as for ``read_csv``.
        functions: as for ``read_csv``.

    Raises:
        InputError: a row is no list of cells, or there are too many.
        DefinitionError: with every problem, each at its cell, such as ``B7``.
    """
    sheet = Sheet(_asked(name, outputs, words, functions, decimal_comma=False))
    given: object = rows
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise InputError(f"rows are a list of lists of cells, not {shown(given)}; a text goes to read_csv", code="sheet.rows")
    sheet.take(rows)
    return sheet.table()


def write_csv(table: DecisionTable, *, delimiter: str = ",", safe: bool = True) -> str:
    """
    Write a decision table as CSV; ``read_csv`` gives an equal table. Cases and host functions are not part of it.

    Args:
        table: what to write.
        delimiter: what stands between two cells.
        safe: put an apostrophe before every cell that a spreadsheet would take for a formula (it begins with ``=``, ``+``,
            ``@``, or ``-`` and is neither a number nor ``-`` alone). ``read_csv`` takes it off again.

    Raises:
        InputError: a value of the table cannot be written in a cell.
    """
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputError(f"a delimiter is one character such as ',' or ';', not {shown(delimiter)}", code="sheet.delimiter")
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows(laid_out(table, safe=safe))
    return out.getvalue()


def to_rows(table: DecisionTable, *, safe: bool = True) -> list[list[Any]]:
    """
    A decision table as rows of values for a spreadsheet library; ``from_rows`` gives an equal table.

    Whole numbers, numbers with a point and bools are such values where that loses nothing, empty cells are None, all else is
    text.

    Args:
        table: what to write.
        safe: as for ``write_csv``; libraries for spreadsheets take a text that begins with ``=`` for a formula.

    Raises:
        InputError: a value of the table cannot be written in a cell.
    """
    return [[_native(text) for text in row] for row in laid_out(table, safe=safe)]


def _native(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?[0-9]{1,15}", text) and str(int(text)) == text:
        return int(text)
    # Digits that a double keeps; one that is whole would come back without its point.
    if re.fullmatch(r"-?[0-9]{1,9}\.[0-9]{1,6}", text) and repr(float(text)) == text and not text.endswith(".0"):
        return float(text)
    return text or None


def _asked(
    name: str | None,
    outputs: Sequence[str],
    words: str,
    functions: Mapping[str, Function] | None,
    *,
    decimal_comma: bool,
) -> Asked:
    if words not in WORDS:
        raise InputError(f"words is one of {', '.join(WORDS)}, not {shown(words)}", code="sheet.words")
    if isinstance(outputs, str):
        raise InputError(f"outputs is a list of names, such as [{outputs!r}]", code="sheet.outputs")
    return Asked(name, tuple(outputs), words, functions, decimal_comma=decimal_comma)


def _text(source: str | bytes | Path, encoding: str | None) -> tuple[str, str | None]:
    """What is to be read, and what the file is called where it is one."""
    given: object = source
    if isinstance(given, str) and _names_file(given):
        given = Path(given)
    stem = None
    if isinstance(given, Path):
        stem = given.stem
        with given.open("rb") as file:
            given = file.read(MAX_LENGTH + 1)
    if not isinstance(given, (str, bytes)):
        raise InputError(f"CSV is a path, a text or bytes, not {type(given).__name__}", code="sheet.source")
    if len(given) > MAX_LENGTH:
        raise InputError(f"the CSV is longer than {MAX_LENGTH:,} characters", code="sheet.too_large")
    if isinstance(given, str):
        return given, stem
    marked = given.startswith((b"\xff\xfe", b"\xfe\xff"))
    used = encoding or ("utf-16" if marked else "utf-8-sig")
    try:
        return given.decode(used), stem
    except (UnicodeError, LookupError) as error:
        raise InputError(
            f"the CSV cannot be read as {used}: {error}; save it as 'CSV UTF-8', or say what it is written in "
            "(encoding='gb18030' for older Chinese spreadsheets)",
            code="sheet.encoding",
        ) from None


def _names_file(text: str) -> bool:
    if len(text) > _LONGEST_PATH or "\n" in text or "\r" in text or "\0" in text:
        return False
    if text.lower().endswith(".csv") and not any(sign in text for sign in ",;\t"):
        return True
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _between(text: str) -> str:
    """The most frequent separator outside quotes before the first line end; the earlier of DELIMITERS where equal."""
    counts = dict.fromkeys(DELIMITERS, 0)
    quoted = False
    for sign in text[:100_000]:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in counts:
            counts[sign] += 1
        elif not quoted and sign in "\r\n" and any(counts.values()):
            break
    return max(DELIMITERS, key=lambda sign: counts[sign])


def _records(text: str, between: str) -> Iterable[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"line {reader.line_num}: this is no CSV: {error}; a quote inside a quoted cell is written twice",
                code="sheet.csv",
                line=reader.line_num,
            ) from None


__all__ = ["DELIMITERS", "from_rows", "read_csv", "to_rows", "write_csv"]
