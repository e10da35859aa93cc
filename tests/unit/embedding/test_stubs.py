"""Holds typed stubs to telling a type checker what a workflow allows, and to keeping names of a definition in quotes."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow import Desk, Workflow, load
from servflow.documents import TEMPLATES, copy_template
from servflow.embedding import stubs
from servflow.errors import DefinitionError
from servflow.stores import MemoryStore
from tests.requirements import require

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

REPAIR: Mapping[str, Any] = {
    "workflow": "repair",
    "fields": {
        "tier": {"type": "string", "one_of": ["gold", "standard"], "default": "standard"},
        "amount": {"type": "decimal"},
        "serial": {"type": "string", "required": True},
        "seen": {"type": "timestamp"},
    },
    "roles": ["clerk", "engineer"],
    "queues": ["desk"],
    "events": {"ticket.update": {"allow": ["clerk"]}, "ticket.force": {"allow": ["clerk"]}, "called": {"allow": ["clerk"]}},
    "initial": "new",
    "states": {"new": {}, "on_site": {}, "done": {"closed": True}},
    "transitions": [
        {"event": "arrive", "source": "new", "target": "on_site", "allow": ["engineer"]},
        {
            "event": "finish",
            "source": "on_site",
            "target": "done",
            "allow": ["engineer"],
            "payload": {"amount": {"type": "decimal"}, "note": {"type": "string", "optional": True}},
        },
    ],
    "clocks": [{"name": "fix", "start": {"state": "new"}, "stop": [{"state": "done"}, {"event": "called"}], "within": "4h"}],
}

PROGRAM = """
from datetime import datetime
from decimal import Decimal

from repair_types import FinishPayload, State, TypedTicket, typed
from servflow import Desk, Ticket, Workflow, dump
from servflow.desk import AsyncDesk, Worker


def fine(plain: Desk, flow: Workflow, at: datetime) -> TypedTicket:
    desk = typed(plain)
    desk.open("t", {"serial": "1", "tier": "gold", "amount": "12.5", "queue": "desk"}, actor={"id": "eve", "roles": ["clerk"]})
    ticket = desk.fire("t", "arrive", actor="ann").ticket
    desk.fire("t", "finish", {"amount": 3}, key="k")
    desk.fire("t", "ticket.update", {"amount": Decimal(3)})
    desk.fire("t", "ticket.force", {"state": "done", "reason": "by hand"})
    typed(flow).fire(ticket, "finish", FinishPayload(amount="2", note="x"), at=at)
    amount, where = ticket.fields["amount"], ticket.state
    known: State = where
    if amount is not None and amount > 3 and known == "done":
        desk.tick()
    dump(ticket)
    Worker(desk)
    print(ticket.clocks["fix"].due, [option.event == "finish" for option in desk.available("t")])
    return typed(plain.get("t"))


def wrong(plain: Desk, flow: Workflow, at: datetime) -> None:
    desk = typed(plain)
    ticket = desk.get("t")
    desk.fire("t", "finsh", {"amount": 3})  # wrong
    desk.fire("t", "finish")  # wrong
    desk.fire("t", "finish", {})  # wrong
    desk.fire("t", "finish", {"amount": 3.5})  # wrong
    desk.fire("t", "finish", {"amount": 3, "noet": "x"})  # wrong
    desk.fire("t", "arrive", {"x": 1})  # wrong
    desk.fire("t", "arrive", actor={"id": "ann", "roles": ["enginer"]})  # wrong
    desk.fire("t", "ticket.update", {"teir": "gold"})  # wrong
    desk.fire("t", "ticket.force", {"state": "doen", "reason": "by hand"})  # wrong
    desk.fire("t", "chain.acknowledge")  # wrong
    desk.preview("t", "finsh")  # wrong
    desk.open("t")  # wrong
    desk.open("t", {"serial": "1", "teir": "gold"})  # wrong
    desk.open("t", {"serial": "1", "tier": "goold"})  # wrong
    desk.open("t", {"serial": "1", "queue": "dsek"})  # wrong
    print(ticket.fields["amuont"])  # wrong
    print(ticket.fields["amount"] + 1)  # wrong
    print(ticket.state == "doen")  # wrong
    print(ticket.queue == "dsek")  # wrong
    print(ticket.fields["tier"] == "goold")  # wrong
    print(ticket.clocks["fxi"])  # wrong
    typed(flow).fire(ticket, "finsh", at=at)  # wrong
    typed(flow).open("t", {"serial": 1}, at=at)  # wrong
    print([option.event == "finsh" for option in desk.available("t")])  # wrong


async def later(plain: AsyncDesk) -> None:
    desk = typed(plain)
    await desk.open("t", {"serial": "1"})
    await desk.fire("t", "arive")  # wrong
    print((await desk.get("t")).state == "doen")  # wrong
"""


def module_of(text: str) -> ModuleType:
    """The generated module, as a host would import it."""
    made = ModuleType("repair_types")
    exec(compile(text, "repair_types.py", "exec"), made.__dict__)
    return made


def test_a_type_checker_finds_each_mistake_and_no_other(tmp_path: Path) -> None:
    """Every line that is wrong is an error for mypy --strict, and no line that is right is."""
    require("mypy")
    (tmp_path / "repair_types.py").write_text(stubs(load(REPAIR)), encoding="utf-8")
    (tmp_path / "host.py").write_text(PROGRAM, encoding="utf-8")
    root = str(Path(__file__).parents[3])
    asked = ["--strict", "--follow-imports=silent", "--cache-dir", str(tmp_path / "cache"), "host.py", "repair_types.py"]

    told = subprocess.run(
        [sys.executable, "-m", "mypy", *asked],
        cwd=tmp_path,
        env={"MYPYPATH": root, "PATH": "", "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line.split(": error: ")[0] for line in told.stdout.splitlines() if ": error: " in line]
    wrong = [f"host.py:{number}" for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")]

    assert "" == told.stderr
    assert wrong == list(dict.fromkeys(errors))


def test_the_module_is_nothing_at_run_time() -> None:
    """A desk comes back as it was, its aliases are those of the library, and names can be listed."""
    made = module_of(stubs(load(REPAIR)))
    desk = Desk([load(REPAIR)], MemoryStore(), now=lambda: AT)

    assert made.typed(desk) is desk
    assert Desk is made.TypedDesk
    assert "repair" == made.WORKFLOW
    assert ("new", "on_site", "done") == get_args(made.State)
    assert ("arrive", "finish", "called", "ticket.update", "ticket.force") == get_args(made.Event)
    assert {"amount", "note"} == set(made.FinishPayload.__annotations__)


def test_what_is_typed_is_what_is_accepted() -> None:
    """The forms that the types allow for values are those that fields take."""
    flow = load(REPAIR)
    opened = flow.open("t", {"serial": "1", "amount": "12.5", "seen": "2026-03-02T09:00:00Z"}, at=AT, actor="eve").ticket

    assert (Decimal("12.5"), AT) == (opened.fields["amount"], opened.fields["seen"])


@pytest.mark.parametrize("name", [name for name, made in TEMPLATES.items() if made.kind == "workflow"])
def test_each_template_has_types(name: str, tmp_path: Path) -> None:
    """The module of every template loads, and names its events."""
    flow = load(next(path for path in copy_template(name, tmp_path) if path.name == TEMPLATES[name].file))
    made = module_of(stubs(flow))

    assert set(get_args(made.Event)) <= flow.compiled.events | set(flow.events)
    assert set(get_args(made.AnyState)) == set(flow.compiled.forcible)


def test_names_that_are_no_identifiers_get_types_apart() -> None:
    """Events whose names would give one name for a type, or none, are kept apart."""
    note = {"payload": {"x": {"type": "int"}}}
    events = ["fin-ish", "fin.ish", "fin ish".replace(" ", "_"), "完成", "42", "class", "no", "ﬁnish", "-"]
    moves = [{"event": event, "source": "a", "target": "a", **note} for event in events]
    made = module_of(stubs(load({"workflow": "w", "initial": "a", "states": {"a": {}}, "transitions": moves})))
    types = {name for name in vars(made) if "Payload" in name}

    assert set(events) <= set(get_args(made.Event))
    assert {"FinIshPayload", "FinIshPayload2", "FinIshPayload3", "完成Payload", "ClassPayload", "NoPayload2"} <= types
    assert all(name.isidentifier() for name in types)


def test_parallel_states_leave_the_joined_name_open() -> None:
    """Where two states hold at once, their joined name is no one of them; the configuration is typed."""
    regions = {"states": {"x": {"initial": "x1", "states": {"x1": {}}}, "y": {"initial": "y1", "states": {"y1": {}}}}}
    text = stubs(load({"workflow": "w", "initial": "p", "states": {"p": {"parallel": True, **regions}}}))

    assert "def state(self)" not in text
    assert ("x1", "y1") == get_args(module_of(text).State)


PIECES = st.sampled_from(
    ['"', "'", '"""', "\\", "\n", "\r", "#", "\u2028", "\u202e", "{", "}", "]", "\0", "é", "名", "a", "__import__('os')"]
)
HOSTILE = st.one_of(st.text(max_size=12), st.lists(PIECES, min_size=1, max_size=6).map("".join))
BUILTINS = {"str", "int", "float", "bool", "bytes", "tuple", "list", "id", "property", "open"}


def declared(text: str) -> tuple[set[str], set[str]]:
    """The names that a module of types uses without importing or declaring them, and the functions that it calls."""
    tree = ast.parse(text)
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bound = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))}
    bound |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return named - bound, called


@settings(deadline=None)
@given(
    name=HOSTILE, states=st.lists(HOSTILE, min_size=1, max_size=3, unique=True), words=st.lists(HOSTILE, min_size=6, max_size=6)
)
def test_nothing_of_a_definition_gets_out_of_its_quotes(name: str, states: list[str], words: list[str]) -> None:
    """Whatever names a definition that loads has, its module parses to declarations alone and says each name exactly."""
    event, queue, role, key, listed, clock = words
    data = {
        "workflow": name,
        "fields": {"tier": {"type": "string", "one_of": [listed]}},
        "roles": [role],
        "queues": [queue],
        "initial": states[0],
        "states": {state: {} for state in states},
        "transitions": [{"event": event, "source": states[0], "target": states[-1], "payload": {key: {"type": "string"}}}],
        "clocks": [{"name": clock, "within": "1h", "start": {"state": states[0]}}],
    }
    flow = loaded(data)
    if flow is None:
        data = {**data, "transitions": [], "clocks": []}
        flow = loaded(data)
    if flow is None:
        return
    text = stubs(flow)
    made = module_of(text)

    assert (set(), {"TypedDict"}) == tuple(found - BUILTINS for found in declared(text))
    assert name == made.WORKFLOW
    assert set(states) == set(get_args(made.AnyState))
    assert (queue,) == get_args(made.Queue)
    assert text == stubs(flow)
    assert len(ast.parse(text).body) == len(ast.parse(stubs(Workflow(**{**data, "workflow": "w"}))).body)


def loaded(data: Mapping[str, Any]) -> Workflow | None:
    """The workflow, where the definition is one."""
    try:
        return load(data)
    except DefinitionError:
        return None
