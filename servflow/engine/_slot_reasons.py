"""Knows how reasons that records of dispatch keep in English are said in either language; must not know when one is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from servflow.errors import render

Called = Callable[[str, str], str]
"""Gives what people call a part of a workflow in one language, by its kind and its name."""

_BACK = re.compile(r"redispatch for \w+: (.*)", re.DOTALL)
_FAILED = re.compile(r"failed: (.*)", re.DOTALL)
_RELAXED = re.compile(r"(.+) after (\S.*)")


def reason_said(kind: str, reason: str, lang: str = "en", called: Called | None = None) -> str:
    """
    A reason as a reader of the language sees it; what people wrote, and what nobody knows, as it stands.

    Args:
        kind: the kind of step that it is given for.
        called: gives what people call a part of the workflow in that language, by its kind and its name.
    """
    if kind == "answered_rejected":  # the words of whoever said no
        return reason
    if kind == "taken_back" and (back := _BACK.fullmatch(reason)):
        return _known(back[1], lang, called)
    if kind == "failed" and (failed := _FAILED.fullmatch(reason)):
        return failed[1]
    if kind == "relaxed" and (step := _RELAXED.fullmatch(reason)):
        return render("dispatch.step.after", {"what": _steps(step[1], lang), "span": step[2]}, lang)
    return _known(reason, lang, called)


def _steps(text: str, lang: str) -> str:
    said = []
    for part in text.split("; "):
        key, _, what = part.partition(" ")
        known = f"dispatch.step.{key}" in _patterns()
        said.append(render(f"dispatch.step.{key}", {"what": what}, lang) if known else part)
    return ("；" if lang == "zh" else "; ").join(said)  # noqa: RUF001 - Chinese text uses full-width punctuation


def _known(reason: str, lang: str, called: Called | None) -> str:
    for code, pattern in _patterns().items():
        if code.startswith("dispatch.reason.") and (found := pattern.fullmatch(reason)):
            facts = found.groupdict()
            if called is not None and code == "dispatch.reason.left":
                facts["what"] = ", ".join(called("state", name) for name in facts["what"].split(", "))
            return render(code, facts, lang)
    return reason


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    # Records were written with the English sentence before anybody told them in Chinese, so that is what tells them apart.
    from servflow.errors._texts_dispatch_reasons import TEXTS

    made = {}
    for code, text in TEXTS.items():
        parts = re.split(r"\{(\w+)\}", text.en)
        body = "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
        made[code] = re.compile(body, re.DOTALL)
    return made
