"""Knows how counts of a decision become a sentence, in English and Chinese; must not know how they were counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.dispatch._told import clock, shown
from servflow.errors import render
from servflow.model import EMPTY, FrozenMap, read_instant

_LEVEL = re.compile(r" level (\d+)\b")


@frozen
class Tally:
    """
    How many were considered, and what kept how many of them out first, in the order in which rules are looked at.

    ``needs`` holds of a rule its kind and what it asked, ``again`` the first instant at which time alone turns it for
    somebody it kept out, and whether it does for all of them; ``fit`` counts who is left, of whom ``best`` is the first.
    """

    kind: str
    at: datetime
    considered: int
    counts: Mapping[str, int] = EMPTY
    needs: Mapping[str, tuple[str, str]] = EMPTY
    again: Mapping[str, tuple[datetime, bool]] = EMPTY
    fit: int = 0
    best: str | None = None

    @classmethod
    def of_record(cls, at: datetime, why: Mapping[str, Any]) -> Tally:
        """The tally a record of a decision keeps; engineers were chosen among where it does not say so."""
        kept = why.get("counts", EMPTY)
        order = [rule for rule in why.get("order", ()) if rule in kept]  # a store keeps the keys of a mapping sorted
        counts = {str(rule): int(kept[rule]) for rule in dict.fromkeys((*order, *kept))}
        ranked = why.get("ranked", ())
        considered = int(why.get("considered", 0))
        again = {}
        for rule, (first, same) in why.get("again", EMPTY).items():
            again[str(rule)] = (first if isinstance(first, datetime) else read_instant(first), bool(same))
        return cls(
            str(why.get("kind", "engineers")),
            at,
            considered,
            FrozenMap(counts),
            FrozenMap({str(rule): (str(need[0]), str(need[1])) for rule, need in why.get("needs", EMPTY).items()}),
            FrozenMap(again),
            max(0, considered - sum(counts.values())) if ranked else 0,
            ranked[0]["id"] if ranked else None,
        )

    def text(self, lang: str = "en", zone: str | None = None) -> str:
        """
        The counts as one sentence in ``en`` or ``zh``.

        Raises:
            InputError: there is no such zone.
        """
        zh = lang == "zh"
        who = render(f"dispatch.who.{self.kind}", {"count": self.considered}, lang)
        if self.considered == 1:
            who = render(f"dispatch.who_one.{self.kind}", {}, lang)
        if not self.considered:
            return render("dispatch.sum.nobody", {"who": who}, lang)
        parts = [self._part(rule, count, lang, zone) for rule, count in self.counts.items()]
        if self.fit:
            facts = {"count": self.fit, "best": self.best}
            parts.append(render("dispatch.sum.fit" if self.fit > 1 else "dispatch.sum.one_fits", facts, lang))
        else:
            parts.append(render("dispatch.sum.none_fits", {}, lang))
        joined = ("，" if zh else ", ").join(parts)  # noqa: RUF001 - Chinese text uses full-width punctuation
        return f"{who}{'：' if zh else ': '}{joined}"  # noqa: RUF001 - Chinese text uses full-width punctuation

    def _part(self, rule: str, count: int, lang: str, zone: str | None) -> str:
        kind, need = self.needs.get(rule, ("", ""))
        if lang == "zh" and kind == "skill":
            need = _LEVEL.sub(r" \1 级", need)
        if lang == "zh":
            need = shown(need, zone, lang, kind)
        facts = {"count": count, "need": need, "rule": rule}
        codes = (*(["dispatch.sum_one." + kind] if count == 1 else []), f"dispatch.sum.{kind}", "dispatch.sum.other")
        told = (render(code, facts, lang) for code in codes)
        text = next(text for text in told if not text.startswith("dispatch.sum"))  # a kind may have no words of its own
        found = self.again.get(rule)
        if found is None:
            return text
        first, same = found
        key = "dispatch.sum.until" if same else "dispatch.sum.until_first"
        return text + render(key, {"until": clock(first, zone, self.at)}, lang)
