"""Knows how a desk has the marks on a ticket counted by a scorecard; must not know how they are counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from servflow.errors import InputError, nearest, shown
from servflow.evaluation._scorecard import KINDS, Marks, Scorecard
from servflow.model import Call, Effect


class Scorecards:
    """
    The handler of ``call:score``: counts the marks that a ticket holds, and sends the verdict back as the call's reply.

    The call's data names the ``card`` (it may be left out where there is only one) and gives for each kind of rater
    (``self``, ``peer``, ``supervisor``, ``expert``, ``customer``) its marks, null where there are none. The reply has
    ``score`` (a text with two decimals, or null), ``passed``, ``missing``, ``kinds``, ``spread``, ``disagreed``,
    ``failed``, ``card`` and ``version``, and ``problem``: what is wrong with the marks in words, empty where nothing is.

    Args:
        cards: the scorecards there are.
    """

    def __init__(self, cards: Scorecard | Iterable[Scorecard]) -> None:
        given = (cards,) if isinstance(cards, Scorecard) else tuple(cards)
        self._cards = {card.name: card for card in given}
        if len(self._cards) != len(given) or not given:
            raise InputError("scorecards have names of their own, and there is at least one", code="scorecards")

    def __call__(self, effect: Effect) -> Mapping[str, Any]:
        """
        The verdict of the marks an effect gives.

        Raises:
            InputError: the effect is no call, or there is no such card.
        """
        if not isinstance(effect, Call):
            raise InputError(f"scorecards answer calls named score, not {shown(effect)}", code="effect")
        card = self._card(effect.data.get("card"))
        given = [Marks(kind=kind, marks=effect.data[kind]) for kind in KINDS if effect.data.get(kind)]
        flaws = [f"{one.kind}: {flaw}" for one in given for flaw in card.flaws(one.kind, one.marks)]
        told = card.judge([] if flaws else given).as_data()
        return {**told, "card": card.name, "version": card.version, "problem": "; ".join(flaws)[:2_000]}

    def _card(self, name: Any) -> Scorecard:
        if name is None and len(self._cards) == 1:
            return next(iter(self._cards.values()))
        if name not in self._cards:
            close = nearest(str(name), self._cards)
            hint = f"; did you mean {close!r}?" if close else ""
            raise InputError(f"there is no scorecard {shown(name)}{hint}", code="scorecard", known=tuple(self._cards))
        return self._cards[name]


__all__ = ["Scorecards"]
