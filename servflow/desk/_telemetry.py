"""Knows what a worker tells of its work while it does it; must not know who listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, runtime_checkable

Value = str | int | float | bool


@runtime_checkable
class Telemetry(Protocol):
    """
    Where a worker tells what it does: ``servflow.integrations.OpenTelemetry`` is one, a host's own may be another.

    Spans are ``servflow.tick``, ``servflow.deliver`` (effects are taken) and ``servflow.effect`` (a handler runs, in its own
    thread, with ``servflow.ticket``, ``servflow.effect``, ``servflow.kind`` and ``servflow.tries``). Counters are
    ``servflow.tickets`` and ``servflow.effects``, by ``outcome``. What is measured is ``servflow.lateness``: seconds from the
    wake of a ticket until it was answered. It is called from several threads and must not raise.
    """

    def span(self, name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[Callable[[str, Value], None]]:
        """What is done inside; gives a function that sets a further attribute. An exception that leaves it has failed it."""
        ...

    def count(self, name: str, value: int, attributes: Mapping[str, Value]) -> None:
        """Add to a counter; *value* is above zero."""
        ...

    def measure(self, name: str, value: float, attributes: Mapping[str, Value]) -> None:
        """One more figure of which the spread is of interest; *value* is not negative."""
        ...


def _unheard(_: str, __: Value) -> None: ...


class Silent:
    """Tells nobody."""

    def span(self, name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[Callable[[str, Value], None]]:
        """Nothing."""
        return nullcontext(_unheard)

    def count(self, name: str, value: int, attributes: Mapping[str, Value]) -> None:
        """Nothing."""

    def measure(self, name: str, value: float, attributes: Mapping[str, Value]) -> None:
        """Nothing."""
