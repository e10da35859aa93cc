"""Knows the shape of one problem found in a definition; must not know who finds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from servflow.errors._catalogue import hint_for, render, spoken

_ENDS = " .;。；"  # noqa: RUF001 - Chinese text uses full-width punctuation


@frozen
class Finding:
    """
    One problem in a definition, with where it is and what to do next.

    ``code`` names the kind of problem and never changes between releases. ``path`` leads to the place
    (``clocks[1].until``); ``line`` and ``column`` count from 1 and are known only for text sources, ``file`` only
    where the text was read from one; it is no part of what a finding is, so two findings may be equal without it.
    ``facts`` fill the sentence and are there for programs. ``witness`` is a concrete example that
    proves the finding, where one exists. ``severity`` is ``error`` (the definition is refused) or
    ``warning`` (it loads).
    """

    code: str
    path: str = ""
    facts: Mapping[str, Any] = field(factory=dict)
    severity: str = "error"
    line: int | None = None
    column: int | None = None
    witness: Any = None
    file: str | None = field(default=None, eq=False, repr=False)

    def message(self, lang: str = "en") -> str:
        """
        The problem as one sentence, without its place.

        Args:
            lang: ``en`` or ``zh``, also as ``zh-CN``; anything else reads as ``en``.
        """
        return render(self.code, self.facts, lang)

    def hint(self, lang: str = "en") -> str:
        """The next step as one sentence; empty where there is nothing useful to say."""
        return hint_for(self.code, self.facts, lang)

    def text(self, lang: str = "en", *, hint: str | None = None) -> str:
        """
        Place, problem, hint and code on one line, as a command line prints it.

        Args:
            lang: ``en`` or ``zh``, also as ``zh-CN``; anything else reads as ``en``.
            hint: the next step in other words, such as those of a command line.
        """
        chinese = spoken(lang) == "zh"
        colon, stop = ("：", "；") if chinese else (": ", "; ")  # noqa: RUF001 - Chinese text uses full-width punctuation
        place = ""
        if self.line is not None:
            place = f"第 {self.line} 行{colon}" if chinese else f"line {self.line}{colon}"
        where = f"{self.path}{colon}" if self.path else ""
        message, hint = self.message(lang), self.hint(lang) if hint is None else hint
        if hint:
            message = message.rstrip(_ENDS) + stop + hint
        return f"{place}{where}{message} [{self.code}]"

    def __str__(self) -> str:
        return self.text()
