"""Knows how what happened to a ticket is told in short lines; must not know stories."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from servflow.calendars._local import local, plain
from servflow.model import (
    Actor,
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

_LONGEST = 40
_MOST_NEXT = 4
_SOON = timedelta(seconds=1)

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
    "next": ("next, {at}: {said}", "接下来 {at}：{said}"),
    "right after": (
        "right after this very instant, so that 'after: 1s' shows it: {said}",
        "就在此刻之后（用 after: 1s 才能看到）：{said}",
    ),
    "not_taken": ("nothing takes {event} in {state}", "状态 {state} 不接受 {event}"),
    "nobody": ("somebody without a name", "未具名者"),
}


def happened(records: Sequence[Record], zone: str, *, limit: int = MOST_LINES) -> Mapping[str, tuple[str, ...]]:
    """By language the last things that happened, each with its instant in the zone."""
    return {lang: tuple(_lines(records, zone, lang, limit)) for lang in ("en", "zh")}


def coming(records: Sequence[Record], now: datetime, zone: str, lang: str) -> tuple[str, ...]:
    """The line of what time alone will do next; none where it will do nothing."""
    said = [one for record in records if (one := _said(record, lang))]
    if not said:
        return ()
    told = plain(("；" if lang == "zh" else ", ").join(said[:_MOST_NEXT]), 300)
    at = records[-1].at
    soon = at - now < _SOON
    return (_word("right after", lang, said=told) if soon else _word("next", lang, at=local(at, zone, lang), said=told),)


def not_taken(event: str, configuration: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """By language the line that no transition takes an event here."""
    return {lang: (_word("not_taken", lang, event=event, state=" + ".join(configuration)),) for lang in ("en", "zh")}


def somebody(actor: Actor | None) -> Mapping[str, str]:
    """By language who acts; a step may leave that out."""
    return {lang: _word("nobody", lang) if actor is None else actor.id for lang in ("en", "zh")}


def told_to(messages: Iterable[tuple[str | None, str | None]]) -> Mapping[str, str]:
    """Messages with whom each was for, in both languages; a part that nobody asked for is left out."""
    found = list(messages)
    en = ", ".join(" to ".join(part for part in (template or "a message", to) if part) for template, to in found)
    zh = "，".join(f"发给 {to} 的 {template or '消息'}" if to else str(template) for template, to in found)
    return {"en": en or "nothing", "zh": zh or "无"}


def _lines(records: Sequence[Record], zone: str, lang: str, limit: int) -> list[str]:
    told = [(record.at, said) for record in records if (said := _said(record, lang))]
    return [f"{local(at, zone, lang)}  {plain(said, 160)}" for at, said in told[-limit:]]


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
            changed = {**record.fields, **record.attributes}
            names = ", ".join(f"{name} = {plain(str(value), _LONGEST)}" for name, value in changed.items())
            return _word("updated", lang, names=names)
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
