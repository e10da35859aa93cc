"""Knows how the columns and rules of one DMN table become those of a decision table; must not know documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import define, evolve, field, frozen

from servflow.errors import ExpressionError, Finding, ServflowError
from servflow.expressions import Expression
from servflow.integrations._dmn_names import CAMUNDA, OURS, TYPES_WRITTEN
from servflow.integrations._dmn_read import MAX_FINDINGS, Decision, Document, Kind, spaced
from servflow.integrations._feel_meaning import Column, Meaning, Tree
from servflow.integrations._feel_read import Node, NotFeel, Tests
from servflow.integrations._feel_write import Speaker, feel_value
from servflow.integrations._xml import Element
from servflow.model import CONVERTERS, ValueProblem
from servflow.rules import Input, Output
from servflow.rules._effective import Effective, bounds_of

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RAW = re.compile(r"\w+(?: \w+)*")
GENERATED = "_sf."
"""What the ids begin with that are made in writing, and mean nothing in reading."""


@frozen
class _In:
    """One input column: what it becomes, and what its cells stand in; None where it is the period of the rows."""

    made: Input | None
    column: Column = field(factory=Column)
    called: str | None = None
    """What Camunda lets entries call the value that is asked, beside ``?``."""


@define
class TableReader:
    """Reads one decision table of a document."""

    document: Document
    decision: Decision
    targets: Mapping[str, Decision]
    meaning: Meaning = field(init=False)
    speaker: Speaker = field(init=False)
    zone: str | None = None
    read: dict[tuple[int, str, str | None], str] = field(factory=dict)
    """Column, entry and what was kept beside it -> the cell: tables repeat themselves."""

    def __attrs_post_init__(self) -> None:
        self.meaning = Meaning(self._resolve, self.document.zone)
        # A cell kept beside its FEEL is believed where it is said by that very FEEL, whatever tables there are.
        known = {one.table: one.outputs if one.hit in _SINGLE else None for one in self.document.decisions.values()}
        self.speaker = Speaker(None, known)

    def data(self) -> dict[str, Any]:
        """The table as a document writes it; what is wrong is taken down as findings."""
        logic, document = self.decision.logic, self.document
        self.zone = logic.attributes.get(f"{OURS} zone")
        inputs = [self._input(element) for element in document.children(logic, "input")]
        elements = document.children(logic, "output")
        outputs = [
            self._output(name, element, len(elements)) for name, element in zip(self.decision.outputs, elements, strict=True)
        ]
        names = [spaced(document.text(e) or e.attributes.get("name", "")) for e in document.children(logic, "annotation")]
        rows = [self._rule(rule, inputs, outputs, names) for rule in document.children(logic, "rule")]
        for child in document.children(logic):
            if child.name not in ("input", "output", "annotation", "rule", "description", "extensionElements"):
                document.problem("dmn.element", child, tag=child.name, parent="decisionTable")
        data: dict[str, Any] = {
            "name": self.decision.table,
            "hit": self.decision.hit,
            "inputs": [one.made for one in inputs if one.made is not None],
            "outputs": {output.name: output for output in outputs},
            "rows": rows,
        }
        version = self._held(logic, "version")
        if self.zone is not None:
            data["zone"] = self.zone
        if isinstance(version, (str, int)):
            data["version"] = version
        if self._held(logic, "strict") is True:
            data["strict"] = True
        return data

    # names ----------------------------------------------------------------------------------------------------------

    def _resolve(self, path: tuple[str, ...], at: int) -> Tree:
        name = self._decision_called(path[0])
        if name in self.targets:
            ours = self._result((name, *path[1:]), at)
        elif found := self._by_output(path[0], at):
            ours = (*found, *path[1:])
        elif name in self.document.decisions or name in self.document.others:
            what = self.document.others.get(name, "a decision that this one does not require")
            raise NotFeel(path[0], (f"is {what}", f"是 {what}"), at)
        else:
            ours = tuple(self.document.names.get(part, part) for part in path)
        tree: Tree = {"name": ours[0]}
        for part in ours:
            if not _IDENTIFIER.fullmatch(part):
                hint = f"names={{'{part}': 'a_name'}}"
                raise NotFeel(
                    f"the name '{part}'",
                    ("is none that an expression here can read", "无法在此处的表达式中使用"),
                    at,
                    (f"say what it is called here, such as {hint}", f"请指定其在此处的名称 {hint}"),
                )
        for part in ours[1:]:
            tree = {"select": part, "of": tree}
        return tree

    def _decision_called(self, name: str) -> str:
        """The decision of this name, or whose variable, or that is required and whose id, is called so; else the name."""
        document = self.document
        if name in document.inputs or name in document.decisions or name in document.others:
            return name
        for target in self.targets.values():
            if target.element.attributes.get("id") == name and len(target.outputs) > 1:
                return target.name
        return document.called.get(name, name)

    def _by_output(self, name: str, at: int) -> tuple[str, ...]:
        """The result that Camunda calls so: by the name of an output, or the id, of a decision that is required."""
        if name in self.document.inputs or name in self.document.decisions:
            return ()
        found = []
        for target in self.targets.values():
            output = self.document.names.get(name, name)
            if output in target.outputs:
                found.append((target, output))
            elif target.element.attributes.get("id") == name and len(target.outputs) == 1:
                found.append((target, target.outputs[0]))
        if len(found) > 1:
            raise NotFeel(name, ("may be a result of several decisions", "可能是多个决策的结果"), at)
        for target, output in found:
            if target.hit not in _SINGLE:
                self._result((target.name,), at)
            return "table", target.table, output
        return ()

    def _result(self, path: tuple[str, ...], at: int) -> tuple[str, ...]:
        target = self.targets[path[0]]
        if target.hit not in _SINGLE:
            raise NotFeel(
                path[0],
                (
                    f"gives a list or a total ({target.hit}), which no other table can read",
                    "的结果是列表或汇总",
                ),
                at,
            )
        if len(target.outputs) == 1 and len(path) == 1:
            return "table", target.table, target.outputs[0]
        if len(target.outputs) > 1 and len(path) == 2:
            output = self.document.names.get(path[1], path[1])
            if output in target.outputs:
                return "table", target.table, output
        raise NotFeel(".".join(path), (f"is no one output of {path[0]}", f"不是 {path[0]} 的某个输出"), at)

    # columns --------------------------------------------------------------------------------------------------------

    def _input(self, element: Element) -> _In:
        document = self.document
        sources = document.children(element, "inputExpression")
        if not sources:
            document.problem("dmn.no_expression", element)
            return _In(Input("_"))
        source = sources[0]
        document.language(source, "an input expression")
        text = document.text(source).strip()
        if element.attributes.get(f"{OURS} effective") == "true" and text == "at":
            return _In(None)
        node = document.feel(source, document.parser.expression, text)
        if node is None:
            return _In(Input("_"))
        kind = self._input_kind(source, node)
        label = spaced(element.attributes.get("label", ""))
        made = self._kept_input(element, source, text)
        tree: Tree | None = None
        try:
            tree = self.meaning.tree(node)
        except NotFeel as error:
            raw = document.names.get(node.value, node.value) if node.kind == "name" else ""
            if made is None and not (_RAW.fullmatch(raw) and self._is_field(node)):
                document.refuse(error, source, text)
                return _In(Input("_"))
            made = made or Input(raw)
        if made is None and tree is not None:
            ours = Expression.from_tree(tree).text
            made = Input(ours) if label in ("", ours, text) else Input(label, ours)
        assert made is not None
        made = Input(made.name, made.expr, self._own_type(source, kind), self._values(element, "inputValues", kind))
        called = element.attributes.get(f"{CAMUNDA} inputVariable") or "cellInput"
        declared = called in document.inputs or called in document.decisions or called in document.others
        return _In(made, Column(made.type or kind.type, tree), None if declared else called)

    def _is_field(self, node: Node) -> bool:
        known = (self.document.others, self.document.decisions)
        name = self._decision_called(node.value)
        try:
            return not any(name in names for names in known) and not self._by_output(node.value, node.at)
        except NotFeel:
            return False

    def _input_kind(self, source: Element, node: Node) -> Kind:
        reference = source.attributes.get("typeRef")
        if not spaced(reference or "") and node.kind == "name":
            reference = self.document.inputs.get(node.value)
        return self.document.kind(reference, source)

    def _own_type(self, source: Element, kind: Kind) -> str | None:
        """The type here that was written as this typeRef; what the typeRef says where it was changed since."""
        kept = source.attributes.get(f"{OURS} type")
        if kept is None:
            return kind.type
        if kept == "":
            said = source.attributes.get(f"{OURS} untyped", "")
            return None if said == source.attributes.get("typeRef", "") else kind.type
        return kept if TYPES_WRITTEN.get(kept.partition("(")[0]) == source.attributes.get("typeRef", "Any") else kind.type

    def _kept_input(self, element: Element, source: Element, text: str) -> Input | None:
        name = element.attributes.get(f"{OURS} name")
        if not name:
            return None
        made = Input(name, source.attributes.get(f"{OURS} expr") or None)
        try:
            return made if self.speaker.source(made) == text and name == element.attributes.get("label") else None
        except NotFeel:
            return None

    def _output(self, name: str, element: Element, count: int) -> Output:
        document = self.document
        kind = document.kind(element.attributes.get("typeRef"), element)
        if kind.type is None and not element.attributes.get("typeRef"):
            whole = document.kind(self.decision.logic.attributes.get("typeRef") or self.decision.variable, element)
            feel_name = spaced(element.attributes.get("name", ""))
            kind = whole if count == 1 and not whole.components else document.component(whole, feel_name)
        type_name = self._own_type(element, kind) or "any"
        kind = Kind(None if type_name == "any" else type_name, kind.values, {}, kind.element)
        one_of = self._values(element, "outputValues", kind)
        default = None
        for given in document.children(element, "defaultOutputEntry"):
            text = document.text(given).strip()
            node = document.feel(given, document.parser.expression, text)
            if node is not None:
                default = self._constant(given, node, text, kind.type)
        try:
            return Output(name, type_name, one_of, default)
        except TypeError:  # a value that cannot be hashed
            document.problem("dmn.values", element, text=name)
            return Output(name, type_name)

    def _values(self, element: Element, tag: str, kind: Kind) -> tuple[Any, ...]:
        document = self.document
        given = document.children(element, tag)
        place = given[0] if given else kind.element
        text = (document.text(given[0]) if given else kind.values or "").strip()
        if place is None or not text:
            return ()
        document.language(place, tag)
        tests = document.feel(place, document.parser.tests, text)
        if tests is None or not tests.parts:
            return ()
        if tests.negated or any(part.kind not in ("number", "string", "const", "at", "call") for part in tests.parts):
            # Bounds of what may come in; no decision on values within them changes.
            document.dropped.append(f"allowed values {text[:100]} of {self.decision.name} (line {place.line})")
            return ()
        kept = self._held(place, "values")
        if isinstance(kept, list) and _said(kept) == text:
            return tuple(self._converted(place, value, text, kind.type) for value in kept)
        found = (self._constant(place, part, text, kind.type) for part in tests.parts)
        return tuple(value for value in found if value is not None)

    def _constant(self, element: Element, node: Node, text: str, kind: str | None) -> Any:
        kept = self._held(element, "value")
        if kept is not None and _said([kept]) == text:
            return self._converted(element, kept, text, kind)
        try:
            return self._converted(element, self.meaning.constant(node, kind), text, kind)
        except NotFeel as error:
            self.document.refuse(error, element, text)
            return None

    def _converted(self, element: Element, value: Any, text: str, kind: str | None) -> Any:
        if value is None:
            return None
        try:
            return CONVERTERS[(kind or "any").partition("(")[0]](value)
        except ValueProblem as problem:
            self.document.problem("dmn.value", element, text=text[:200], expected=str(problem))
            return None

    @staticmethod
    def _held(element: Element, key: str) -> Any:
        """The value that an attribute of our own holds as an expression; None where there is none."""
        text = element.attributes.get(f"{OURS} {key}")
        if text is None:
            return None
        try:
            return Expression.parse(text).evaluate({})
        except ExpressionError:
            return None

    # rules ----------------------------------------------------------------------------------------------------------

    def _rule(self, rule: Element, inputs: list[_In], outputs: list[Output], annotations: list[str]) -> dict[str, Any]:
        document = self.document
        tests = document.children(rule, "inputEntry")
        entries = document.children(rule, "outputEntry")
        if len(tests) != len(inputs) or len(entries) != len(outputs):
            facts = {"cells": len(tests) + len(entries), "inputs": len(inputs), "outputs": len(outputs)}
            document.problem("dmn.rule_length", rule, **facts)
            return {"when": ["-"] * sum(one.made is not None for one in inputs), "then": ["-"] * len(outputs)}
        data: dict[str, Any] = {"when": [], "then": []}
        for index, (one, entry) in enumerate(zip(inputs, tests, strict=True)):
            if one.made is not None:
                data["when"].append(self._once(index, entry, partial(self._test, one, entry)))
            else:
                self._effective(rule, entry, data)
        for index, (output, entry) in enumerate(zip(outputs, entries, strict=True), len(inputs)):
            data["then"].append(self._once(index, entry, partial(self._entry, output, entry)))
        self._people(rule, data, annotations)
        return data

    def _once(self, index: int, entry: Element, read: Callable[[], str]) -> str:
        key = (index, self.document.text(entry), entry.attributes.get(f"{OURS} cell"))
        if key in self.read and "expressionLanguage" not in entry.attributes:
            return self.read[key]
        before = len(self.document.findings)
        cell = read()
        if len(self.document.findings) == before < MAX_FINDINGS:  # what is wrong is told wherever it stands
            self.read[key] = cell
        return cell

    def _test(self, one: _In, entry: Element) -> str:
        document = self.document
        document.language(entry, "an input entry")
        text = document.text(entry).strip()
        kept = entry.attributes.get(f"{OURS} cell")
        if kept is not None and self._believed(lambda: self.speaker.input_cell(kept, one.column.type), text):
            return kept
        tests = document.feel(entry, document.parser.tests, text)
        if tests is None:
            return "-"
        if one.called is not None:
            tests = evolve(tests, parts=tuple(_asking(part, one.called) for part in tests.parts))
        try:
            return self.meaning.input_cell(tests, one.column)
        except NotFeel as error:
            document.refuse(error, entry, text)
            return "-"

    def _entry(self, output: Output, entry: Element) -> str:
        document = self.document
        document.language(entry, "an output entry")
        text = document.text(entry).strip()
        kept = entry.attributes.get(f"{OURS} cell")
        if kept is not None and self._believed(lambda: self.speaker.output_cell(kept, output), text):
            return kept
        if not text:
            return "null"
        if text == "-":
            document.problem("dmn.no_value", entry)
            return "-"
        node = document.feel(entry, document.parser.expression, text)
        if node is None:
            return "-"
        try:
            return self.meaning.output_cell(node, output.type)
        except NotFeel as error:
            document.refuse(error, entry, text)
            return "-"

    @staticmethod
    def _believed(said: Any, text: str) -> bool:
        try:
            return bool(said() == text)
        except (NotFeel, ServflowError):
            return False

    def _effective(self, rule: Element, entry: Element, data: dict[str, Any]) -> None:
        text = self.document.text(entry).strip()
        start, end = (rule.attributes.get(f"{OURS} {key}") for key in ("start", "end"))
        if text == "-":
            return
        if self._believed(lambda: period(start, end, self.zone), text):
            found = {"start": start, "end": end}
        else:
            tests = self.document.feel(entry, self.document.parser.tests, text)
            found = self._period(tests) if tests is not None else {}
            if tests is not None and not found:
                self.document.problem("dmn.period", entry, text=text[:200])
        if found:
            data["effective"] = {key: value for key, value in found.items() if value}

    def _period(self, tests: Tests) -> dict[str, str | None]:
        if len(tests.parts) != 1 or tests.negated:
            return {}
        part = tests.parts[0]
        bounds: tuple[Node | None, Node | None] = (None, None)
        if part.kind == "test" and part.value in (">=", "<"):
            bounds = (part.parts[0], None) if part.value == ">=" else (None, part.parts[0])
        elif part.kind == "range" and part.value == (True, False):
            bounds = (part.parts[0], part.parts[1])
        try:
            values = [None if node is None else self.meaning.constant(node, "timestamp") for node in bounds]
        except NotFeel:
            return {}
        return {key: value.isoformat() for key, value in zip(("start", "end"), values, strict=True) if value is not None}

    def _people(self, rule: Element, data: dict[str, Any], annotations: list[str]) -> None:
        document = self.document
        kept, identity = rule.attributes.get(f"{OURS} id"), rule.attributes.get("id", GENERATED)
        if kept is not None or not identity.startswith(GENERATED):
            data["id"] = identity if kept is None else kept
        texts = ["".join(one.text).strip() for one in document.children(rule, "description")]
        entries = [document.text(one).strip() for one in document.children(rule, "annotationEntry")]
        named = len([one for one in entries if one]) > 1
        for index, one in enumerate(entries):
            label = annotations[index] if index < len(annotations) else ""
            texts.append(f"{label}: {one}" if named and label and one else one)
        note = "\n".join(one for one in texts if one)
        kept = rule.attributes.get(f"{OURS} note")
        if kept is not None and kept.strip() == note:
            data["note"] = kept
        elif note:
            data["note"] = note
        labels = self._held(rule, "labels")
        if isinstance(labels, list):
            data["labels"] = labels


_SINGLE = ("unique", "first", "priority", "any")


def _asking(node: Node, called: str) -> Node:
    """The same with ``?`` for a name; its height is bounded by the parser."""
    if node.kind == "name" and node.value == called:
        return Node("input", None, (), node.at)
    return evolve(node, parts=tuple(_asking(part, called) for part in node.parts)) if node.parts else node


def _said(values: list[Any]) -> str | None:
    try:
        return ", ".join(feel_value(value) for value in values)
    except NotFeel:
        return None


def period(start: str | None, end: str | None, zone: str | None) -> str:
    """
    The unary test on ``at`` for a period as it is written.

    Raises:
        ServflowError: it is no period.
    """
    found: list[Finding] = []
    low, high = bounds_of(Effective(start, end), zone, "", found)
    if found:
        raise ServflowError("no period")
    if low is None or high is None:
        return f">= {feel_value(low)}" if low is not None else f"< {feel_value(high)}" if high is not None else "-"
    return f"[{feel_value(low)}..{feel_value(high)})"
