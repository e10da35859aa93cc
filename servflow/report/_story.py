"""Knows how the records of one ticket are told in words, with the reasons of what was decided; must not know the page."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from servflow.engine._slot_stories import slot_stories
from servflow.errors import ServflowError
from servflow.escalation import cause_text, history
from servflow.escalation._words import did_in, reason_in
from servflow.model import (
    Amended,
    Assigned,
    Booked,
    Checked,
    ClockPaused,
    ClockReset,
    ClockResumed,
    ClockRetargeted,
    ClockStarted,
    ClockStopped,
    Decided,
    Linked,
    Messaged,
    Migrated,
    Moved,
    Opened,
    Rated,
    Received,
    Record,
    TimerFired,
    TimerRefused,
    Unbooked,
    Unchecked,
    Updated,
    Voted,
    Waived,
    Warned,
    Watched,
)
from servflow.model import Breached as ClockBreached
from servflow.report._ink import span

if TYPE_CHECKING:
    from servflow.engine import Workflow

MOST_LINES = 240
"""Lines of a story that the page holds; of more, those in the middle are left out, and the story says how many."""

LONGEST = 600
"""Characters of what somebody wrote that are told."""

MOST_FOLDED = 5_000
"""Records of a ticket up to which its clocks are explained; of more, only what was recorded is told."""

Line = dict[str, Any]
Both = tuple[str, str]

_SIDES: Mapping[str, Both] = {"customer": ("the customer", "客户"), "agent": ("an agent", "客服")}
_OUTCOMES: Mapping[str, Both] = {
    "fired": ("reached", "已触发"),
    "coalesced": ("reached late, told together with a later one", "迟到触发，与后一级合并通知"),
    "empty": ("reached nobody", "没有可通知的人"),
    "skipped": ("passed over", "已跳过"),
    "stopped": ("stopped", "已停止"),
}
_STEPS: Mapping[str, Both] = {
    "armed": ("is set to begin", "已设定"),
    "started": ("begins", "启动"),
    "delivered": ("was delivered", "已送达"),
    "failed": ("could not be delivered", "未能送达"),
    "acknowledged": ("was acknowledged", "已响应"),
    "snoozed": ("was put off", "已暂缓"),
    "resumed": ("goes on", "继续"),
    "changed": ("follows a changed definition", "按修改后的定义继续"),
    "stopped": ("ends", "结束"),
    "reminder": ("reminds", "提醒"),
    "quiet": ("quiet hours end", "静默时段结束"),
}


def cut(text: object, most: int = LONGEST) -> str:
    """What somebody wrote, not longer than is read; an ellipsis where it is."""
    said = str(text)
    return said if len(said) <= most else said[:most].rstrip() + "…"


def story(records: Sequence[Record], workflow: Workflow | None, zone: str) -> dict[str, Any]:
    """
    What happened to one ticket, line by line in order.

    Args:
        records: all of them up to the report's instant.
        workflow: the version it was opened under; without it nothing is told of why somebody was chosen.
        zone: in which instants are told.

    Returns:
        ``lines``, each with ``at`` (wall clock), ``kind``, ``en``, ``zh``, whether it is ``minor``, and ``more`` (places of a
        ranking); ``cut``, how many in the middle are left out.
    """
    told = _Telling(records, workflow, zone)
    lines = _once(sorted((*told.plain(), *told.slots(), *told.chains()), key=lambda line: line["n"]))
    left = len(lines) - MOST_LINES
    if left > 0:
        lines = [*lines[: MOST_LINES // 3], *lines[len(lines) - (MOST_LINES - MOST_LINES // 3) :]]
    for line in lines:
        line.pop("n")
    return {"lines": lines, "cut": max(left, 0), "clocks": told.clocks()}


def _once(lines: Sequence[Line]) -> list[Line]:
    """The same thing found again and again in one search told once, with how often it was found."""
    out: list[Line] = []
    last: Line | None = None
    for line in lines:
        if last is not None and line["kind"] == "who" and line["en"] == last["en"]:
            last["times"] = last.get("times", 1) + 1
            continue
        if line["kind"] == "who":
            last = line
        elif line["kind"] == "move":
            last = None
        out.append(line)
    return out


class _Telling:
    def __init__(self, records: Sequence[Record], workflow: Workflow | None, zone: str) -> None:
        self.records, self.workflow, self.zone = records, workflow, zone
        self.tz = ZoneInfo(zone)
        self.titles = {} if workflow is None else {name: state.title for name, state in workflow.compiled.states.items()}
        self.actor: str | None = None
        self.inside: tuple[str, ...] = ()

    def at(self, instant: datetime) -> str:
        return f"{instant.astimezone(self.tz):%Y-%m-%d %H:%M:%S}"

    def line(self, record: Record, kind: str, text: Both, *, minor: bool = False, at: datetime | None = None) -> Line:
        en, zh = (cut(said, 2 * LONGEST) for said in text)
        line = {"n": (record.sequence, 0), "at": self.at(at or record.at), "kind": kind, "en": en, "zh": zh}
        return {**line, "minor": 1} if minor else line

    def named(self, states: Sequence[str]) -> str:
        return " + ".join(self.titles.get(name) or name for name in states)

    def plain(self) -> Iterator[Line]:
        """What records say by themselves; who was looked for and what climbed is told apart."""
        for record in self.records:
            if isinstance(record, Received):
                self.actor = record.actor
                if not record.internal:
                    yield self.line(record, "event", _received(record), minor=True)
                continue
            tell = _TOLD.get(type(record))
            if tell is not None:
                yield from tell(self, record)

    def slots(self) -> Iterator[Line]:
        if self.workflow is None:
            return
        for told in slot_stories(self.workflow.dispatch, self.records):
            for step in told.steps:
                line: Line = {"n": (step.sequence, 1), "at": self.at(step.at), "kind": "who"}
                line["en"], line["zh"] = (cut(step.text(lang, self.zone)) for lang in ("en", "zh"))
                if step.places:
                    line["more"] = [cut(place, 200) for place in step.places]
                if step.kind in ("ended", "withdrawn"):
                    line["minor"] = 1
                yield line

    def chains(self) -> Iterator[Line]:
        for run in history(self.records):
            for step in run.steps:
                line: Line = {"n": (step.sequence, 2), "at": self.at(step.at), "kind": "climb"}
                line["en"], line["zh"] = (_climbed(run, step, lang) for lang in ("en", "zh"))
                if step.kind in ("armed", "delivered"):
                    line["minor"] = 1
                yield line

    def clocks(self) -> list[dict[str, Any]]:
        """Why every clock is due when it is, as ``servflow explain`` tells it; nothing where that cannot be told any more."""
        if self.workflow is None or len(self.records) > MOST_FOLDED:
            return []
        found = []
        try:
            ticket = self.workflow.fold(self.records)
            for name in ticket.clocks:
                course = self.workflow.explain_clock(ticket, name, at=ticket.at, records=self.records)
                said = {lang: [cut(text) for text in course.answer(lang, self.zone)] for lang in ("en", "zh")}
                found.append({"clock": name, **said})
        except (ServflowError, ValueError, KeyError, TypeError):
            return found  # written under another edition: the records still tell what happened
        return found

    # one kind of record each ------------------------------------------------------------------------------------------

    def opened(self, record: Opened) -> Iterator[Line]:
        self.inside = record.configuration
        by = (f" by {record.actor}", f"，由 {record.actor}") if record.actor else ("", "")
        channel = record.attributes.get("channel")
        through = (f" through {channel}", f"，渠道 {channel}") if channel else ("", "")
        yield self.line(record, "open", (f"Opened{by[0]}{through[0]}", f"开单{by[1]}{through[1]}"))
        given = {name: record.fields[name] for name in record.given if name in record.fields}
        if given:
            yield self.line(record, "facts", (_pairs(given), _pairs(given)))

    def moved(self, record: Moved) -> Iterator[Line]:
        before, self.inside = self.inside, record.configuration
        if before == record.configuration and not record.reopened:
            return
        by = (f" by {self.actor}", f"，由 {self.actor}") if self.actor and record.event else ("", "")
        event = f" ({record.event}{by[0]})", f"（{record.event}{by[1]}）"
        way = f"{self.named(before)} → {self.named(record.configuration)}"
        yield self.line(record, "move", (way + (event[0] if record.event else ""), way + (event[1] if record.event else "")))

    def migrated(self, record: Migrated) -> Iterator[Line]:
        self.inside = record.configuration
        version = record.version
        yield self.line(record, "facts", (f"Runs under version {version} from here on", f"此后按第 {version} 版流程运行"))

    def timer(self, record: TimerFired) -> Iterator[Line]:
        self.actor = None
        event = record.timer.event
        yield self.line(record, "event", (f"Time was up: {event}", f"时间到：{event}"), minor=True)

    def refused(self, record: TimerRefused) -> Iterator[Line]:
        event, why = record.refused.timer.event, record.why
        yield self.line(record, "bad", (f"Time was up, but {event} was refused: {why}", f"时间到，但 {event} 被拒绝：{why}"))

    def messaged(self, record: Messaged) -> Iterator[Line]:
        en, zh = _SIDES.get(record.side, (record.side, record.side))
        who = f" ({record.actor})" if record.actor else ""
        quiet = ("", "") if record.public else (", not public", "（内部）")
        text = cut(record.text)
        yield self.line(record, "said", (f"{en.capitalize()}{who}{quiet[0]}: {text}", f"{zh}{who}{quiet[1]}：{text}"))

    def checked(self, record: Checked) -> Iterator[Line]:
        by = (f" by {record.by}", f"，由 {record.by}") if record.by else ("", "")
        proof = f" [{cut(record.evidence, 200)}]" if record.evidence is not None else ""
        yield self.line(record, "done", (f"Step {record.step} done{by[0]}{proof}", f"步骤 {record.step} 完成{by[1]}{proof}"))

    def unchecked(self, record: Unchecked) -> Iterator[Line]:
        why = record.reason or "-"
        yield self.line(record, "bad", (f"Step {record.step} taken back: {why}", f"步骤 {record.step} 被撤回：{why}"))

    def voted(self, record: Voted) -> Iterator[Line]:
        en, zh = ("approves", "同意") if record.vote == "approve" else ("rejects", "反对")
        said = f": {record.comment}" if record.comment else ""
        yield self.line(record, "done", (f"{record.by} {en}{said}", f"{record.by} {zh}{said}"))

    def rated(self, record: Rated) -> Iterator[Line]:
        said = f": {record.comment}" if record.comment else ""
        scale = record.scale.upper()
        yield self.line(record, "rate", (f"Rated {scale} {record.score}{said}", f"评价 {scale} {record.score}{said}"))

    def assigned(self, record: Assigned) -> Iterator[Line]:
        if record.source.startswith("dispatch["):
            return  # told with how they were found
        why = (
            (f" ({reason_in(record.because, 'en')})", f"（{reason_in(record.because, 'zh')}）") if record.because else ("", "")
        )
        if record.to is None:
            gone = f"{record.slot}: {record.previous}"
            yield self.line(record, "who", (f"No longer {gone}{why[0]}", f"不再担任 {gone}{why[1]}"), minor=True)
        else:
            yield self.line(record, "who", (f"{record.slot}: {record.to}{why[0]}", f"{record.slot}：{record.to}{why[1]}"))

    def watched(self, record: Watched) -> Iterator[Line]:
        texts = (f"{record.who} watches", f"{record.who} 关注")
        if not record.watching:
            texts = (f"{record.who} no longer watches", f"{record.who} 取消关注")
        yield self.line(record, "who", texts, minor=True)

    def updated(self, record: Updated) -> Iterator[Line]:
        now = _pairs({**record.fields, **record.attributes})
        yield self.line(record, "facts", (now, now), minor=True)

    def decided(self, record: Decided) -> Iterator[Line]:
        if record.maker not in ("table", "rule"):
            return
        en, zh = ("Table", "决策表") if record.maker == "table" else ("Rule", "规则")
        read, came = _pairs(record.values), _pairs(record.result)
        texts = (f"{en} {record.name}: {came}, because {read}", f"{zh} {record.name}：{came}，依据 {read}")
        yield self.line(record, "rule", texts, minor=record.maker == "rule" and record.result is False)

    def linked(self, record: Linked) -> Iterator[Line]:
        yield self.line(record, "facts", (f"{record.relation}: {record.other}", f"{record.relation}：{record.other}"))

    def visit(self, record: Booked | Unbooked) -> Iterator[Line]:
        return iter(())  # told with the slot it is for

    def clock(self, record: Any) -> Iterator[Line]:
        en, zh, minor, bad = _clocked(record, self)
        yield self.line(record, "bad" if bad else "clock", (en, zh), minor=minor, at=record.instant)


def _clocked(record: Any, told: _Telling) -> tuple[str, str, bool, bool]:
    name, run = record.clock, record.run
    due = "-" if run.due is None else told.at(run.due)
    if isinstance(record, ClockBreached):
        return f"Promise {name} broken: it was due", f"承诺 {name} 超时：已到应完成时刻", False, True
    if isinstance(record, Waived):
        by = f" ({record.by})" if record.by else ""
        return (
            f"The breach of {name} is excused: {record.reason}{by}",
            f"{name} 的超时被豁免：{record.reason}{by}",
            False,
            False,
        )
    if isinstance(record, Amended):
        return f"{name}: the mark {record.mark} does not hold after all", f"{name}：标记 {record.mark} 不再成立", False, False
    if isinstance(record, Warned):
        return f"Promise {name}: {record.mark} of the time is used", f"承诺 {name}：时间已用 {record.mark}", False, False
    if isinstance(record, ClockStopped):
        if run.phase == "cancelled":
            return f"Promise {name} no longer counts", f"承诺 {name} 不再计时", True, False
        kept = run.breached_at is None
        took = span(run.counted.total_seconds()), span(run.counted.total_seconds(), "zh")
        en, zh = ("kept", "按时完成") if kept else ("done late", "超时完成")
        return f"Promise {name} {en}, after {took[0]} counted", f"承诺 {name} {zh}，计时 {took[1]}", False, False
    if isinstance(record, ClockPaused):
        return f"Promise {name} pauses", f"承诺 {name} 暂停", False, False
    if isinstance(record, ClockResumed):
        return f"Promise {name} goes on, due {due}", f"承诺 {name} 继续，应完成 {due}", False, False
    if isinstance(record, ClockRetargeted):
        return f"Promise {name} has another target, due {due}", f"承诺 {name} 目标变更，应完成 {due}", False, False
    if isinstance(record, ClockReset):
        return f"Promise {name} starts again, due {due}", f"承诺 {name} 重新计时，应完成 {due}", False, False
    within = span(run.within.total_seconds()), span(run.within.total_seconds(), "zh")
    calendar = (f" of {run.calendar}", f"（{run.calendar}）") if run.calendar else ("", "")
    en, zh = f"within {within[0]}{calendar[0]}, due {due}", f"时限 {within[1]}{calendar[1]}，应完成 {due}"
    return f"Promise {name} starts: {en}", f"承诺 {name} 开始：{zh}", False, False


def _received(record: Received) -> Both:
    by = (f" by {record.actor}", f"，由 {record.actor}") if record.actor else ("", "")
    given = f" ({_pairs(record.payload)})" if record.payload else ""
    return f"Event {record.event}{by[0]}{given}", f"事件 {record.event}{by[1]}{given}"


def _pairs(value: Any) -> str:
    """Names and values in one line."""
    if isinstance(value, Mapping):
        return cut(", ".join(f"{name}: {_pairs(item)}" for name, item in value.items()) or "-")
    if isinstance(value, (list, tuple)):
        return cut("; ".join(_pairs(item) for item in value) or "-")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "-" if value is None else cut(value, 200)


def _climbed(run: Any, step: Any, lang: str) -> str:
    zh = lang == "zh"
    what = f"{run.chain} · {step.name}" if step.name else run.chain
    if step.kind in ("level", "reminder"):
        did = _OUTCOMES.get(step.outcome, (step.outcome, step.outcome))[zh]
        did = f"{_STEPS['reminder'][zh]}: {did}" if step.kind == "reminder" else did
    else:
        did = _STEPS.get(step.kind, (step.kind, step.kind))[zh]
    to = ", ".join(step.to[:5]) + (f", +{len(step.to) - 5}" if len(step.to) > 5 else "")
    to = to or (step.by or "")
    why = [did_in(reason_in(reason, lang), lang) for reason in (*step.did, *step.why)]
    if step.kind == "started":
        why.append(cause_text(run.cause, run.definition, lang=lang) if zh else cause_text(run.cause, run.definition))
    reasons = ("；" if zh else "; ").join(reason for reason in why if reason)
    head = f"升级 {what}：{did}" if zh else f"Escalation {what}: {did}"
    head += f" → {to}" if to else ""
    return cut(head + ((f"（{reasons}）" if zh else f" ({reasons})") if reasons else ""))


_TOLD: Mapping[type[Record], Callable[[_Telling, Any], Iterator[Line]]] = {
    Opened: _Telling.opened,
    Moved: _Telling.moved,
    Migrated: _Telling.migrated,
    TimerFired: _Telling.timer,
    TimerRefused: _Telling.refused,
    Messaged: _Telling.messaged,
    Checked: _Telling.checked,
    Unchecked: _Telling.unchecked,
    Voted: _Telling.voted,
    Rated: _Telling.rated,
    Assigned: _Telling.assigned,
    Watched: _Telling.watched,
    Updated: _Telling.updated,
    Decided: _Telling.decided,
    Linked: _Telling.linked,
    Booked: _Telling.visit,
    Unbooked: _Telling.visit,
    **dict.fromkeys(
        (
            ClockStarted,
            ClockPaused,
            ClockResumed,
            ClockStopped,
            ClockReset,
            ClockRetargeted,
            Warned,
            ClockBreached,
            Amended,
            Waived,
        ),
        _Telling.clock,
    ),
}
