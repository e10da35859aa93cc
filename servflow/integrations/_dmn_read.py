"""Knows how decision tables are found in a DMN document; must not know FEEL's grammar or how a table decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from servflow.errors import DefinitionError, Finding, InputError, nearest
from servflow.integrations._dmn_names import AGGREGATIONS, HITS, LOGIC, READ, REFUSED_TYPES, TYPES
from servflow.integrations._feel_read import NotFeel, Parser, Vocabulary
from servflow.integrations._xml import Element, read_xml

MAX_LENGTH = 30_000_000
MAX_ELEMENTS = 300_000
MAX_FINDINGS = 200
_FEEL = re.compile(r"(https?://www\.omg\.org/spec/(FEEL|DMN)/.*FEEL.*|https?://www\.omg\.org/spec/FEEL/.*|feel)", re.IGNORECASE)


@frozen
class Kind:
    """What a ``typeRef`` comes to: a type, the text of the values allowed, and the kinds of its components."""

    type: str | None = None
    values: str | None = None
    components: Mapping[str, Element] = field(factory=dict)
    element: Element | None = None


@define
class Decision:
    """One decision that holds a table."""

    name: str
    table: str
    element: Element
    logic: Element
    variable: str | None = None
    """Its typeRef."""
    requires: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    hit: str = "unique"


@define
class Document:
    """One DMN document, as far as its parts are known by name."""

    names: Mapping[str, str]
    only: tuple[str, ...]
    zone: str | None
    findings: list[Finding] = field(factory=list)
    dropped: list[str] = field(factory=list)
    space: str = ""
    items: dict[str, Element] = field(factory=dict)
    inputs: dict[str, str | None] = field(factory=dict)
    """Name of input data -> its typeRef."""
    decisions: dict[str, Decision] = field(factory=dict)
    others: dict[str, str] = field(factory=dict)
    """Name of a decision without a table that is read -> what it is."""
    called: dict[str, str] = field(factory=dict)
    """Name of a decision's variable, where it is another one -> name of the decision."""
    namespace: str = ""
    parser: Parser = field(factory=lambda: Parser(Vocabulary(())))

    # finding what is there ------------------------------------------------------------------------------------------

    def read(self, source: str | bytes) -> None:
        """
        Find what the document holds.

        Raises:
            InputError: it is no well-formed XML, or no DMN.
        """
        root = read_xml(source, longest=MAX_LENGTH, most=MAX_ELEMENTS)
        if root.name != "definitions" or root.space not in READ:
            raise InputError(
                f"line {root.line}: this is no DMN 1.1 to 1.5: its root is <{root.name}> in the namespace '{root.space[:200]}'",
                code="dmn.root",
                line=root.line,
                tag=root.name,
                namespace=root.space[:200],
            )
        self.space = root.space
        self.namespace = root.attributes.get("namespace", "")
        self.language(root, "the model")
        by_id: dict[str, str] = {}
        waiting: list[Element] = []
        for child in self.children(root):
            name = spaced(child.attributes.get("name", ""))
            if child.name == "itemDefinition":
                self.items.setdefault(name, child)
            elif child.name == "inputData":
                self.inputs[name] = self._variable(child)
                self.inputs.setdefault(self._variable_name(child), self.inputs[name])
                by_id[child.attributes.get("id", "")] = name
            elif child.name == "decision":
                self.called.setdefault(self._variable_name(child), name)
                by_id[child.attributes.get("id", "")] = name
                waiting.append(child)
            elif child.name == "businessKnowledgeModel":
                self.dropped.append(f"business knowledge model {name} (line {child.line})")
            elif child.name == "import":
                self.dropped.append(f"import of {child.attributes.get('namespace', name)} (line {child.line})")
        ids = {key: name for key, name in by_id.items() if key}
        for child in waiting:
            self._decision(child, ids)
        self._wanted()
        known = (*self.inputs, *self.decisions, *self.others, *self.called, *self._components(), *self.names)
        self.parser = Parser(Vocabulary(known))

    def children(self, element: Element, *names: str) -> list[Element]:
        """The children in the namespace of DMN, all or those of these names."""
        return [child for child in element.children if child.space == self.space and (not names or child.name in names)]

    def text(self, element: Element | None) -> str:
        """What stands in the element's ``text``."""
        texts = [] if element is None else self.children(element, "text")
        return "".join(texts[0].text) if texts else ""

    def problem(self, code: str, element: Element, **facts: Any) -> None:
        """Take down what is wrong with an element, at its id or its name."""
        if len(self.findings) < MAX_FINDINGS:
            path = element.attributes.get("id") or element.name
            self.findings.append(Finding(code, path[:80], facts, line=element.line))

    def refuse(self, error: NotFeel, element: Element, text: str) -> None:
        """Take down FEEL that cannot be read."""
        facts: dict[str, Any] = {
            "text": text[:200],
            "what": error.what,
            "position": error.at,
            "problem": {"en": error.why[0], "zh": error.why[1]},
        }
        if error.hint is not None:
            facts["hint"] = {"en": error.hint[0], "zh": error.hint[1]}
        self.problem("dmn.feel_hint" if error.hint else "dmn.feel", element, **facts)

    def feel(self, element: Element, read: Callable[[str], Any], text: str) -> Any:
        """What a text of FEEL reads as; None, and a finding, where it does not."""
        try:
            return read(text)
        except NotFeel as error:
            self.refuse(error, element, text)
            return None

    def language(self, element: Element, what: str) -> None:
        """FEEL is the only language known here."""
        said = element.attributes.get("expressionLanguage")
        if said and not _FEEL.fullmatch(said.strip()):
            self.problem("dmn.language", element, language=said[:100], what=what)

    def _variable(self, element: Element) -> str | None:
        found = self.children(element, "variable")
        return found[0].attributes.get("typeRef") if found else None

    def _variable_name(self, element: Element) -> str:
        found = self.children(element, "variable")
        return spaced(found[0].attributes.get("name", "")) if found else spaced(element.attributes.get("name", ""))

    def _decision(self, element: Element, ids: Mapping[str, str]) -> None:
        name = spaced(element.attributes.get("name", ""))
        identity = element.attributes.get("id", "")
        if self.only and name not in self.only and identity not in self.only:
            self.others[name] = "a decision that was not asked for"
            return
        tables = self.children(element, "decisionTable")
        logic = self.children(element, *LOGIC)
        if not name:
            self.problem("dmn.nameless", element)
        elif name in self.decisions:
            self.problem("dmn.twice", element, name=name)
        elif not tables:
            kind = logic[0].name if logic else "nothing"
            self.others[name] = f"<{kind}>"
            self.problem("dmn.no_table", logic[0] if logic else element, name=name, kind=kind)
        else:
            self.language(tables[0], f"decision {name}")
            made = Decision(name, self.names.get(name, name), element, tables[0], self._variable(element))
            made.requires = tuple(self._required(element, ids, name))
            self.decisions[name] = made

    def _required(self, element: Element, ids: Mapping[str, str], name: str) -> list[str]:
        found = []
        for need in self.children(element, "informationRequirement"):
            for target in self.children(need, "requiredDecision"):
                space, _, asked = target.attributes.get("href", "").rpartition("#")
                if asked in ids and space in ("", self.namespace):
                    found.append(ids[asked])
                else:
                    self.problem("dmn.href", target, href=(f"{space}#{asked}" if space else asked)[:100])
        for need in self.children(element, "knowledgeRequirement"):
            self.problem("dmn.knowledge", need, name=name)
        return found

    def _wanted(self) -> None:
        known = {*self.decisions, *(one.element.attributes.get("id", "") for one in self.decisions.values())}
        for name in self.only:
            if name not in known and not any(finding.facts.get("name") == name for finding in self.findings):
                all_names = [*self.decisions, *self.others]
                facts = {"name": name, "known": tuple(all_names), "nearest": nearest(name, all_names)}
                self.findings.append(Finding("dmn.no_decision", "", facts))
        if not self.decisions and not self.findings:
            self.findings.append(Finding("dmn.no_decision", "", {"name": "-", "known": tuple(self.others)}))

    def _components(self) -> list[str]:
        found: list[str] = []
        waiting = [*self.items.values(), *(one.logic for one in self.decisions.values())]
        while waiting:
            for child in self.children(waiting.pop(), "itemComponent", "output"):
                found.append(spaced(child.attributes.get("name", "")))
                waiting.append(child)
        return found

    # types ----------------------------------------------------------------------------------------------------------

    def kind(self, reference: str | None, element: Element, depth: int = 0) -> Kind:
        """
        What a typeRef comes to; one that is not known or has no counterpart becomes a finding.

        Item definitions may refer to each other; a circle of them ends in a finding.
        """
        name = spaced(reference or "")
        if not name:
            return Kind()
        bare = name.rpartition(":")[2]
        item = self.items.get(name) or self.items.get(bare)
        if item is not None:
            if depth > 20:
                self.problem("dmn.type", element, type=name[:100], known=tuple(TYPES))
                return Kind()
            return self._item(item, depth)
        if bare == "date" and self.zone is not None:
            return Kind("timestamp")
        if bare == "date":
            self.problem("dmn.date", element)
        elif bare in REFUSED_TYPES:
            self.problem("dmn.no_type", element, type=bare)
        elif bare not in TYPES:
            self.problem("dmn.type", element, type=name[:100], known=tuple(TYPES), nearest=nearest(bare, TYPES))
        return Kind(None if bare == "Any" else TYPES.get(bare))

    def component(self, kind: Kind, name: str) -> Kind:
        """The kind of one component of a structure."""
        return self._item(kind.components[name], 0) if name in kind.components else Kind()

    def _item(self, item: Element, depth: int) -> Kind:
        components = {spaced(child.attributes.get("name", "")): child for child in self.children(item, "itemComponent")}
        references = self.children(item, "typeRef")
        inner = Kind()
        if references:
            inner = self.kind("".join(references[0].text), item, depth + 1)
        if item.attributes.get("isCollection") == "true" and not components:
            return Kind()  # a list of them; the kind of one is not the kind of all
        allowed = self.children(item, "allowedValues")
        values = self.text(allowed[0]) if allowed else inner.values
        return Kind(inner.type, values, components or inner.components, allowed[0] if allowed else inner.element)

    # results --------------------------------------------------------------------------------------------------------

    def hit(self, decision: Decision) -> str:
        """The hit policy of a table, with its aggregation."""
        given = decision.logic.attributes
        said, total = given.get("hitPolicy", "UNIQUE"), given.get("aggregation")
        policy = HITS.get(" ".join(said.upper().replace("_", " ").split()))
        if policy is None:
            self.problem("dmn.hit", decision.logic, value=said[:40], known=tuple(HITS))
            return "unique"
        if total is None:
            return policy
        if policy != "collect" or total.upper() not in AGGREGATIONS:
            self.problem("dmn.aggregation", decision.logic, value=total[:40], known=tuple(AGGREGATIONS))
            return policy
        return f"collect {AGGREGATIONS[total.upper()]}"

    def refused(self) -> DefinitionError:
        """The error with every problem, in the order of the document."""
        return DefinitionError.of(sorted(self.findings, key=lambda finding: finding.line or 0))


def spaced(name: str) -> str:
    """A name of FEEL with single blanks."""
    return " ".join(name.split())
