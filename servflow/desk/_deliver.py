"""Knows how pending effects reach their handlers, at least once and in order; must not know what handlers do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from inspect import isawaitable, iscoroutine
from typing import Any

from attrs import define

from servflow.desk._facts import is_correlators, is_fact
from servflow.desk._failures import concerns_all, in_words
from servflow.desk._feeding import feed
from servflow.desk._openings import NEVER, open_for, post_for
from servflow.desk._replies import post_reply, post_result, reply_of
from servflow.desk._reports import MAX_PROBLEMS, DeliverReport, Problem
from servflow.desk._retry import Retry
from servflow.desk._steps import Steps
from servflow.errors import Conflict, ExpressionError, InputError, LimitError, NotFound, StoreError, nearest, shown
from servflow.model import KINDS, Call, Effect, Open, Send
from servflow.stores import Pending

Handler = Callable[[Any], Any]

KIND_OF = {kind: name for name, kind in KINDS.items() if issubclass(kind, Effect) and kind is not Effect}
"""Class of an effect -> the word a host registers a handler under."""

_OWN = ("open", "send")
_FEW, _PAGE = 2, 100
"""How many effects are taken at once: at least, so that of what failed before and what is new both get on; and at most."""


def checked_handlers(handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
    """
    The handlers, once their kinds are known to exist.

    Raises:
        InputError: a kind does not exist or is the desk's own, a handler cannot be called, or it is no mapping at all.
    """
    known = [name for name in KIND_OF.values() if name not in _OWN]
    given: object = handlers
    if not isinstance(given, Mapping):
        raise InputError(f"handlers are a mapping of kinds of effects to functions, not {shown(given)}", name="handlers")
    for kind, handler in handlers.items():
        if kind not in (*known, "*") and not (kind.startswith("call:") and len(kind) > len("call:")):
            close = nearest(kind, known)
            raise InputError(
                f"no effect is of kind {kind!r}; "
                + (f"did you mean {close!r}?" if close else f"known are {', '.join(known)}, call:<name> and *"),
                kind=kind,
                known=tuple(known),
            )
        if not callable(handler):
            raise InputError(f"the handler for {kind!r} cannot be called: {handler!r}", kind=kind)
    return dict(handlers)


@define
class Delivery:
    """The delivering side of a desk: takes effects, carries them out, and tells the store what became of each."""

    steps: Steps
    handlers: Mapping[str, Handler]
    retry: Retry
    patience: timedelta
    size: int = _FEW

    def run(self, limit: int) -> DeliverReport:
        """One round of at most *limit* attempts."""
        counts: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        problems: list[Problem] = []
        while (room := limit - counts["attempts"]) > 0:
            page = self.take(min(room, self.size))
            if not page:
                break
            began = self.steps.around.now()
            for pending, result, error in self._through(page, began + self.patience):
                counts["attempts"] += 1
                counts[result] += 1
                counts["failed"] += result == "set_aside"
                if result == "unhandled":
                    kinds[KIND_OF[type(pending.effect)]] += 1
                if error is not None and len(problems) < MAX_PROBLEMS:
                    problems.append(Problem(pending.effect.ticket, pending.effect.id, error))
            # So many at once that they are begun long before somebody else may take them.
            quick = self.steps.around.now() - began <= self.patience / 4
            self.size = min(self.size * 2, _PAGE) if quick else _FEW
        names = ("delivered", "unhandled", "refused", "failed", "set_aside")
        return DeliverReport(
            **{name: counts[name] for name in names}, problems=tuple(problems), kinds=tuple(sorted(kinds.items()))
        )

    def take(self, limit: int) -> tuple[Pending, ...]:
        """Effects that nobody else gets for as long as the desk's patience lasts."""
        now = self.steps.around.now()
        return self.steps.store.take(now, now + self.patience, limit)

    def _through(self, page: Sequence[Pending], until: datetime) -> Iterator[tuple[Pending, str, Exception | None]]:
        for index, pending in enumerate(page):
            if index and self.steps.around.now() >= until:
                return  # they may be somebody else's by now, and come again by themselves
            try:
                result, error = self.attempt(pending)
            except BaseException as gone:
                self._give_back(page[index:], gone)
                raise
            yield pending, self.settle(pending, result, error), error

    def _give_back(self, page: Sequence[Pending], error: BaseException) -> None:
        """Let others have at once what was taken and will not be done here, since whoever asked for the round has gone."""
        with suppress(StoreError):  # they come again by themselves, only later
            now = self.steps.around.now()
            for pending in page:
                told = f"the round ended before it was done: {in_words(error)}"
                self.steps.store.fail("effect", pending.effect.id, told, at=now, again=now)

    def attempt(self, pending: Pending, handed: Callable[[Handler, Effect], Any] | None = None) -> tuple[str, Exception | None]:
        """
        Carry one out: what it came to, and the error where it failed or was refused.

        Args:
            handed: calls a handler with its effect; by default as it is.

        Raises:
            StoreError: the store itself failed, so that nothing is known of the effect.
        """
        effect = pending.effect
        if pending.tries > self.retry.tries:
            return "failed", LimitError(
                f"effect {effect.id!r} was taken {pending.tries - 1} times and nothing came back: whoever carried it out died"
                " or hung; it is not tried again before it is revived",
                code="never_reported",
                effect=effect.id,
                tries=pending.tries - 1,
            )
        if isinstance(effect, (Open, Send)):
            return self._own(effect)
        handler = self._handler(effect)
        if handler is None:
            post_result(self.steps.store, effect, self.steps.around.now(), "no handler takes notifications")
            return "unhandled", None
        try:
            value = handler(effect) if handed is None else handed(handler, effect)
        except Exception as error:
            return "failed", error
        return self._reply(effect, value)

    def settle(self, pending: Pending, result: str, error: BaseException | None) -> str:
        """Tell the store what became of an effect; ``set_aside`` where it failed for the last time."""
        effect = pending.effect
        if result != "failed" or error is None:
            self.steps.store.ack([effect.id])
            return result
        now = self.steps.around.now()
        again = self.retry.again(effect.id, pending.tries, now)
        if again is None:  # first: if this is cut short here, it is tried once more, and told no more
            post_result(self.steps.store, effect, now, in_words(error))
        self.steps.store.fail("effect", effect.id, in_words(error), at=now, again=again)
        return "set_aside" if again is None else "failed"

    def _own(self, effect: Open | Send) -> tuple[str, Exception | None]:
        try:
            if isinstance(effect, Open):
                return self._open(effect)
            if is_fact(effect):
                feed(self.steps, effect)
            elif is_correlators(effect.ticket) and self.steps.store.load(effect.to_ticket) is None:
                # What it counted was there; mail would wait for ever for a ticket that nobody opens.
                return "refused", NotFound(
                    f"{effect.ticket!r} of a correlator sends {effect.event!r} to {effect.to_ticket!r}, which does not exist",
                    code="ticket",
                    ticket=effect.to_ticket,
                )
            else:
                post_for(self.steps, effect)
        except ExpressionError as error:
            return "refused", error
        except Exception as error:
            if concerns_all(error):
                raise
            return "failed", error
        return "delivered", None

    def _open(self, effect: Open) -> tuple[str, Exception | None]:
        try:
            open_for(self.steps, effect)
        except NEVER as error:
            return "refused", error
        except Conflict as error:
            if error.code != "exists":
                raise
            return "refused", error
        return "delivered", None

    def _handler(self, effect: Effect) -> Handler | None:
        kind = KIND_OF[type(effect)]
        named = f"call:{effect.name}" if isinstance(effect, Call) else kind
        return self.handlers.get(named) or self.handlers.get(kind) or self.handlers.get("*")

    def _reply(self, effect: Effect, value: Any) -> tuple[str, Exception | None]:
        if isawaitable(value):
            if iscoroutine(value):
                value.close()
            return "failed", InputError(
                f"the handler of {KIND_OF[type(effect)]} gave something to be awaited; a plain Desk.deliver cannot: give the"
                " desk to a Worker, or use AsyncDesk",
                code="awaitable",
                kind=KIND_OF[type(effect)],
            )
        try:
            reply = reply_of(effect, value)
            if reply is not None and isinstance(effect, Call):
                post_reply(self.steps.store, effect, reply, self.steps.around.now())
            post_result(self.steps.store, effect, self.steps.around.now())
        except Exception as error:
            if concerns_all(error):
                raise
            return "failed", error
        return "delivered", None
