"""Knows how each kind of record is told in a line in both languages; must not know who was looked for or what climbed."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from servflow.escalation._words import reason_in
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
    Erased,
    HelperBreached,
    HelperEnded,
    HelperStarted,
    Linked,
    Messaged,
    Migrated,
    Moved,
    Opened,
    PartChanged,
    Rated,
    Received,
    Record,
    Surveyed,
    TimerFired,
    TimerRefused,
    Unbooked,
    Unchecked,
    Updated,
    VisitNear,
    Voted,
    Waived,
    Warned,
    Watched,
)
from servflow.model import Breached as ClockBreached
from servflow.report._names import Names
from servflow.report._promises import clocked
from servflow.report._words import LANGS, Both, pick, plain

if TYPE_CHECKING:
    from servflow.engine import Workflow

LONGEST = 600
"""Characters of what somebody wrote that are told."""

Line = dict[str, Any]

_SIDES: Mapping[str, Both] = {"customer": ("the customer", "客户"), "agent": ("an agent", "客服")}
_OUTCOMES: Mapping[str, Both] = {
    "fired": ("reached", "已触发"),
    "coalesced": ("reached late, told together with a later one", "迟到触发，与后一级合并通知"),
    "empty": ("reached nobody", "没有可通知的人"),
    "skipped": ("passed over", "已跳过"),
    "stopped": ("stopped", "已停止"),
}
_PARTS: Mapping[str, Both] = {
    "needed": ("is not there and waited for", "缺货待料"),
    "reserved": ("is put aside", "已预留"),
    "used": ("is built in", "已使用"),
    "returned": ("is taken out again", "已退回"),
    "released": ("is let go", "已释放"),
}
_HELPED: Mapping[str, Both] = {
    "done": ("is done helping", "完成协助"),
    "removed": ("no longer helps", "不再协助"),
    "closed": ("need not help any more: the ticket is closed", "无需再协助：工单已关闭"),
}


def cut(text: object, most: int = LONGEST) -> str:
    """What somebody wrote, not longer than is read; an ellipsis where it is."""
    said = str(text)
    return said if len(said) <= most else said[:most].rstrip() + "…"


class Records:
    """The records of one ticket, each of them told by itself."""

    def __init__(self, records: Sequence[Record], workflow: Workflow | None, zone: str) -> None:
        self.records, self.workflow, self.zone = records, workflow, zone
        self.tz = ZoneInfo(zone)
        self.names = Names.of(() if workflow is None else (workflow,))
        self.actor: str | None = None
        self.internal = False
        self.inside: tuple[str, ...] = ()

    def at(self, instant: datetime) -> str:
        return f"{instant.astimezone(self.tz):%Y-%m-%d %H:%M:%S}"

    def line(self, record: Record, kind: str, text: Both, *, minor: bool = False, at: datetime | None = None) -> Line:
        en, zh = (cut(said, 2 * LONGEST) for said in text)
        when = at or record.at
        line = {"n": (record.sequence, 0), "i": when, "at": self.at(when), "kind": kind, "en": en, "zh": zh}
        return {**line, "minor": 1} if minor else line

    def named(self, states: Sequence[str], lang: str) -> str:
        return " + ".join(pick(self.names.both("state", name), lang) for name in states)

    def facts(self, values: Mapping[str, Any]) -> Both:
        """Fields and attributes with their values, by the titles of both."""
        en, zh = (self.pairs(dict(self.called(*pair, lang) for pair in values.items()), named=True) for lang in LANGS)
        return en, zh

    def called(self, name: str, value: Any, lang: str) -> tuple[str, Any]:
        single = value is None or not isinstance(value, (Mapping, list, tuple))
        return pick(self.names.field(name), lang), self.names.value(name, value)[lang == "zh"] if single else value

    def pairs(self, value: Any, *, named: bool = False) -> str:
        """Names, in words unless they are *named* already, and values in one line; instants in the zone."""
        if isinstance(value, Mapping):
            told = ((name if named else plain(str(name)), item) for name, item in value.items())
            return cut(", ".join(f"{name}: {self.pairs(item)}" for name, item in told) or "-")
        if isinstance(value, (list, tuple)):
            return cut("; ".join(self.pairs(item) for item in value) or "-")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return self.at(value)[:16]
        return "-" if value is None else cut(value, 200)

    def plain(self) -> Iterator[Line]:
        """What records say by themselves; who was looked for and what climbed is told apart."""
        for record in self.records:
            if isinstance(record, Received):
                self.actor, self.internal = record.actor, record.internal
                if not record.internal:
                    yield self.line(record, "event", self.received(record), minor=True)
                continue
            tell = _TOLD.get(type(record))
            if tell is not None:
                yield from tell(self, record)

    # one kind of record each ------------------------------------------------------------------------------------------

    def received(self, record: Received) -> Both:
        by = (f" by {record.actor}", f"，由 {record.actor}") if record.actor else ("", "")
        said = self.facts(record.payload) if record.payload else ("", "")
        given = (f" ({said[0]})", f"（{said[1]}）") if said[0] else ("", "")
        en, zh = self.names.event(record.event)
        return f"Event {en}{by[0]}{given[0]}", f"事件 {zh}{by[1]}{given[1]}"

    def opened(self, record: Opened) -> Iterator[Line]:
        self.inside = record.configuration
        by = (f" by {record.actor}", f"，由 {record.actor}") if record.actor else ("", "")
        channel = record.attributes.get("channel")
        through = (f" through {plain(str(channel))}", f"，渠道 {plain(str(channel))}") if channel else ("", "")
        yield self.line(record, "open", (f"Opened{by[0]}{through[0]}", f"开单{by[1]}{through[1]}"))
        given = {name: record.fields[name] for name in record.given if name in record.fields}
        if given:
            yield self.line(record, "facts", self.facts(given))

    def moved(self, record: Moved) -> Iterator[Line]:
        before, self.inside = self.inside, record.configuration
        if before == record.configuration and not record.reopened:
            return
        en, zh = (f"{self.named(before, lang)} → {self.named(record.configuration, lang)}" for lang in LANGS)
        if not record.event or self.internal:  # what came of something that is told in a line of its own
            yield self.line(record, "move", (en, zh))
            return
        by = (f" by {self.actor}", f"，由 {self.actor}") if self.actor else ("", "")
        event = self.names.event(record.event)
        yield self.line(record, "move", (f"{en} ({event[0]}{by[0]})", f"{zh}（{event[1]}{by[1]}）"))

    def migrated(self, record: Migrated) -> Iterator[Line]:
        self.inside = record.configuration
        version = record.version
        yield self.line(record, "facts", (f"Runs under version {version} from here on", f"此后按第 {version} 版流程运行"))

    def timer(self, record: TimerFired) -> Iterator[Line]:
        self.actor = None
        en, zh = self.names.event(record.timer.event)
        yield self.line(record, "event", (f"Time was up: {en}", f"时间到：{zh}"), minor=True)

    def refused(self, record: TimerRefused) -> Iterator[Line]:
        (en, zh), why = self.names.event(record.refused.timer.event), record.why
        yield self.line(record, "bad", (f"Time was up, but {en} was refused: {why}", f"时间到，但 {zh} 被拒绝：{why}"))

    def messaged(self, record: Messaged) -> Iterator[Line]:
        en, zh = _SIDES.get(record.side, (record.side, record.side))
        who = f" ({record.actor})" if record.actor else ""
        quiet = ("", "") if record.public else (", not public", "（内部）")
        text = cut(record.text)
        yield self.line(record, "said", (f"{en.capitalize()}{who}{quiet[0]}: {text}", f"{zh}{who}{quiet[1]}：{text}"))

    def checked(self, record: Checked) -> Iterator[Line]:
        by = (f" by {record.by}", f"，由 {record.by}") if record.by else ("", "")
        proof = (f" ({self.pairs(record.evidence)})", f"（{self.pairs(record.evidence)}）")
        proof = ("", "") if record.evidence is None else proof
        en, zh = self.step(record.step)
        yield self.line(record, "done", (f"Step {en} done{by[0]}{proof[0]}", f"步骤 {zh} 完成{by[1]}{proof[1]}"))

    def unchecked(self, record: Unchecked) -> Iterator[Line]:
        (en, zh), why = self.step(record.step), record.reason or "-"
        yield self.line(record, "bad", (f"Step {en} taken back: {why}", f"步骤 {zh} 被撤回：{why}"))

    def step(self, name: str) -> Both:
        """A step of a state it is in, or of any that has one of the name."""
        known = [of for kind, step, of in self.names.titles if (kind, step) == ("step", name)]
        of = next((state for state in self.inside if state in known), known[0] if known else "")
        return self.names.both("step", name, of)

    def voted(self, record: Voted) -> Iterator[Line]:
        en, zh = ("approves", "同意") if record.vote == "approve" else ("rejects", "反对")
        said = (f": {record.comment}", f"：{record.comment}") if record.comment else ("", "")
        yield self.line(record, "done", (f"{record.by} {en}{said[0]}", f"{record.by} {zh}{said[1]}"))

    def rated(self, record: Rated) -> Iterator[Line]:
        said = (f": {record.comment}", f"：{record.comment}") if record.comment else ("", "")
        scale, whose = record.scale.upper(), record.rater or record.by
        by = (f" by {whose}", f"{whose} ") if whose else ("", "")
        texts = (f"Rated {scale} {record.score}{by[0]}{said[0]}", f"{by[1]}评价 {scale} {record.score} 分{said[1]}")
        yield self.line(record, "rate", texts)

    def assigned(self, record: Assigned) -> Iterator[Line]:
        if record.source.startswith("dispatch["):
            return  # told with how they were found
        told = [reason_in(record.because or "", lang, self.names.said(lang)) for lang in LANGS]
        why = (f" ({told[0]})", f"（{told[1]}）") if record.because else ("", "")
        en, zh = self.names.word(record.slot)
        if record.to is None:
            who = record.previous
            yield self.line(record, "who", (f"No longer {en}: {who}{why[0]}", f"{who} 不再担任{zh}{why[1]}"), minor=True)
        else:
            yield self.line(record, "who", (f"{en}: {record.to}{why[0]}", f"{zh}：{record.to}{why[1]}"))

    def watched(self, record: Watched) -> Iterator[Line]:
        texts = (f"{record.who} watches", f"{record.who} 关注")
        if not record.watching:
            texts = (f"{record.who} no longer watches", f"{record.who} 取消关注")
        yield self.line(record, "who", texts, minor=True)

    def updated(self, record: Updated) -> Iterator[Line]:
        yield self.line(record, "facts", self.facts({**record.fields, **record.attributes}), minor=True)

    def decided(self, record: Decided) -> Iterator[Line]:
        if record.maker not in ("table", "rule"):
            return
        read = self.facts(record.values)
        because = (f", because {read[0]}", f"，依据 {read[1]}") if record.values else ("", "")
        name = plain(record.name)
        if record.maker == "rule":
            en, zh = ("does not apply", "不适用") if record.result is False else ("applies", "适用")
            texts = (f"Rule {name} {en}{because[0]}", f"规则 {name} {zh}{because[1]}")
        else:
            (en, zh), came = self.names.both("table", record.name), self.outputs(record)
            texts = (f"Table {en}: {came[0]}{because[0]}", f"决策表 {zh}：{came[1]}{because[1]}")
        yield self.line(record, "rule", texts, minor=record.maker == "rule" and record.result is False)

    def outputs(self, record: Decided) -> Both:
        """What a table gave, by the titles of its columns."""
        if not isinstance(record.result, Mapping):
            return self.pairs(record.result), self.pairs(record.result)
        columns = {name: self.names.both("column", name, record.name) for name in record.result}
        en, zh = (self.pairs({columns[name][at]: item for name, item in record.result.items()}, named=True) for at in (0, 1))
        return en, zh

    def linked(self, record: Linked) -> Iterator[Line]:
        how = plain(record.relation)
        yield self.line(record, "facts", (f"Linked ticket ({how}): {record.other}", f"关联工单（{how}）：{record.other}"))

    def part(self, record: PartChanged) -> Iterator[Line]:
        line = record.part_line
        en, zh = _PARTS.get(line.state, (plain(line.state), plain(line.state)))
        place = line.origin or "" if line.state == "reserved" else ""
        where = (f", taken from {place}", f"，取自 {place}") if place else ("", "")
        why = (f" ({record.reason})", f"（{record.reason}）") if record.reason else ("", "")
        by = (f" by {record.by}", f"，由 {record.by}") if record.by and record.by != place else ("", "")
        part = f"{line.quantity} × {plain(line.part)}"
        texts = (f"Part: {part} {en}{where[0]}{by[0]}{why[0]}", f"配件：{part} {zh}{where[1]}{by[1]}{why[1]}")
        again = record.was is not None and record.was.state == line.state  # booked out, or some of the units went on
        yield self.line(record, "part", texts, minor=again)

    def surveyed(self, record: Surveyed) -> Iterator[Line]:
        (en, zh), whom = self.names.both("survey", record.survey), record.to
        if record.outcome == "asked":
            texts = (f"{whom or 'The customer'} is asked how it was ({en})", f"向{whom or '客户'}发出评价邀请（{zh}）")
        else:
            why = record.reason or "-"
            texts = (f"Survey {en} is not sent: {why}", f"未发出评价邀请 {zh}：{why}")
        yield self.line(record, "rate", texts)

    def helper(self, record: HelperStarted | HelperBreached | HelperEnded) -> Iterator[Line]:
        who = record.helper
        if isinstance(record, HelperBreached):
            yield self.line(record, "bad", (f"{who} is late with what was asked", f"{who} 协助事项超时"))
            return
        if isinstance(record, HelperStarted):
            due = self.at(record.promise.due)[:16]
            yield self.line(record, "who", (f"{who} helps, to be done by {due}", f"{who} 协助，应于 {due} 前完成"))
            return
        en, zh = _HELPED.get(record.outcome, (plain(record.outcome), plain(record.outcome)))
        yield self.line(record, "who", (f"{who} {en}", f"{who} {zh}"))

    def erased(self, record: Erased) -> Iterator[Line]:
        by = (f" by {record.actor}", f"，由 {record.actor}") if record.actor else ("", "")
        texts = (f"What was said of a person was taken out{by[0]}", f"已清除个人信息{by[1]}")
        yield self.line(record, "facts", texts)

    def near(self, record: VisitNear) -> Iterator[Line]:
        start = record.appointment.start
        when = "-" if start is None else self.at(start)[:16]
        yield self.line(record, "event", (f"The visit at {when} is near", f"临近 {when} 的上门"), minor=True)

    def visit(self, record: Booked | Unbooked) -> Iterator[Line]:
        return iter(())  # told with the slot it is for

    def clock(self, record: Any) -> Iterator[Line]:
        en, zh, minor, bad = clocked(record, self.names, self.at)
        yield self.line(record, "bad" if bad else "clock", (en, zh), minor=minor, at=record.instant)


_TOLD: Mapping[type[Record], Callable[[Records, Any], Iterator[Line]]] = {
    Opened: Records.opened,
    Moved: Records.moved,
    Migrated: Records.migrated,
    TimerFired: Records.timer,
    TimerRefused: Records.refused,
    Messaged: Records.messaged,
    Checked: Records.checked,
    Unchecked: Records.unchecked,
    Voted: Records.voted,
    Rated: Records.rated,
    Assigned: Records.assigned,
    Watched: Records.watched,
    Updated: Records.updated,
    Decided: Records.decided,
    Linked: Records.linked,
    Booked: Records.visit,
    Unbooked: Records.visit,
    PartChanged: Records.part,
    Surveyed: Records.surveyed,
    HelperStarted: Records.helper,
    HelperBreached: Records.helper,
    HelperEnded: Records.helper,
    Erased: Records.erased,
    VisitNear: Records.near,
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
        Records.clock,
    ),
}

__all__ = ["LONGEST", "Line", "Records", "cut"]
