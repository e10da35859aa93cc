"""Knows how editors are told what is wrong, in each language; must not know what edits or exchanges there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve

from servflow.errors import Conflict, Finding, InputError, shown

_KINDS = {
    "input": "输入列",
    "output": "输出列",
    "row": "行",
    "rule": "规则",
    "dispatch": "派单策略",
    "clock": "时钟",
    "chain": "升级链",
    "level": "级别",
    "law": "规律",
    "survey": "调查",
    "state": "状态",
    "step": "检查步骤",
    "timer": "定时器",
    "transition": "转移",
    "table": "决策表",
    "field": "字段",
    "event": "事件",
    "calendar": "日历",
    "role": "角色",
    "queue": "队列",
}


def refusal(code: str, path: str = "", *, why: Iterable[Finding] = (), **facts: Any) -> InputError:
    """
    The refusal of an edit: its message in English, and ``findings``, of which the first says it in each language.

    Args:
        code: its sentence in the catalogue.
        path: where in what was sent.
        why: further findings that say why.
        facts: what the sentence names, each also a fact of the error.
    """
    said, more = _told(Finding(code, path, facts), tuple(why))
    return InputError(said, **more)


def conflict(code: str, **facts: Any) -> Conflict:
    """The refusal of what was right before somebody else changed something, likewise."""
    said, more = _told(Finding(code, "", facts), ())
    return Conflict(said, **more)


def at(error: InputError, path: str, **facts: Any) -> InputError:
    """The same refusal at a place of what was sent."""
    first, *others = error.findings
    said, more = _told(evolve(first, path=path, facts={**first.facts, **facts}), tuple(others))
    return InputError(said, **more)


def _told(finding: Finding, others: tuple[Finding, ...]) -> tuple[str, dict[str, Any]]:
    """The message, and the facts of the error."""
    place = f"{finding.path}: " if finding.path else ""
    hint = f"; {finding.hint()}" if finding.hint() else ""
    facts = {key: value for key, value in finding.facts.items() if key not in ("what", "places", "why", "reasons", "cause")}
    where = {"path": finding.path} if finding.path else {}
    said = place + finding.message() + hint
    return said, {**facts, **where, "code": finding.code, "findings": (finding, *others)}


def an(kind: str) -> dict[str, str]:
    """The kind with its article, in each language."""
    article = "an" if kind[0] in "aeiou" else "a"
    return {"en": f"{article} {kind}", "zh": _KINDS.get(kind, kind)}


def listed(places: Iterable[tuple[int, str]]) -> dict[str, str]:
    """Lines and paths, in each language; the first twenty."""
    found = list(places)
    more = f"; … ({len(found) - 20})" if len(found) > 20 else ""
    told = [(f"line {line}: {path}", f"第 {line} 行 {path}") for line, path in found[:20]]
    return {"en": "; ".join(one for one, _ in told) + more, "zh": "；".join(one for _, one in told) + more}  # noqa: RUF001 - Chinese text


def reasons(findings: Iterable[Finding], most: int = 5) -> dict[str, str]:
    """What findings say, in each language."""
    found = tuple(findings)[:most]
    return {"en": "; ".join(one.text() for one in found), "zh": "；".join(one.text("zh") for one in found)}  # noqa: RUF001 - as above


def finding_data(finding: Finding, lang: str, element: str | None = None) -> dict[str, Any]:
    """A finding for an editor, JSON-ready, with the id of the element that it is about; the empty id is the definition."""
    return {
        **({} if element is None else {"element": element}),
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message(lang),
        "hint": finding.hint(lang),
    }


def refuse_stale(revision: str, drawn: Mapping[str, Any]) -> None:
    """
    Refuse what was drawn from another text, where it says from which.

    Raises:
        InputError: somebody changed the text since.
    """
    given = drawn.get("revision")
    if given is not None and given != revision:
        raise refusal("edit.stale", revision=shown(given), now=revision)
