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
    in_language,
)
from servflow.model import Breached as ClockBreached
from servflow.report._promises import clocked
from servflow.report._words import LANGS, plain

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
    told = Telling(records, workflow, zone)
    lines = told.lines()
    left = len(lines) - MOST_LINES
    if left > 0:
        lines = [*lines[: MOST_LINES // 3], *lines[len(lines) - (MOST_LINES - MOST_LINES // 3) :]]
    for line in lines:
        line.pop("n")
        line.pop("i")
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


class Telling:
    """The records of one ticket being told, for the page and for screens of hosts."""

    def __init__(self, records: Sequence[Record], workflow: Workflow | None, zone: str) -> None:
        self.records, self.workflow, self.zone = records, workflow, zone
        self.tz = ZoneInfo(zone)
        self.titles = {} if workflow is None else {name: state.title for name, state in workflow.compiled.states.items()}
        self.fields = {} if workflow is None else workflow.fields
        self.actor: str | None = None
        self.internal = False
        self.inside: tuple[str, ...] = ()

    def at(self, instant: datetime) -> str:
        return f"{instant.astimezone(self.tz):%Y-%m-%d %H:%M:%S}"

    def lines(self) -> list[Line]:
        """All of it, in the order of the records."""
        return _once(sorted((*self.plain(), *self.slots(), *self.chains()), key=lambda line: line["n"]))

    def line(self, record: Record, kind: str, text: Both, *, minor: bool = False, at: datetime | None = None) -> Line:
        en, zh = (cut(said, 2 * LONGEST) for said in text)
        when = at or record.at
        line = {"n": (record.sequence, 0), "i": when, "at": self.at(when), "kind": kind, "en": en, "zh": zh}
        return {**line, "minor": 1} if minor else line

    def named(self, states: Sequence[str], lang: str) -> str:
        return " + ".join(in_language(self.titles.get(name) or "", lang) or plain(name) for name in states)

    def facts(self, values: Mapping[str, Any]) -> Both:
        """Fields and attributes with their values, by the titles of both."""
        en, zh = (self.pairs(dict(self.called(*pair, lang) for pair in values.items()), named=True) for lang in LANGS)
        return en, zh

    def called(self, name: str, value: Any, lang: str) -> tuple[str, Any]:
        spec = self.fields.get(name)
        if spec is None:
            return plain(name), value
        return in_language(spec.title, lang) or plain(name), (spec.titles and spec.called(value, lang)) or value

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

    def slots(self) -> Iterator[Line]:
        if self.workflow is None:
            return
        for told in slot_stories(self.workflow.dispatch, self.records):
            for step in told.steps:
                line: Line = {"n": (step.sequence, 1), "i": step.at, "at": self.at(step.at), "kind": "who"}
                line["en"], line["zh"] = (cut(step.text(lang, self.zone)) for lang in ("en", "zh"))
                if step.places:
                    line["more"] = [cut(place, 200) for place in step.places]
                if step.kind in ("ended", "withdrawn"):
                    line["minor"] = 1
                yield line

    def chains(self) -> Iterator[Line]:
        for run in history(self.records):
            for step in run.steps:
                line: Line = {"n": (step.sequence, 2), "i": step.at, "at": self.at(step.at), "kind": "climb"}
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
                found.append({"clock": plain(name), **said})
        except (ServflowError, ValueError, KeyError, TypeError):
            return found  # written under another edition: the records still tell what happened
        return found

    # one kind of record each ------------------------------------------------------------------------------------------

    def received(self, record: Received) -> Both:
        by = (f" by {record.actor}", f"，由 {record.actor}") if record.actor else ("", "")
        said = self.pairs(record.payload) if record.payload else ""
        given = (f" ({said})", f"（{said}）") if said else ("", "")
        return f"Event {record.event}{by[0]}{given[0]}", f"事件 {record.event}{by[1]}{given[1]}"

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
        event = plain(record.event)
        yield self.line(record, "move", (f"{en} ({event}{by[0]})", f"{zh}（{event}{by[1]}）"))

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
        proof = (f" ({self.pairs(record.evidence)})", f"（{self.pairs(record.evidence)}）")
        proof = ("", "") if record.evidence is None else proof
        step = plain(record.step)
        yield self.line(record, "done", (f"Step {step} done{by[0]}{proof[0]}", f"步骤 {step} 完成{by[1]}{proof[1]}"))

    def unchecked(self, record: Unchecked) -> Iterator[Line]:
        step, why = plain(record.step), record.reason or "-"
        yield self.line(record, "bad", (f"Step {step} taken back: {why}", f"步骤 {step} 被撤回：{why}"))

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
        yield self.line(record, "facts", self.facts({**record.fields, **record.attributes}), minor=True)

    def decided(self, record: Decided) -> Iterator[Line]:
        if record.maker not in ("table", "rule"):
            return
        name, read, came = plain(record.name), self.pairs(record.values), self.pairs(record.result)
        because = (f", because {read}", f"，依据 {read}") if record.values else ("", "")
        texts = (f"Table {name}: {came}{because[0]}", f"决策表 {name}：{came}{because[1]}")
        if record.maker == "rule":
            en, zh = ("does not apply", "不适用") if record.result is False else ("applies", "适用")
            texts = (f"Rule {name} {en}{because[0]}", f"规则 {name} {zh}{because[1]}")
        yield self.line(record, "rule", texts, minor=record.maker == "rule" and record.result is False)

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
        name, whom = plain(record.survey), record.to
        if record.outcome == "asked":
            texts = (f"{whom or 'The customer'} is asked how it was ({name})", f"向{whom or '客户'}发出评价邀请（{name}）")
        else:
            why = record.reason or "-"
            texts = (f"Survey {name} is not sent: {why}", f"未发出评价邀请 {name}：{why}")
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
        en, zh, minor, bad = clocked(record, self.at)
        yield self.line(record, "bad" if bad else "clock", (en, zh), minor=minor, at=record.instant)


def _climbed(run: Any, step: Any, lang: str) -> str:
    zh = lang == "zh"
    what = f"{plain(run.chain)} · {plain(step.name)}" if step.name else plain(run.chain)
    if step.kind in ("level", "reminder"):
        did = _OUTCOMES.get(step.outcome, (step.outcome, step.outcome))[zh]
        did = f"{_STEPS['reminder'][zh]}: {did}" if step.kind == "reminder" else did
    else:
        did = _STEPS.get(step.kind, (step.kind, step.kind))[zh]
    to = ", ".join(step.to[:5]) + (f", +{len(step.to) - 5}" if len(step.to) > 5 else "")
    to = to or (step.by or "")
    why = [did_in(reason_in(reason, lang), lang) for reason in (*step.did, *step.why)]
    if step.kind == "started":
        why.append(_cause(run, lang))
    reasons = ("；" if zh else "; ").join(reason for reason in why if reason)
    head = f"升级 {what}：{did}" if zh else f"Escalation {what}: {did}"
    head += f" → {to}" if to else ""
    return cut(head + ((f"（{reasons}）" if zh else f" ({reasons})") if reasons else ""))


def _cause(run: Any, lang: str) -> str:
    """What set a chain off; a promise that broke is told as people say it."""
    clock, _, rest = str(run.cause).removeprefix("clock:").rpartition(":")
    if not str(run.cause).startswith("clock:") or not clock:
        return cause_text(run.cause, run.definition, lang=lang)
    name, _, cycle = clock.rpartition(":")
    number = cycle.partition("~")[0]
    if not name or not number.isdecimal():
        return cause_text(run.cause, run.definition, lang=lang)
    again = number != "1"
    if lang == "zh":
        which = f"第 {number} 次" if again else ""
        return f"承诺 {plain(name)} {which}超时" if rest == "breach" else f"承诺 {plain(name)} {which}到达 {rest}"
    which = f" for the {number}. time it ran" if again else ""
    what = "was broken" if rest == "breach" else f"came to {rest}"
    return f"the promise {plain(name)} {what}{which}"


_TOLD: Mapping[type[Record], Callable[[Telling, Any], Iterator[Line]]] = {
    Opened: Telling.opened,
    Moved: Telling.moved,
    Migrated: Telling.migrated,
    TimerFired: Telling.timer,
    TimerRefused: Telling.refused,
    Messaged: Telling.messaged,
    Checked: Telling.checked,
    Unchecked: Telling.unchecked,
    Voted: Telling.voted,
    Rated: Telling.rated,
    Assigned: Telling.assigned,
    Watched: Telling.watched,
    Updated: Telling.updated,
    Decided: Telling.decided,
    Linked: Telling.linked,
    Booked: Telling.visit,
    Unbooked: Telling.visit,
    PartChanged: Telling.part,
    Surveyed: Telling.surveyed,
    HelperStarted: Telling.helper,
    HelperBreached: Telling.helper,
    HelperEnded: Telling.helper,
    Erased: Telling.erased,
    VisitNear: Telling.near,
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
        Telling.clock,
    ),
}
