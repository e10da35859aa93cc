"""Knows how pending effects reach their handlers, at least once and in order; must not know what handlers do."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from servflow.desk._openings import NEVER, open_for, post_for
from servflow.desk._reports import MAX_PROBLEMS, DeliverReport, Problem
from servflow.desk._steps import Steps
from servflow.errors import Conflict, InputError, nearest
from servflow.model import KINDS, SYSTEM, Call, Effect, Open, Send

Handler = Callable[[Any], Any]

KIND_OF = {kind: name for name, kind in KINDS.items() if issubclass(kind, Effect) and kind is not Effect}
"""Class of an effect -> the word a host registers a handler under."""

_OWN = ("open", "send")
_PAGE = 100


def checked_handlers(handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
    """
    The handlers, once their kinds are known to exist.

    Raises:
        InputError: a kind does not exist or is the desk's own, or a handler cannot be called.
    """
    known = [name for name in KIND_OF.values() if name not in _OWN]
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
    """The delivering side of a desk; remembers whose effects failed, so that they are tried last and starve nobody."""

    steps: Steps
    handlers: Mapping[str, Handler]
    sick: OrderedDict[str, None] = field(factory=OrderedDict)

    def run(self, limit: int) -> DeliverReport:
        """One round of at most *limit* attempts, of which at most half go to tickets that failed before."""
        sick = tuple(self.sick)
        retried = set(sick[: max(1, limit // 2)])
        held_back = set(sick) - retried
        counts: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        problems: list[Problem] = []
        after: str | None = None
        while counts["attempts"] < limit:
            page = self.steps.store.effects(_PAGE, after=after)
            for effect in page:
                if effect.ticket in held_back:
                    counts["waiting"] += 1
                    after = effect.id
                    continue
                if counts["attempts"] >= limit:
                    break
                counts["attempts"] += 1
                result, error = self._attempt(effect)
                counts[result] += 1
                if result == "unhandled":
                    kinds[KIND_OF[type(effect)]] += 1
                if error is not None and len(problems) < MAX_PROBLEMS:
                    problems.append(Problem(effect.ticket, effect.id, error))
                if result == "failed":
                    held_back.add(effect.ticket)
                    self.sick[effect.ticket] = None
                    self.sick.move_to_end(effect.ticket)
                    after = effect.id  # still pending, so the next page can start behind it
                else:
                    self.steps.store.ack([effect.id])
            if len(page) < _PAGE:
                break
        for ticket in retried - held_back:
            self.sick.pop(ticket, None)
        names = ("delivered", "unhandled", "refused", "failed", "waiting")
        return DeliverReport(
            **{name: counts[name] for name in names}, problems=tuple(problems), kinds=tuple(sorted(kinds.items()))
        )

    def _attempt(self, effect: Effect) -> tuple[str, Exception | None]:
        try:
            if isinstance(effect, Open):
                return self._open(effect)
            if isinstance(effect, Send):
                post_for(self.steps, effect)
                return "delivered", None
            handler = self._handler(effect)
            if handler is None:
                return "unhandled", None
            self._reply(effect, handler(effect))
        except Exception as error:
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

    def _reply(self, effect: Effect, value: Any) -> None:
        if not isinstance(effect, Call) or effect.reply is None or value is None:
            return
        if not isinstance(value, Mapping):
            raise InputError(
                f"the handler of call {effect.name!r} gave {value!r}; its reply {effect.reply!r} needs a mapping,"
                " or None where the host answers later",
                call=effect.name,
                reply=effect.reply,
            )
        self.steps.store.post(
            effect.ticket, effect.reply, value, key=f"reply:{effect.id}", at=self.steps.around.now(), actor=SYSTEM
        )
