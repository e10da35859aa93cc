"""Knows how a definition is exchanged from coroutines; must not know how that is done, nor how a ticket moves."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterable, Mapping
from typing import Any

from servflow.desk import AsyncDesk
from servflow.embedding._refusing import refusal
from servflow.embedding._reload import MOST, Applied, Reloading
from servflow.embedding._reload_preview import Preview
from servflow.engine import Workflow
from servflow.errors import shown


class AsyncReloading:
    """
    ``Reloading`` for an ``AsyncDesk``: the same verbs by the same code, in threads, so that the loop goes on meanwhile.

    A coroutine that is cancelled lets what it waits for go on to the end, as those of the desk do; apply again.

    Args:
        desk: the desk.
        most: as for ``Reloading``.
        beside: as for ``Reloading``; sources of an ``AsyncDesk`` are asked only where they are named here too.

    Raises:
        InputError: it is no ``AsyncDesk``, or something beside it has no ``check``.
    """

    def __init__(self, desk: AsyncDesk, *, most: int = MOST, beside: Iterable[Any] = ()) -> None:
        given: object = desk
        if not isinstance(given, AsyncDesk):
            raise refusal("reload.desk", wanted="AsyncDesk", given=shown(given), other="Desk", there="Reloading")
        self.desk = desk
        self._plain = Reloading(desk.plain, most=most, beside=beside)

    async def preview(self, source: Any, **answers: Any) -> Preview:
        """As ``Reloading.preview``, with the same answers by name."""
        return await to_thread(self._plain.preview, source, **answers)

    async def apply(self, preview: Preview, *, move: bool = True, limit: int | None = None) -> Applied:
        """As ``Reloading.apply``."""
        return await to_thread(self._plain.apply, preview, move=move, limit=limit)

    async def rollback(self, workflow: str, *, states: Mapping[str, str] | None = None, check: bool = False) -> Preview:
        """As ``Reloading.rollback``."""
        return await to_thread(self._plain.rollback, workflow, states=states, check=check)

    async def catch_up(self, *workflows: str) -> tuple[str, ...]:
        """As ``Reloading.catch_up``."""
        return await to_thread(self._plain.catch_up, *workflows)

    async def editions(self, workflow: str) -> tuple[Mapping[str, Any], ...]:
        """As ``Reloading.editions``."""
        return await to_thread(self._plain.editions, workflow)

    def current(self, workflow: str) -> Workflow:
        """As ``Reloading.current``; it asks no store, so it is no coroutine."""
        return self._plain.current(workflow)


__all__ = ["AsyncReloading"]
