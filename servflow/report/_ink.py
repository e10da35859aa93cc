"""Knows how a figure is written so that filters can write it anew; must not know where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import floor
from typing import Any

from attrs import frozen

from servflow.report._frame import REST
from servflow.report._names import NO_NAMES, Names
from servflow.report._words import WORDS, Both, pick, word

NOTHING = "–"  # noqa: RUF001 - an en dash is what stands for a figure that there is not

MINUS = "−"  # noqa: RUF001 - a minus sign, as wide as a plus


def safe(text: object) -> str:
    """A text inside HTML or in an attribute of it; what XML cannot hold and what turns the line around is left out."""
    return escape("".join(char for char in str(text) if _shown(char)), quote=True)


def _shown(char: str) -> bool:
    code = ord(char)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return char in "\t\n"
    return not (0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF) or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069)


def count(value: float | None) -> str:
    """``12,345``."""
    return NOTHING if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """``87.5 %``; 100 % only where nothing is missing."""
    if value is None:
        return NOTHING
    return f"{min(99.9, floor(value * 1000 + 0.5 + 1e-9) / 10) if value < 1 - 1e-9 else 100:.1f} %"


_UNITS = (("d", " 天", 86_400), ("h", " 小时", 3_600), ("m", " 分", 60), ("s", " 秒", 1))


def span(seconds: float | None, lang: str = "en") -> str:
    """The two largest parts of a length of time: ``2d 3h``."""
    if seconds is None:
        return NOTHING
    rest, parts = int(seconds), []
    for en, zh, size in _UNITS:
        held, rest = divmod(rest, size)
        if held:
            parts.append(f"{held}{zh if lang == 'zh' else en}")
        if len(parts) == 2 or (parts and not held):
            break
    return " ".join(parts) or (f"0{_UNITS[-1][1]}" if lang == "zh" else "0s")


@frozen(kw_only=True)
class Ink:
    """Writes words and figures in the language of the page, each marked with where it comes from."""

    figures: Mapping[str, Any]
    lang: str
    names: Names = NO_NAMES

    def word(self, key: str, **facts: object) -> str:
        """A text of the page, unmarked."""
        return word(key, self.lang, **facts)

    def t(self, key: str, tag: str = "span") -> str:
        """A text of the page that follows the language."""
        return f'<{tag} data-t="{key}">{safe(self.word(key))}</{tag}>'

    def pick(self, both: Both) -> str:
        """A text in the language of the page, unmarked."""
        return pick(both, self.lang)

    def mark(self, both: Both, what: str = "data") -> str:
        """The attributes by which an element's text, or with *what* its ``data-label``, follows the language; none if one."""
        en, zh = both
        return "" if en == zh else f' {what}-en="{safe(en)}" {what}-zh="{safe(zh)}"'

    def label(self, dim: str, name: str) -> Both:
        """A name of a group; what stands for none or for the rest in words."""
        if name == REST:
            return WORDS["rest"]
        return self.names.label(dim, name) if name else WORDS["unknown"]

    def name(self, both: Both, tag: str = "bdi") -> str:
        """A name that follows the language."""
        return f"<{tag}{self.mark(both)}>{safe(self.pick(both))}</{tag}>"

    def at(self, path: str) -> Any:
        """The figure at a path."""
        value: Any = self.figures
        for part in path.split("."):
            value = value[int(part)] if isinstance(value, (list, tuple)) else None if value is None else value.get(part)
        return value

    def said(self, path: str, how: str, lang: str | None = None) -> str:
        """The figure at a path as text; ``delta`` is how it compares with the period before."""
        return self._delta(path) if how == "delta" else shown(self.at(path), how, lang or self.lang)

    def _delta(self, path: str) -> str:
        now, was = self.at(path), self.at(f"prev.{path}")
        if was is None:
            return ""
        key = path.rpartition(".")[2]
        told = percent(was) if key == "v" else span(was, self.lang) if key == "m" else count(was)
        sign = ""
        if now is not None and key == "v":
            sign = f"{'+' if now >= was else MINUS}{abs(now - was) * 100:.1f} pp · "
        elif now is not None and was:
            sign = f"{'+' if now >= was else MINUS}{abs((now - was) / was * 100):.0f} % · "
        return f"{sign}{self.word('before')} {told}"

    def f(self, path: str, how: str, tag: str = "span", attributes: str = "") -> str:
        """A figure that follows the filters."""
        return f'<{tag} data-f="{path}" data-as="{how}"{attributes}>{safe(self.said(path, how))}</{tag}>'

    def svg(self, path: str, how: str, at: tuple[float, float], kind: str, anchor: str = "middle") -> str:
        """The same inside a drawing."""
        where = f'class="{kind}" x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}"'
        return f'<text {where} data-f="{path}" data-as="{how}">{safe(self.said(path, how))}</text>'

    def wide(self, number: int, index: int) -> float:
        """How wide a line of a workflow is, by its share of the busiest one."""
        ways = self.figures["flow"][number]["e"]
        most = max((way["n"] for way in ways), default=0)
        return 1.0 + 7.0 * ways[index]["n"] / most if most else 1.0

    def warm(self, path: str) -> float:
        """How warm a state is, by its share of all the time."""
        return warmth(float(self.at(path) or 0))


def warmth(share: float) -> float:
    """The opacity that stands for a share."""
    return min(0.85, share * 1.2)


def shown(value: Any, how: str, lang: str) -> str:
    """A figure as text: ``n`` a count, ``pct`` a share, ``span`` a length of time, ``way`` and ``stay`` of a workflow."""
    if how == "n":
        return count(value)
    if how == "pct":
        return percent(value)
    if how == "pt":
        return NOTHING if value is None else f"{floor(value * 10 + 0.5 + 1e-9) / 10:.1f}"
    if how == "span":
        return span(value, lang)
    if how == "band":
        return NOTHING if not value or value["v"] is None else f"{percent(value['lo'])} – {percent(value['hi'])}"  # noqa: RUF001 - an en dash between two bounds
    if how == "of":
        return NOTHING if not value or not value["d"] else f"{count(value['n'])} / {count(value['d'])}"
    if how == "way":
        return "" if not value["n"] else f"{count(value['n'])} · {span(value['m'], lang)}"
    if how == "stay":
        visits = word("visits.one" if value["visits"] == 1 else "visits", lang, n=count(value["visits"]))
        return visits if value["m"] is None else f"{visits} · {span(value['m'], lang)}"
    return NOTHING if value is None else str(value)
