"""Knows how decision tables come from DMN documents and go into them; must not know how a table decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from servflow.errors import DefinitionError, InputError, nearest, shown
from servflow.integrations._dmn_names import WRITTEN
from servflow.integrations._dmn_read import MAX_LENGTH, Document, spaced
from servflow.integrations._dmn_table import TableReader
from servflow.integrations._dmn_write import Writer
from servflow.rules import DecisionTable
from servflow.rules._effective import read_zone

_LONGEST_PATH = 1_000


@frozen
class Model:
    """
    The decision tables of one document, in its order.

    A table that reads another one does so by ``table.<name>.<output>``, as tables of a workflow do. ``dropped`` lists, in
    words, what the document says beside its tables and was left out.
    """

    tables: tuple[DecisionTable, ...]
    dropped: tuple[str, ...] = ()

    def table(self, name: str | None = None) -> DecisionTable:
        """
        One of the tables.

        Args:
            name: which; may be None where there is one.

        Raises:
            InputError: there is no such table, or there are several.
        """
        found = {table.name: table for table in self.tables}
        if name is None and len(self.tables) == 1:
            return self.tables[0]
        if name is not None and name in found:
            return found[name]
        close = nearest(name, found) if name else None
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(map(repr, found))}"
        raise InputError(f"no table is called {shown(name)}; {hint}" if name else f"name one table; {hint}", code="dmn.table")


def read_dmn(
    source: str | bytes | Path,
    *,
    names: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    zone: str | None = None,
) -> Model:
    """
    Read the decision tables of a DMN document, versions 1.1 to 1.5.

    Entries, expressions and types are translated where they mean the same here; everything else is refused by name, never
    guessed. The page on DMN in the reference lists what becomes what.

    Args:
        source: a ``Path``, the document, or a text of one line that names a file. A DOCTYPE is refused.
        names: what a name of the document is called here, such as ``{"Years of Service": "years"}``; every other name stays.
        only: the decisions to read, by name or id; all of them if empty, each of which must then hold a table.
        zone: where dates, and instants without an offset, are meant; without it they are refused.

    Raises:
        InputError: it is no well-formed XML, too large, or no DMN.
        DefinitionError: with every problem, each with its line and the id of its element.
    """
    if isinstance(only, str):
        raise InputError(f"only is a list of names, such as [{only!r}]", code="dmn.only")
    found: list[Any] = []
    read_zone(zone, found)
    if found:
        raise DefinitionError.of(found)
    document = Document(
        {spaced(name): ours for name, ours in (names or {}).items()}, tuple(spaced(name) for name in only), zone
    )
    document.read(_given(source))
    for decision in document.decisions.values():
        decision.hit = document.hit(decision)
        outputs = document.children(decision.logic, "output")
        if not outputs:
            document.problem("dmn.no_output", decision.logic, name=decision.name)
        said = [spaced(element.attributes.get("name", "")) or decision.name for element in outputs]
        decision.outputs = tuple(document.names.get(name, name) for name in said)
        if len(set(decision.outputs)) < len(outputs):
            document.problem("dmn.twice", decision.logic, name=", ".join(said))
    tables = []
    for decision in document.decisions.values():
        targets = {name: document.decisions[name] for name in decision.requires if name in document.decisions}
        data = TableReader(document, decision, targets).data()
        try:
            tables.append(DecisionTable(**data))
        except DefinitionError as error:
            line = decision.logic.line
            document.findings.extend(
                evolve(finding, path=f"{decision.name[:80]}: {finding.path}", line=line) for finding in error.findings[:50]
            )
    if document.findings:
        raise document.refused()
    return Model(tuple(tables), tuple(document.dropped))


def write_dmn(
    tables: DecisionTable | Iterable[DecisionTable],
    *,
    fields: Mapping[str, Any] | None = None,
    name: str | None = None,
    version: str = "1.3",
) -> str:
    """
    Write decision tables as one DMN document; ``read_dmn`` gives equal tables, and other engines decide the same.

    What DMN has no word for stands in attributes of a namespace of its own, which other tools pass over; an entry that was
    changed there since counts as it then reads. Periods of rows are an input ``at``. Cases and host functions are not part
    of it.

    Args:
        tables: what to write; tables that read each other go into one document.
        fields: types of the fields, as ``DecisionTable.check`` takes them, for columns that declare none.
        name: what the document is called; the first table's name if None.
        version: ``1.3``, ``1.4`` or ``1.5``.

    Raises:
        InputError: a text holds a character that XML cannot, or an argument is of no use.
        DefinitionError: with every cell that cannot be said in FEEL, each by name and at its place.
    """
    given = (tables,) if isinstance(tables, DecisionTable) else tuple(tables)
    if not given or not all(isinstance(one, DecisionTable) for one in given):
        raise InputError("decision tables are written as DMN, one or several", code="dmn.tables")
    names = [one.name for one in given]
    if len(set(names)) < len(names):
        raise InputError(f"two tables have the same name: {shown(names)}", code="dmn.tables")
    if version not in WRITTEN:
        raise InputError(f"version is one of {', '.join(WRITTEN)}, not {shown(version)}", code="dmn.version")
    return Writer(given, fields or {}).document(name or names[0], version)


def _given(source: object) -> str | bytes:
    if isinstance(source, str) and _names_file(source):
        source = Path(source)
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(MAX_LENGTH + 1)
    if not isinstance(source, (str, bytes)):
        raise InputError(f"DMN is a path, a text or bytes, not {type(source).__name__}", code="dmn.source")
    return source


def _names_file(text: str) -> bool:
    if len(text) > _LONGEST_PATH or "<" in text or "\n" in text or "\0" in text:
        return False
    if text.lower().endswith((".dmn", ".xml")):
        return True
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


__all__ = ["Model", "read_dmn", "write_dmn"]
