"""Knows how decision tables are laid out as a DMN document; must not know how one is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from servflow.errors import DefinitionError, Finding
from servflow.expressions import FieldType
from servflow.integrations import _sheet_cells as cells
from servflow.integrations._dmn_names import MODELS, OURS, TYPES_WRITTEN
from servflow.integrations._dmn_table import GENERATED, period
from servflow.integrations._feel_meaning import Column, Meaning
from servflow.integrations._feel_read import Node, NotFeel, Parser, Vocabulary
from servflow.integrations._feel_write import Speaker, feel_value
from servflow.integrations._xml_write import escaped_text, tag
from servflow.model import CONVERTERS, Field, ValueProblem
from servflow.rules import DecisionTable, Input, Output

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SINGLE = ("unique", "first", "priority", "any")
_NO_ASK = Column("string", {"name": "_"})


@define
class Writer:
    """One document being written."""

    tables: Sequence[DecisionTable]
    fields: Mapping[str, Any]
    findings: list[Finding] = field(factory=list)
    ids: set[str] = field(factory=set)
    decisions: dict[str, str] = field(factory=dict)
    known: dict[str, tuple[str, ...] | None] = field(factory=dict)
    inputs: dict[str, str] = field(factory=dict)
    """Every name that is read -> its type, where known."""
    parser: Parser = field(factory=lambda: Parser(Vocabulary(())))

    def document(self, name: str, version: str) -> str:
        """
        The document.

        Raises:
            DefinitionError: with everything that FEEL cannot say, each at its place in the table.
        """
        for number, table in enumerate(self.tables, 1):
            self.decisions[table.name] = f"decision_{number}"
            self.known[table.name] = tuple(table.outputs) if table.hit in _SINGLE else None
        self.ids.update(self.decisions.values())
        lines = [line for table in self.tables for line in self._decision(table)]
        if self.findings:
            raise DefinitionError.of(self.findings)
        head = {
            "xmlns": MODELS[version],
            "xmlns:servflow": OURS,
            "id": "definitions_1",
            "name": name,
            "namespace": f"{OURS}:model",
            "exporter": "servflow",
        }
        found = ['<?xml version="1.0" encoding="UTF-8"?>', tag("definitions", head, closed=False)]
        for number, (one, kind) in enumerate(self.inputs.items(), 1):
            found.append("  " + tag("inputData", {"id": f"input_data_{number}", "name": one}, closed=False))
            found.append("    " + tag("variable", {"name": one, "typeRef": kind or None}, closed=True))
            found.append("  </inputData>")
        return "\n".join([*found, *lines, "</definitions>", ""])

    def _decision(self, table: DecisionTable) -> Iterator[str]:
        speaker = Speaker(table.functions, self.known)
        dated = any(row.effective is not None for row in table.rows)
        body = [*self._columns(table, speaker, dated=dated), *self._rules(table, speaker, dated=dated)]
        for name in (*speaker.reads, *(["at"] if dated else [])):
            typed = [column.type for column in table.inputs if column.expr is None and column.name == name]
            kind = "timestamp" if name == "at" and dated else self._declared(name) or next(iter(typed), None)
            if not self.inputs.get(name):
                self.inputs[name] = "" if kind in (None, "any") else TYPES_WRITTEN.get(kind or "", "")
        numbers = {name: f"input_data_{number}" for number, name in enumerate(self.inputs, 1)}
        yield "  " + tag("decision", {"id": self.decisions[table.name], "name": table.name}, closed=False)
        kind = next(iter(table.outputs.values())).type if len(table.outputs) == 1 else ""
        whole = TYPES_WRITTEN.get(kind) if table.hit in _SINGLE and kind != "any" else None
        yield "    " + tag("variable", {"name": table.name, "typeRef": whole}, closed=True)
        needs = [("requiredInput", numbers[name]) for name in (*speaker.reads, *(["at"] if dated else []))]
        needs += [("requiredDecision", self.decisions[name]) for name in speaker.tables]
        for kind, identity in dict.fromkeys(needs):
            yield f'    <informationRequirement><{kind} href="#{identity}"/></informationRequirement>'
        policy, _, total = table.hit.partition(" ")
        collected = policy == "collect" and bool(total)
        said = {
            "id": self._own_id(f"{self.decisions[table.name]}_table"),
            "hitPolicy": ("collect" if collected else table.hit).upper(),
            "aggregation": total.upper() if collected else None,
            "servflow:zone": table.zone,
            "servflow:strict": "true" if table.strict else None,
            "servflow:version": None if table.version is None else cells.literal(table.version),
        }
        yield "    " + tag("decisionTable", said, closed=False)
        yield from body
        yield "    </decisionTable>"
        yield "  </decision>"

    # columns --------------------------------------------------------------------------------------------------------

    def _columns(self, table: DecisionTable, speaker: Speaker, *, dated: bool) -> Iterator[str]:
        for index, column in enumerate(table.inputs):
            yield from self._input(table, index, column, speaker)
        prefix = f"{GENERATED}{self.decisions[table.name]}"
        if dated:
            head = {"id": f"{prefix}.at", "label": "at", "servflow:effective": "true"}
            yield "      " + tag("input", head, closed=False)
            yield '        <inputExpression typeRef="date and time"><text>at</text></inputExpression>'
            yield "      </input>"
        for number, output in enumerate(table.outputs.values(), 1):
            yield from self._output(table, f"{prefix}.out{number}", output)
        if any(row.note for row in table.rows):
            yield '      <annotation name="note"/>'

    def _input(self, table: DecisionTable, index: int, column: Input, speaker: Speaker) -> Iterator[str]:
        path = f"{table.name}: inputs[{index}]"
        text = self._said(path, column.name, lambda: speaker.source(column))
        kind = self._kind(column)
        reference = self._reference(kind, path)
        said = {
            "typeRef": reference,
            "servflow:expr": column.expr,
            "servflow:type": (column.type or "") if column.type is None or column.type != _BACK.get(reference or "") else None,
            "servflow:untyped": (reference or "") if column.type is None else None,
        }
        identity = f"{GENERATED}{self.decisions[table.name]}.in{index + 1}"
        head = {"id": identity, "label": column.name, "servflow:name": column.name}
        yield "      " + tag("input", head, closed=False)
        yield _texted("        ", "inputExpression", said, text)
        yield from self._values("inputValues", column.one_of, column.type, path)
        yield "      </input>"

    def _output(self, table: DecisionTable, identity: str, output: Output) -> Iterator[str]:
        path = f"{table.name}: outputs.{output.name}"
        reference = None if output.type == "any" else self._reference(output.type, path)
        said = {
            "id": identity,
            "name": output.name,
            "typeRef": reference or "Any",
            "servflow:type": output.type if output.type != _BACK.get(reference or "", "any") else None,
        }
        yield "      " + tag("output", said, closed=False)
        yield from self._values("outputValues", output.one_of, output.type, path)
        if output.default is not None:
            text = self._said(path, "default", lambda: feel_value(output.default))
            back = self._constant(text, output.type)
            held = {"servflow:value": None if _alike(back, output.default) else self._literal(output.default, path)}
            yield _texted("        ", "defaultOutputEntry", held, text)
        yield "      </output>"

    def _values(self, name: str, values: tuple[Any, ...], kind: str | None, path: str) -> Iterator[str]:
        if not values:
            return
        text = self._said(path, "one_of", lambda: ", ".join(feel_value(value) for value in values))
        same = all(_alike(self._constant(feel_value(value), kind), value) for value in values) if text else True
        held = {"servflow:values": None if same else self._literal(list(values), path)}
        yield _texted("        ", name, held, text)

    def _kind(self, column: Input) -> str | None:
        if column.type is not None:
            return column.type
        return self._declared(column.name if column.expr is None else column.expr)

    def _declared(self, name: str) -> str | None:
        given = self.fields.get(name)
        if isinstance(given, (Field, FieldType)):
            given = given.type
        if isinstance(given, Mapping):
            given = given.get("type")
        return given if isinstance(given, str) and given in TYPES_WRITTEN else None

    def _reference(self, kind: str | None, path: str) -> str | None:
        if kind is None:
            return None
        found = TYPES_WRITTEN.get(kind)
        if found is None:
            self._refuse(path, kind, NotFeel(f"the type {kind}", ("has no counterpart in FEEL", "在 FEEL 中没有对应")))
        return found

    # rules ----------------------------------------------------------------------------------------------------------

    def _rules(self, table: DecisionTable, speaker: Speaker, *, dated: bool) -> Iterator[str]:
        kinds = [self._kind(column) for column in table.inputs]
        outputs = list(table.outputs.values())
        noted = any(row.note for row in table.rows)
        written: dict[tuple[int, str], tuple[str, str | None]] = {}
        for number, row in enumerate(table.rows):
            effective, note = row.effective, row.note
            plain = note is None or (note and note == note.strip())
            identity = self._row_id(row.id, table, number)
            said = {
                "id": identity,
                "servflow:id": row.id if row.id != identity else None,
                "servflow:note": None if plain else note,
                "servflow:labels": cells.literal(list(row.labels)) if row.labels else None,
                "servflow:start": effective.start if effective else None,
                "servflow:end": effective.end if effective else None,
            }
            yield "      " + tag("rule", said, closed=False)
            prefix = f"{GENERATED}{self.decisions[table.name]}.{number + 1}"
            for index, text in enumerate((*row.when, *row.then)):
                inner = index < len(row.when)
                if index == len(row.when) and dated:
                    span = "-" if effective is None else period(effective.start, effective.end, table.zone)
                    yield _texted("        ", "inputEntry", {"id": f"{prefix}.at"}, span)
                if (index, text) not in written:
                    path = f"{table.name}: rows[{number}][{index}]"
                    written[(index, text)] = (
                        self._test(path, text, kinds[index], speaker)
                        if inner
                        else self._entry(path, text, outputs[index - len(row.when)], speaker)
                    )
                feel, cell = written[(index, text)]
                head = {"id": f"{prefix}.{index + 1}", "servflow:cell": cell}
                yield _texted("        ", "inputEntry" if inner else "outputEntry", head, feel)
            if noted:
                yield f"        <annotationEntry><text>{escaped_text(note or '')}</text></annotationEntry>"
            yield "      </rule>"

    def _test(self, path: str, text: str, kind: str | None, speaker: Speaker) -> tuple[str, str | None]:
        said = self._said(path, text, lambda: speaker.input_cell(text, kind))
        meaning = Meaning(_same_names)
        column = Column(kind, _NO_ASK.asked)
        same = self._reads(lambda: meaning.input_cell(self.parser.tests(said), column), text)
        return said, None if same else text

    def _entry(self, path: str, text: str, output: Output, speaker: Speaker) -> tuple[str, str | None]:
        said = self._said(path, text, lambda: speaker.output_cell(text, output))
        meaning = Meaning(_same_names)
        same = text != "-" and self._reads(lambda: meaning.output_cell(self.parser.expression(said), output.type), text)
        return said, None if same else text

    @staticmethod
    def _reads(read: Any, text: str) -> bool:
        try:
            return bool(read() == text)
        except NotFeel:
            return False

    def _constant(self, text: str, kind: str | None) -> Any:
        try:
            node: Node = self.parser.expression(text)
            value = Meaning(_same_names).constant(node, None if kind == "any" else kind)
            return CONVERTERS[(kind or "any").partition("(")[0]](value)
        except (NotFeel, ValueProblem):
            return None

    def _literal(self, value: Any, path: str) -> str | None:
        try:
            return cells.literal(value)
        except cells.NoCell:
            self._refuse(path, str(value)[:60], NotFeel("the value", ("has no counterpart in FEEL", "在 FEEL 中没有对应")))
            return None

    # ids and problems -----------------------------------------------------------------------------------------------

    def _row_id(self, name: str | None, table: DecisionTable, number: int) -> str:
        if name is not None and _ID.fullmatch(name) and name not in self.ids and not name.startswith(GENERATED):
            return self._own_id(name)
        return self._own_id(f"{GENERATED}{self.decisions[table.name]}.{number + 1}")

    def _own_id(self, name: str) -> str:
        self.ids.add(name)
        return name

    def _said(self, path: str, text: str, say: Any) -> str:
        try:
            return str(say())
        except NotFeel as error:
            self._refuse(path, text, error)
            return ""

    def _refuse(self, path: str, text: str, error: NotFeel) -> None:
        facts: dict[str, Any] = {
            "text": text[:200],
            "what": error.what,
            "problem": {"en": error.why[0], "zh": error.why[1]},
        }
        if error.hint is not None:
            facts["hint"] = {"en": error.hint[0], "zh": error.hint[1]}
        self.findings.append(Finding("dmn.unsaid_hint" if error.hint else "dmn.unsaid", path, facts))


def _same_names(path: tuple[str, ...], at: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"name": path[0]}
    for part in path[1:]:
        tree = {"select": part, "of": tree}
    return tree


def _alike(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


_BACK = {
    "string": "string",
    "number": "decimal",
    "boolean": "bool",
    "date and time": "timestamp",
    "days and time duration": "duration",
}
"""What a type that is written reads as, without more being said."""


def _texted(indent: str, name: str, attributes: Mapping[str, str | None], text: str) -> str:
    return f"{indent}{tag(name, attributes, closed=False)}<text>{escaped_text(text)}</text></{name}>"
