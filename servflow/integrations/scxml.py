"""Knows how charts come from SCXML documents and go into them; must not run scripts or fetch what a document names."""

from __future__ import annotations

from collections.abc import Mapping

from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.integrations._parts import Parts
from servflow.integrations._scxml_read import read_scxml
from servflow.integrations._scxml_write import Writer
from servflow.statemachine import Machine


def from_scxml(text: str | bytes, conditions: Mapping[str, str] | None = None) -> Parts:
    """
    Read the structure of an SCXML document: states, history, transitions, and what of their content is data.

    ``In('x')`` becomes ``in_state('x')``, ``_event.data.x`` becomes ``payload.x``; of ECMAScript the comparisons, ``&&``,
    ``||``, ``!``, literals and names are read. ``raise``, and ``send`` of an event the chart takes itself, become ``emit``,
    ``assign`` ``set``, other ``send`` and elements of other namespaces ``call``; a ``send`` with a delay on entry is a timer.
    What is done on entry and exit is put onto the transitions that cross a state. Everything else is listed in ``dropped``.

    Args:
        text: the document; a DOCTYPE is refused, so nothing in it can expand or be fetched.
        conditions: what a condition means, by its text: an expression over fields.

    Raises:
        InputError: it is no well-formed XML, too long or too deep.
        DefinitionError: with every problem, each with its line; conditions that cannot be read are all among them.
    """
    return read_scxml(text, conditions or {})


def to_scxml(chart: Machine | Workflow | Parts, name: str | None = None) -> str:
    """
    Write a chart as an SCXML document; ``from_scxml`` gives an equal machine.

    What SCXML has no word for stands in attributes of a namespace of its own, which other tools pass over: the order of
    transitions and those with several sources, ``closed``, updates. A transition from anywhere stands in every top state.
    Of a workflow the states, timers, transitions and updates are written, not who may, nor clocks, dispatch or chains.
    Ids that are no XML names are escaped. Conditions that ECMAScript cannot say are written as they are, and the
    document then says so by its ``datamodel``.

    Args:
        chart: what to write.
        name: what the document is called; the workflow's name if None.

    Raises:
        InputError: a name holds a character that XML cannot, or *chart* is none.
    """
    given: object = chart  # whatever a host passed
    if isinstance(given, Machine):
        machine, data = given, given.to_data()
    elif isinstance(given, Workflow):
        machine, data = given.compiled.chart, given.to_data()
        name = given.workflow if name is None else name
    elif isinstance(given, Parts):
        machine, data = given.machine(), given.definition("parts")
    else:
        raise InputError(f"a machine, a workflow or parts can be written as SCXML, not {type(given).__name__}")
    defaults = {node: list(spec.entry) for node, spec in machine.states.items() if spec.kind in ("shallow", "deep")}
    # Of a machine alone nobody has said which states are closed.
    writer = Writer(data["states"], list(data["transitions"]), defaults, not isinstance(given, Machine))
    return writer.document(name, data.get("initial"))


__all__ = ["Parts", "from_scxml", "to_scxml"]
