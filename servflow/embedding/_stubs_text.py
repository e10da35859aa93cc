"""Knows how the types of a workflow are written as a Python module; must not know where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servflow.embedding._stubs import Key, Payload, Shape

_HEAD = '''"""Types of one workflow, written by `servflow stubs`: write it again rather than change it."""
# ruff: noqa
# fmt: off
# pyright: reportUnusedImport=false
from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, Never, NotRequired, Protocol, TypeAlias, TypedDict, overload

from servflow.desk import AsyncDesk, Desk
from servflow.engine import Option, Workflow
from servflow.model import Actor, ClockRun, Effect, Outcome, Reservation, Ticket, World
'''

_TYPES = '''

Who = TypedDict("Who", {
    "id": str,
    "roles": NotRequired[list[Role] | tuple[Role, ...]],
    "outlets": NotRequired[list[str] | tuple[str, ...]],
})
"""Who does something, with their roles."""

AnyActor: TypeAlias = Actor | Mapping[str, Any] | str | None
AnyWorld: TypeAlias = World | Mapping[str, Any] | None

if TYPE_CHECKING:

    class TypedTicket(Ticket):
        """A ticket of this workflow."""

        fields: Fields  # type: ignore[assignment]
        clocks: Mapping[Clock, ClockRun]  # type: ignore[assignment]
        configuration: tuple[State, ...]
        queue: Queue | None
'''

_STATE = """
        @property
        def state(self) -> State: ...
"""

_RESULTS = '''
    class TypedOption(Option):
        """What could be done now."""

        event: Event

    class TypedOutcome(Outcome):
        """What came of one call."""

        ticket: TypedTicket
'''

_FACADES = '''
    class TypedDesk(Desk):
        """The desk, for tickets of this workflow."""

        open: _DeskOpen  # type: ignore[assignment]
        fire: _DeskFire  # type: ignore[assignment]
        preview: _DeskPreview  # type: ignore[assignment]
        def get(self, id: str) -> TypedTicket: ...
        def available(self, id: str, *, actor: AnyActor = None) -> tuple[TypedOption, ...]: ...
        def find(self, **asked: Any) -> tuple[TypedTicket, ...]: ...

    class TypedAsyncDesk(AsyncDesk):
        """The desk for asyncio, for tickets of this workflow."""

        open: _AsyncOpen  # type: ignore[assignment]
        fire: _AsyncFire  # type: ignore[assignment]
        preview: _AsyncPreview  # type: ignore[assignment]
        async def get(self, id: str) -> TypedTicket: ...
        async def available(self, id: str, *, actor: AnyActor = None) -> tuple[TypedOption, ...]: ...
        async def find(self, **asked: Any) -> tuple[TypedTicket, ...]: ...

    class TypedWorkflow(Workflow):
        """The workflow."""

        open: _Open  # type: ignore[assignment]
        fire: _Fire  # type: ignore[assignment]
        def advance(self, ticket: Ticket, *, at: datetime, world: AnyWorld = None) -> TypedOutcome: ...
        def available(
            self, ticket: Ticket, *, at: datetime, actor: AnyActor = None, world: AnyWorld = None
        ) -> tuple[TypedOption, ...]: ...

else:
    TypedTicket, TypedOption, TypedOutcome = Ticket, Option, Outcome
    TypedDesk, TypedAsyncDesk, TypedWorkflow = Desk, AsyncDesk, Workflow


@overload
def typed(given: Desk) -> TypedDesk: ...
@overload
def typed(given: AsyncDesk) -> TypedAsyncDesk: ...
@overload
def typed(given: Workflow) -> TypedWorkflow: ...
@overload
def typed(given: Ticket) -> TypedTicket: ...
def typed(given: Any) -> Any:
    """The very same thing, under the types of this workflow; nothing happens at run time."""
    return given
'''

_ACTOR = "actor: Actor | Who | str | None = None"
_KEY = "key: str | None = None"
_OCCURRED = "occurred: datetime | None = None"
_EXPECT = "expect: int | None = None"
_WITH = "reservations: Iterable[Reservation] = (), effects: Iterable[Effect] = ()"
_AT = "at: datetime"
_WORLD = "world: AnyWorld = None"

_OPENS = (
    ("_DeskOpen", "", f"workflow: WorkflowName | None = None, {_ACTOR}, {_KEY}, {_OCCURRED}, {_WITH}"),
    ("_AsyncOpen", "async ", f"workflow: WorkflowName | None = None, {_ACTOR}, {_KEY}, {_OCCURRED}, {_WITH}"),
    ("_Open", "", f"{_AT}, {_ACTOR}, {_WORLD}, {_OCCURRED}"),
)
_FIRES = (
    ("_DeskFire", "", "id: str", f"{_ACTOR}, {_KEY}, {_OCCURRED}, {_EXPECT}, {_WITH}"),
    ("_AsyncFire", "async ", "id: str", f"{_ACTOR}, {_KEY}, {_OCCURRED}, {_EXPECT}, {_WITH}"),
    ("_DeskPreview", "", "id: str", f"{_ACTOR}, {_OCCURRED}, {_EXPECT}, {_KEY}"),
    ("_AsyncPreview", "async ", "id: str", f"{_ACTOR}, {_OCCURRED}, {_EXPECT}, {_KEY}"),
    ("_Fire", "", "ticket: Ticket", f"{_AT}, {_ACTOR}, {_WORLD}, {_KEY}, {_OCCURRED}, {_EXPECT}"),
)


def quoted(value: object) -> str:
    """A text, number or truth value as Python writes it: on one line, of characters that a file can hold and people can see."""
    text = repr(value)
    if isinstance(value, str) and '"' not in text and "\\" not in text:
        return f'"{text[1:-1]}"'
    return text


def written(shape: Shape) -> str:
    """The module."""
    return "".join(_parts(shape))


def _parts(shape: Shape) -> Iterator[str]:
    yield _HEAD
    yield f"\nWORKFLOW: Final = {quoted(shape.workflow)}\n"
    yield _names("WorkflowName", (shape.workflow,), "")
    yield _names("State", shape.states, "Never")
    yield _names("AnyState", shape.any_states, "Never")
    yield _names("Event", shape.events, "Never")
    yield _names("Queue", shape.queues, "str")
    yield _names("Role", shape.roles, "str")
    yield _names("Clock", shape.clocks, "Never")
    yield _names("Chain", shape.chains, "Never")
    yield _mapping("Fields", shape.fields)
    yield _mapping("Opening", shape.opening)
    yield _mapping("Update", shape.update)
    for payload in shape.payloads:
        if payload.type != "Update":
            yield _mapping(payload.type, payload.keys)
    yield _TYPES
    if not shape.joined:
        yield _STATE
    yield _RESULTS
    needed = any(key.needed for key in shape.opening)
    for name, kind, more in _OPENS:
        fields = "fields: Opening" if needed else "fields: Opening | None = None"
        call = f"        {kind}def __call__(self, id: str, {fields}, *, {more}) -> TypedOutcome: ...\n"
        yield f"\n    class {name}(Protocol):\n{call}"
    for name, kind, what, more in _FIRES:
        yield f"\n    class {name}(Protocol):\n"
        yield from _calls(shape.payloads, kind, what, more)
    yield _FACADES


def _names(alias: str, names: Iterable[str], none: str) -> str:
    listed = list(dict.fromkeys(names))
    if not listed:
        return f"{alias}: TypeAlias = {none}\n"
    inner = "".join(f"    {quoted(name)},\n" for name in listed)
    return f"{alias}: TypeAlias = Literal[\n{inner}]\n"


def _mapping(name: str, keys: Iterable[Key]) -> str:
    inner = "".join(f"    {quoted(key.name)}: {key.type if key.needed else f'NotRequired[{key.type}]'},\n" for key in keys)
    return f'\n{name} = TypedDict("{name}", {{\n{inner}}})\n' if inner else f'\n{name} = TypedDict("{name}", {{}})\n'


def _calls(payloads: Iterable[Payload], kind: str, what: str, more: str) -> Iterator[str]:
    """One form of the call for each type of payload."""
    forms = [
        (
            f"Literal[{', '.join(quoted(event) for event in payload.events)}]",
            f"payload: {payload.type}" if payload.needed else f"payload: {payload.type} | None = None",
        )
        for payload in payloads
    ] or [("Never", "payload: None = None")]
    for event, carried in forms:
        if len(forms) > 1:  # one alone is no overload
            yield "        @overload\n"
        yield f"        {kind}def __call__(self, {what}, event: {event}, {carried}, *, {more}) -> TypedOutcome: ...\n"


__all__ = ["quoted", "written"]
