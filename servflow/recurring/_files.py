"""Knows how files list assets, as JSON, as lines of JSON and as CSV; must not know what is done with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from servflow.errors import InputError, shown
from servflow.recurring._asset import Asset

MAX_JSON = 50_000_000
"""Bytes of a file that is one JSON value; lines of JSON and CSV are read one after the other, however many."""
MAX_LINE = 1_000_000
_COUNTERS, _REPLACED = "counters.", "replaced."


def read_assets(path: Path | str) -> Iterator[Asset]:
    """
    The assets of a file, one by one.

    ``.jsonl`` (or ``.ndjson``) is a JSON object a line, ``.csv`` a table with a head, and anything else one JSON value: a list,
    or a mapping whose ``assets`` are one. Keys and columns are those of ``Asset.of``; in CSV empty cells are left out,
    everything is text, and the columns of counters are called ``counters.<name>``, those of dates on which their meters were
    replaced ``replaced.<name>``.

    Raises:
        InputError: the file cannot be read, with the line that is wrong.
    """
    file = Path(path)
    reader = {".jsonl": _lines, ".ndjson": _lines, ".csv": _table}.get(file.suffix.lower(), _whole)
    try:
        for place, row in reader(file):
            try:
                yield Asset.of(row)
            except InputError as error:
                raise _wrong(file, place, error.message) from None
    except UnicodeDecodeError:
        raise InputError(f"{file.name} is no text in UTF-8", code="recurring.file", file=str(file)) from None
    except csv.Error as error:
        raise _wrong(file, 0, str(error)) from None


def _lines(file: Path) -> Iterator[tuple[int, Any]]:
    with file.open(encoding="utf-8-sig") as lines:
        place = 0
        while line := lines.readline(MAX_LINE + 1):
            place += 1
            if len(line) > MAX_LINE:
                raise _wrong(file, place, f"a line has more than {MAX_LINE:,} characters")
            if line.strip():
                yield place, _json(file, place, line)


def _json(file: Path, place: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(file, place, f"no JSON: {error}") from None


def _whole(file: Path) -> Iterator[tuple[int, Any]]:
    if file.stat().st_size > MAX_JSON:
        raise _wrong(file, 0, f"it is larger than {MAX_JSON:,} bytes; write one asset a line, as .jsonl")
    data = _json(file, 0, file.read_text(encoding="utf-8-sig"))
    rows = data.get("assets") if isinstance(data, Mapping) else data
    if not isinstance(rows, list):
        raise _wrong(file, 0, f"expected a list of assets, or a mapping with `assets`, got {shown(data)}")
    yield from enumerate(rows, 1)


def _table(file: Path) -> Iterator[tuple[int, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        for row in rows:
            held = {name: cell for name, cell in row.items() if isinstance(name, str) and isinstance(cell, str) and cell}
            counters, replaced = (
                {name.removeprefix(start): held.pop(name) for name in list(held) if name.startswith(start)}
                for start in (_COUNTERS, _REPLACED)
            )
            readings = {name: _number(cell) for name, cell in counters.items()}
            yield rows.line_num, {**held, "counters": readings, "replaced": replaced}


def _number(cell: str) -> Any:
    try:
        return float(cell) if "." in cell or "e" in cell.lower() else int(cell)
    except ValueError:
        return cell  # the asset says what is wrong with it


def _wrong(file: Path, place: int, problem: str) -> InputError:
    where = f", {'entry' if file.suffix.lower() == '.json' else 'line'} {place}" if place else ""
    return InputError(f"{file.name}{where}: {problem}", code="recurring.file", file=str(file), line=place or None)
