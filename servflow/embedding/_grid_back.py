"""Knows how what was changed in a table editor becomes edits of the source; must not know how a table decides."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from servflow.embedding import _source_splice as splice
from servflow.embedding._grid import INPUT_KEYS, OUTPUT_KEYS, ROW_KEYS, TABLE_KEYS, row_cells, sheet, table_of
from servflow.embedding._refusing import at, listed, refusal, refuse_stale
from servflow.embedding._source import Source
from servflow.embedding._source_parts import plain
from servflow.errors import InputError, shown

MOST_ROWS, MOST_COLUMNS = 20_000, 500
"""How many rows and columns are read."""

ANYTHING = "-"
"""What a cell says where nothing was written in it."""


def from_grid(source: Any, given: Mapping[str, Any]) -> Source:
    """
    Do to a source what was done in a table editor to what `grid` gave of one of its tables; one step of ``undo``.

    Rows and columns that are new (with an ``id`` of the editor's) are added, those that are gone are removed, their order is
    taken over; cells that changed are written in their places. A new row has ``cells``, a new column ``kind`` and ``name``
    or ``expr``; a cell that is not there says ``-``. Nothing is judged here: ``grid`` of the result tells what is wrong.

    Args:
        source: the source that `grid` was asked about.
        given: its answer as the editor made it. With the ``revision`` that `grid` gave, what somebody else changed meanwhile
            is not undone by it.

    Returns:
        The changed source; the same where nothing was changed. ``moved`` maps ids that are others now, of new rows too.

    Raises:
        InputError: it is no grid, a column or row is not there, or something that stays names a column that goes; with the
            path, and ``row`` and ``column`` where it is about a cell; or the source is another one by now (``edit.stale``).
            Nothing is changed then.
    """
    asked: object = given
    if not isinstance(asked, Mapping) or not isinstance(asked.get("name"), str):
        raise refusal("grid.name", "name", value=shown(given))
    before, _ = table_of(source, given["name"], shaped=True)
    refuse_stale(before.revision, given)
    change = _Change(before, given["name"], _items(given, "columns", MOST_COLUMNS), _items(given, "rows", MOST_ROWS))
    return before.at_once(change.made(given))


def _items(given: Mapping[str, Any], key: str, most: int) -> dict[str, Mapping[str, Any]]:
    listed = given.get(key)
    if not isinstance(listed, (list, tuple)) or len(listed) > most:
        raise refusal("edit.list", key, most=most)
    found: dict[str, Mapping[str, Any]] = {}
    for index, item in enumerate(listed):
        id_ = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(id_, str) or not id_ or id_ in found:
            twice = isinstance(id_, str) and id_ in found
            raise refusal("edit.id_twice" if twice else "edit.id", f"{key}[{index}].id", value=shown(id_))
        if key == "columns" and item.get("kind") not in ("input", "output"):
            raise refusal("grid.kind", f"{key}[{index}].kind", value=shown(item.get("kind")))
        if key == "rows" and not isinstance(item.get("cells"), Mapping):
            raise refusal("grid.cells", f"{key}[{index}].cells")
        found[id_] = item
    return found


@define(eq=False)
class _Change:
    source: Source
    name: str
    columns: dict[str, Mapping[str, Any]]
    rows: dict[str, Mapping[str, Any]]
    moved: dict[str, str] = field(factory=dict)
    """The ids that rows and columns came with, or had, -> those they have now."""

    def made(self, given: Mapping[str, Any]) -> Source:
        base = sheet(*table_of(self.source, self.name))
        for index, row in enumerate(self.rows.values()):
            for column in row["cells"]:
                if column not in self.columns:
                    said = {"value": shown(column), "row": row["id"], "column": str(column)}
                    raise refusal("grid.column", f"rows[{index}].cells", **said)
        self._settings(base, given)
        self._columns(base)
        self._rows()
        return evolve(self.source, moved={id_: now for id_, now in self.moved.items() if id_ != now})

    def _do(self, path: str, verb: str, *args: Any, **more: Any) -> None:
        try:
            self.source = getattr(self.source, verb)(*args, **more)
        except InputError as error:
            raise at(error, path) from None
        self._follow(self.source.moved)

    def _follow(self, moved: Mapping[str, str]) -> None:
        known = set(self.moved.values())
        self.moved = {id_: moved.get(now, now) for id_, now in self.moved.items()}
        self.moved.update({id_: now for id_, now in moved.items() if id_ not in known})

    def _now(self, id_: str) -> str:
        return self.moved.get(id_, id_)

    @property
    def _id(self) -> str:
        return table_of(self.source, self.name)[1].id

    def _write(self, path: str, id_: str, key: str, value: Any) -> None:
        if value is None:
            self._do(path, "clear", id_, key)
        else:
            self._do(path, "set", id_, key, value)

    def _settings(self, base: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        for key in TABLE_KEYS:
            if key in given and given[key] != base[key]:
                self._write(key, self._id, key, given[key])

    # columns ----------------------------------------------------------------------------------------------------

    def _columns(self, base: Mapping[str, Any]) -> None:
        old = {column["id"]: column for column in base["columns"]}
        for index, (id_, column) in enumerate(self.columns.items()):
            if id_ in old:
                self._change_column(f"columns[{index}]", old[id_], column)
        order = [id_ for kind in ("input", "output") for id_, one in self.columns.items() if one["kind"] == kind]
        if order != list(old):
            self._arrange(old, order)

    def _change_column(self, path: str, old: Mapping[str, Any], column: Mapping[str, Any]) -> None:
        if column["kind"] != old["kind"]:
            raise refusal("grid.kind_changed", f"{path}.kind")
        keys = INPUT_KEYS if old["kind"] == "input" else OUTPUT_KEYS
        if old["kind"] == "output" and column.get("name", old["name"]) != old["name"]:
            self._do(f"{path}.name", "rename", self._now(old["id"]), column["name"])
        for key in keys:
            if key not in column or column[key] == old[key]:
                continue
            if key == "name" and old.get("short") and column[key] is not None:
                element = self.source.element(self._now(old["id"]))
                text = splice.put(self.source.text, element.steps, _plain(f"{path}.{key}", column[key]))
                self._replace(text)
            else:
                self._write(f"{path}.{key}", self._now(old["id"]), key, column[key])

    def _replace(self, text: str) -> None:
        """Another text in which the same elements stand in the same order."""
        was = self.source.elements
        self.source = evolve(self.source, text=text, moved={})
        now = self.source.elements
        if len(was) == len(now):
            self._follow({before: after for before, after in zip(was, now, strict=True) if before != after})

    def _arrange(self, old: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> None:
        """Other columns, or in another order: every row is written with them."""
        table = self.source.element(self._id)
        data = table.data
        inputs, outputs = list(data.get("inputs") or ()), dict(data.get("outputs") or {})
        places = {"input": [id_ for id_, one in old.items() if one["kind"] == "input"]}
        places["output"] = [id_ for id_, one in old.items() if one["kind"] == "output"]
        wanted = {kind: [id_ for id_ in order if self.columns[id_]["kind"] == kind] for kind in places}
        self._refuse_used([id_ for id_ in old if id_ not in order])
        new_inputs = [
            inputs[places["input"].index(id_)] if id_ in old else _written(self.columns[id_], INPUT_KEYS)
            for id_ in wanted["input"]
        ]
        names = list(outputs)
        new_outputs: dict[str, Any] = {}
        for id_ in wanted["output"]:
            name = names[places["output"].index(id_)] if id_ in old else self.columns[id_].get("name")
            if not isinstance(name, str) or not name or name in new_outputs:
                raise refusal("grid.output", "columns", value=shown(name))
            new_outputs[name] = outputs[name] if id_ in old else _written(self.columns[id_], OUTPUT_KEYS)
        values: dict[Any, Any] = {
            (*table.steps, "inputs"): _plain("columns", new_inputs),
            (*table.steps, "outputs"): _plain("columns", new_outputs),
        }
        for index, row in enumerate(data.get("rows") or ()):
            cells = row_cells(row, len(inputs))
            found = {
                kind: [
                    cells[side][places[kind].index(id_)]
                    if id_ in old and places[kind].index(id_) < len(cells[side])
                    else ANYTHING
                    for id_ in wanted[kind]
                ]
                for side, kind in enumerate(("input", "output"))
            }
            whole = (
                {**row, "when": found["input"], "then": found["output"]}
                if isinstance(row, Mapping)
                else [*found["input"], *found["output"]]
            )
            values[(*table.steps, "rows", index)] = whole
        before = [one.id for one in self.source.elements.values() if one.kind == "row" and one.steps[:2] == table.steps]
        self.source = evolve(self.source, text=splice.put_many(self.source.text, values), moved={})
        inside = [one for one in self.source.elements.values() if one.steps[:2] == table.steps]
        after = [one.id for one in inside if one.kind == "row"]
        columns = [one.id for one in inside if one.kind in ("input", "output")]
        ids = [*wanted["input"], *wanted["output"]]
        self._follow(dict(zip([*before, *map(self._now, ids)], [*after, *columns], strict=True)))
        self.moved.update(dict(zip(ids, columns, strict=True)))

    def _refuse_used(self, gone: Sequence[str]) -> None:
        uses = [use for id_ in gone for use in self.source.uses(self._now(id_))]
        if uses:
            raise refusal(
                "edit.used",
                "columns",
                named=", ".join(gone),
                places=listed((use.line, use.path) for use in uses),
                uses=tuple(use.path for use in uses),
                elements=tuple(dict.fromkeys(use.id for use in uses)),
            )

    # rows -------------------------------------------------------------------------------------------------------

    def _rows(self) -> None:
        now = sheet(*table_of(self.source, self.name))
        back = {after: before for before, after in self.moved.items() if before in self.rows}
        old = {back.get(row["id"], row["id"]): row for row in now["rows"]}
        ids = {self._now(id_): id_ for id_ in self.columns}
        columns = [(column["id"], ids[column["id"]]) for column in now["columns"]]
        gone = [self._now(id_) for id_ in old if id_ not in self.rows]
        for index, (id_, row) in enumerate(self.rows.items()):
            if id_ in old:
                self._change_row(f"rows[{index}]", old[id_], row, columns)
        if gone:
            self._do("rows", "remove", *gone)
        last: str | None = None
        for index, (id_, row) in enumerate(self.rows.items()):
            if id_ not in old:
                self._add_row(f"rows[{index}]", id_, row, [one for _, one in columns], last)
            last = self._now(id_)
        self._order()

    def _change_row(
        self, path: str, old: Mapping[str, Any], row: Mapping[str, Any], columns: Sequence[tuple[str, str]]
    ) -> None:
        id_ = next((one for one in self.rows if self._now(one) == old["id"]), old["id"])
        inputs = sum(1 for one in self.columns.values() if one["kind"] == "input")
        for place, (now, asked) in enumerate(columns):
            if asked not in row["cells"] or _alike(row["cells"][asked], old["cells"][now]):
                continue
            listed = isinstance(self.source.element(self._now(id_)).data, list)
            side = ("when", place) if place < inputs else ("then", place - inputs)
            try:
                self._do(f"{path}.cells", "set", self._now(id_), (place,) if listed else side, row["cells"][asked])
            except InputError as error:
                raise at(error, f"{path}.cells", row=id_, column=asked) from None
        for key in ROW_KEYS:
            if key in row and row[key] != old[key]:
                self._write(f"{path}.{key}", self._now(id_), key, row[key])
        if "name" in row and row["name"] != old["name"]:
            self._name(f"{path}.name", id_, row["name"])

    def _name(self, path: str, id_: str, name: Any) -> None:
        element = self.source.element(self._now(id_))
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise refusal("grid.row", path, value=shown(name), row=id_)
        if name is None:
            self._do(path, "clear", element.id, "id")
        else:
            self._do(path, "set", element.id, "id", name)

    def _add_row(self, path: str, id_: str, row: Mapping[str, Any], columns: Sequence[str], last: str | None) -> None:
        cells = [row["cells"].get(one, ANYTHING) for one in columns]
        inputs = sum(1 for one in columns if self.columns[one]["kind"] == "input")
        more = {key: row[key] for key in ROW_KEYS if row.get(key) is not None}
        if row.get("name"):
            more = {"id": row["name"], **more}
        value: Any = {**more, "when": cells[:inputs], "then": cells[inputs:]} if more else cells
        section = f"{self._id}/rows"
        first = next(
            (one.id for one in self.source.elements.values() if one.kind == "row" and one.id.startswith(section)), None
        )
        where = {"after": last} if last is not None else {"before": first} if first is not None else {}
        self._do(path, "add", section, value, **where)
        self.moved[id_] = self.source.added or id_

    def _order(self) -> None:
        """As few moves as bring the rows into their order."""
        wanted = list(self.rows)
        element = self.source.element(self._id)
        there = [one.id for one in self.source.elements.values() if one.kind == "row" and one.steps[:2] == element.steps]
        stay = _rising([there.index(self._now(id_)) for id_ in wanted])
        for place, id_ in enumerate(wanted):
            if place in stay:
                continue
            where = {"after": self._now(wanted[place - 1])} if place else {"before": there[0]}
            self._do("rows", "move", self._now(id_), **where)


def _written(column: Mapping[str, Any], keys: Sequence[str]) -> Any:
    value = {
        key: column[key] for key in keys if column.get(key) is not None and not (key == "name" and column["kind"] == "output")
    }
    if column["kind"] == "input" and not value.get("name") and not value.get("expr"):
        raise refusal("grid.input", "columns")
    if list(value) == ["name"]:
        return value["name"]
    return value["type"] if list(value) == ["type"] else value or "any" if column["kind"] == "output" else value


def _plain(path: str, value: Any) -> Any:
    try:
        return plain(value)
    except InputError as error:
        raise at(error, path) from None


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _rising(places: Sequence[int]) -> set[int]:
    """Which entries of a list make its longest rising part."""
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for index, place in enumerate(places):
        at = bisect_left(ends, place)
        before.append(tails[at - 1] if at else -1)
        ends[at : at + 1] = [place]
        tails[at : at + 1] = [index]
    found: set[int] = set()
    here = tails[-1] if tails else -1
    while here >= 0:
        found.add(here)
        here = before[here]
    return found
