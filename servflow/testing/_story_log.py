"""Knows how what happened to a ticket is told in short lines; must not know stories."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Mapping, Sequence

from servflow.calendars._local import local, plain
from servflow.model import (
    Assigned,
    Breached,
    Escalated,
    Moved,
    Offered,
    Opened,
    Received,
    Record,
    TimerFired,
    TimerRefused,
    Updated,
    Warned,
)

MOST_LINES = 12
"""How many lines are told: the last ones."""

_WORDS: Mapping[str, tuple[str, str]] = {
    "opened": ("opened{by}, in {state}", "开单{by}，状态 {state}"),
    "received": ("{event}{by}", "{event}{by}"),
    "moved": ("now in {state}", "转到 {state}"),
    "timer": ("timer of {state}: {event}", "{state} 的定时器：{event}"),
    "timer_refused": ("timer of {state} came to nothing: {why}", "{state} 的定时器未生效：{why}"),
    "assigned": ("{slot} is {to}", "{slot} 为 {to}"),
    "updated": ("changed: {names}", "更改：{names}"),
    "warned": ("clock {clock} reached {mark}", "时钟 {clock} 到达 {mark}"),
    "breached": ("clock {clock} breached", "时钟 {clock} 超时"),
    "level": ("level {level} of {chain}: {outcome}", "升级链 {chain} 的级别 {level}：{outcome}"),
    "offered": ("offered to {to}", "向 {to} 发出邀约"),
    "by": (" by {who}", "（{who}）"),
}


def happened(records: Sequence[Record], zone: str) -> Mapping[str, tuple[str, ...]]:
    """By language the last things that happened, each with its instant in the zone."""
    return {lang: tuple(_lines(records, zone, lang)) for lang in ("en", "zh")}


def _lines(records: Sequence[Record], zone: str, lang: str) -> list[str]:
    told = [(record.at, said) for record in records if (said := _said(record, lang))]
    return [f"{local(at, zone, lang)}  {plain(said, 160)}" for at, said in told[-MOST_LINES:]]


def _word(key: str, lang: str, **facts: object) -> str:
    return _WORDS[key][lang == "zh"].format(**facts)


def _said(record: Record, lang: str) -> str:
    match record:
        case Opened():
            return _word("opened", lang, by=_by(record.actor, lang), state=" + ".join(record.configuration))
        case Received():
            return _word("received", lang, event=record.event, by=_by(record.actor, lang))
        case Moved():
            return _word("moved", lang, state=" + ".join(record.configuration))
        case TimerFired():
            return _word("timer", lang, state=record.timer.state, event=record.timer.event)
        case TimerRefused():
            return _word("timer_refused", lang, state=record.refused.timer.state, why=record.why)
        case Assigned():
            return _word("assigned", lang, slot=record.slot, to=record.to or "-")
        case Updated():
            return _word("updated", lang, names=", ".join((*record.fields, *record.attributes)))
        case Warned():
            return _word("warned", lang, clock=record.clock, mark=record.mark)
        case Breached():
            return _word("breached", lang, clock=record.clock)
        case Escalated():
            facts = {"level": record.name, "chain": record.run.chain, "outcome": record.outcome}
            return _word("level", lang, **facts)
        case Offered():
            return _word("offered", lang, to=record.offer.to)
    return ""


def _by(who: str | None, lang: str) -> str:
    return "" if who is None else _word("by", lang, who=who)
