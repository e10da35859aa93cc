"""Knows how what is to be true is compared with what is, and what explains a difference; must not know how stories are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from servflow.calendars._local import local
from servflow.engine import Option, Workflow
from servflow.errors import Finding, Refused, ServflowError
from servflow.model import KINDS as WRITTEN
from servflow.model import (
    Actor,
    Call,
    Escalated,
    Notify,
    Open,
    Record,
    Ticket,
    Unreachable,
    Warned,
    same_value,
)
from servflow.sla._standing import length
from servflow.testing._story import Stories, StoryStep, moment, signed
from servflow.testing._story_log import coming, happened, not_taken, somebody, told_to
from servflow.testing._story_names import listed
from servflow.testing._story_values import typed
from servflow.testing._virtual import VirtualDesk

Why = Mapping[str, tuple[str, ...]]

_MOST_LINES = 30
_ZH: Mapping[str, str] = {"assignee": "处理人", "owner": "负责人", "queue": "队列"}


@define
class Stand:
    """The stories, and how much of what one of them has sent was looked at."""

    stories: Stories
    looked: dict[str, int] = field(factory=dict)
    """By ticket how many notifications there were when ``notified`` was last asked."""

    @property
    def zone(self) -> str:
        """The zone in which instants are told."""
        return self.stories.zone


def refusal_of(
    error: ServflowError, event: str, wanted: str | None, place: tuple[str, int | None], why: Why | None = None
) -> Iterator[Finding]:
    """What is wrong with a refusal: that it came, or that it came for another reason than told; *why*: what explains it."""
    path, line = place
    if wanted is not None and error.code == wanted:
        return
    said = {lang: error.text(lang) if isinstance(error, Refused) else error.message for lang in ("en", "zh")}
    facts = {"event": event, "code": error.code, "told": said}
    if wanted is None:
        yield Finding("story.refused", path, facts, line=line, witness=why)
    else:
        yield Finding("story.refused_otherwise", path, {**facts, "wanted": wanted}, line=line, witness=why)


class Checks:
    """Everything that one step says is to be true."""

    def __init__(self, stand: Stand, desk: VirtualDesk, step: StoryStep, now: datetime, *, actor: Actor | None) -> None:
        self.stand = stand
        self.desk = desk
        self.step = step
        self.now = now
        self.actor = actor
        self.ticket: Ticket = desk.get(step.ticket)
        flow = stand.stories.workflows[self.ticket.workflow]
        self.flow: Workflow = flow
        self.records: tuple[Record, ...] = desk.history(step.ticket)

    def findings(self) -> Iterator[Finding]:
        """What is not as told, in the order in which it is told."""
        for key, wanted in self.step.then.items():
            check: Callable[[Any], Iterator[Finding]] = getattr(self, f"_{key}")
            yield from check(wanted)

    def _finding(self, code: str, key: str, facts: Mapping[str, Any], why: Why | None = None) -> Finding:
        lines = self.step.lines
        inner = next((lines[name] for name in (key, key.partition("[")[0], key.partition(".")[0]) if name in lines), None)
        line = self.step.line if inner is None else inner
        return Finding(code, f"{self.step.path}.then.{key}", facts, line=line, witness=why or self._happened())

    def _differs(self, key: str, what: str | tuple[str, str], wanted: Any, found: Any, why: Why | None = None) -> Finding:
        en, zh = (what, what) if isinstance(what, str) else what
        facts = {"what": {"en": en, "zh": zh}, "wanted": self._both(wanted), "found": self._both(found)}
        return self._finding("story.differs", key, facts, why)

    def _both(self, value: Any) -> Mapping[str, str]:
        return {lang: self._shown(value, lang) for lang in ("en", "zh")}

    def _shown(self, value: Any, lang: str) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, datetime):
            return local(value, self.stand.zone, lang)
        if isinstance(value, timedelta):
            return length(value)
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(self._shown(one, lang) for one in value) + "]"
        return str(value)

    def _happened(self) -> Why:
        told = happened(self.records, self.stand.zone)
        return {lang: (*lines, *self._coming(lang)) for lang, lines in told.items()}

    def _coming(self, lang: str) -> tuple[str, ...]:
        """What time alone will do next: many a story looks at the very instant of a timer, and it fires right after."""
        if self.ticket.wake is None:
            return ()
        try:
            later = self.flow.advance(self.ticket, at=max(self.ticket.wake, self.now), world=self.desk.world)
        except ServflowError:  # why it cannot go on is told when it is to
            return ()
        return coming(later.records, self.now, self.stand.zone, lang)

    # the ticket -------------------------------------------------------------------------------------------------

    def _state(self, wanted: Any) -> Iterator[Finding]:
        names = listed(wanted)
        if not all(name in self.ticket.entered for name in names):
            found = self.ticket.configuration
            yield self._differs("state", ("state", "状态"), _one(names), _one(found))

    def _closed(self, wanted: bool) -> Iterator[Finding]:
        if self.ticket.closed is not wanted:
            yield self._differs("closed", ("closed", "是否关闭"), wanted, self.ticket.closed)

    def _fields(self, wanted: Mapping[str, Any]) -> Iterator[Finding]:
        for name, value in wanted.items():
            held = self.ticket.fields.get(name) if name in self.flow.fields else getattr(self.ticket, name)
            meant = typed(self.flow, name, value, self.stand.zone)
            if not same_value(held, meant):
                yield self._differs(f"fields.{name}", name, meant, held)

    def _assignee(self, wanted: str | None) -> Iterator[Finding]:
        yield from self._attribute("assignee", wanted)

    def _owner(self, wanted: str | None) -> Iterator[Finding]:
        yield from self._attribute("owner", wanted)

    def _queue(self, wanted: str | None) -> Iterator[Finding]:
        yield from self._attribute("queue", wanted)

    def _attribute(self, name: str, wanted: str | None) -> Iterator[Finding]:
        held = getattr(self.ticket, name)
        if held != wanted:
            yield self._differs(name, (name, _ZH[name]), wanted, held)

    def _checked(self, wanted: Any) -> Iterator[Finding]:
        done = tuple(step for steps in self.ticket.checklist.values() for step in steps)
        if set(done) != set(listed(wanted)):
            yield self._differs("checked", ("checked", "已完成的检查步骤"), sorted(listed(wanted)), sorted(done))

    def _records(self, wanted: Mapping[str, int]) -> Iterator[Finding]:
        for name, count in wanted.items():
            found = sum(type(record) is WRITTEN[name] for record in self.records)
            if found != count:
                yield self._differs(f"records.{name}", (f"records {name}", f"记录 {name} 的数量"), count, found)

    def _offers(self, wanted: Any) -> Iterator[Finding]:
        found = [offer.to for offer in self.ticket.offers]
        if sorted(found) != sorted(listed(wanted)):
            yield self._differs("offers", ("offers", "邀约"), sorted(listed(wanted)), sorted(found))

    # time -------------------------------------------------------------------------------------------------------

    def _clocks(self, wanted: Mapping[str, Any]) -> Iterator[Finding]:
        views = {view.name: view for view in self._explained().clocks}
        for name, asked in wanted.items():
            view = views.get(name)
            phase = "idle" if view is None else view.phase
            breached = view is not None and (view.breached_at is not None or self._past(view.due, view.phase))
            standing = "breached" if breached else phase
            if isinstance(asked, str):
                if asked != standing:
                    yield self._clock(name, "", asked, standing)
                continue
            for key, value in asked.items():
                found: Any = {"phase": phase, "breached": breached}.get(key)
                if key == "due":
                    value, found = self._moment(value), None if view is None else _whole(view.due)
                elif key == "remaining":
                    value, found = None if value is None else signed(value), None if view is None else _seconds(view.remaining)
                elif key == "marks":
                    value, found = sorted(listed(value)), sorted(self._marks(name))
                if value != found:
                    yield self._clock(name, key, value, found)

    def _past(self, due: datetime | None, phase: str) -> bool:
        return due is not None and phase == "running" and self.now > due

    def _marks(self, clock: str) -> list[str]:
        return [record.mark for record in self.records if isinstance(record, Warned) and record.clock == clock]

    def _moment(self, text: str | None) -> datetime | None:
        found = None if text is None else moment(text, self.stand.zone)
        return None if found is None else found.after(self.now, self.stand.zone)

    def _clock(self, name: str, key: str, wanted: Any, found: Any) -> Finding:
        what = (f"clock {name}" + (f", {key}," if key else ""), f"时钟 {name}" + (f" 的 {key}" if key else ""))
        return self._differs(f"clocks.{name}", what, wanted, found, self._timeline(name))

    def _timeline(self, name: str) -> Why:
        try:
            line = self.flow.explain_clock(self.ticket, name, at=self.now, records=self.records)
        except ServflowError as error:  # one that never started has no course
            return {"en": (error.message,), "zh": (error.message,)}
        return {lang: tuple(line.text(lang, self.stand.zone).splitlines()[:_MOST_LINES]) for lang in ("en", "zh")}

    def _explained(self) -> Any:
        return self.desk.explain(self.ticket.id)

    def _levels(self, wanted: Mapping[str, Any]) -> Iterator[Finding]:
        for chain, levels in wanted.items():
            found = [
                record.name
                for record in self.records
                if isinstance(record, Escalated) and record.run.chain == chain and record.outcome not in ("skipped", "stopped")
            ]
            if found != list(listed(levels)):
                yield self._differs(
                    f"levels.{chain}", (f"levels of {chain}", f"升级链 {chain} 的级别"), list(listed(levels)), found
                )

    # what was sent, and what may be done ------------------------------------------------------------------------

    def _sent(self, kind: type[Any]) -> list[Any]:
        return [effect for effect in self.desk.sent if isinstance(effect, kind) and effect.ticket == self.ticket.id]

    def _notified(self, wanted: Iterable[Any]) -> Iterator[Finding]:
        every = self._sent(Notify)
        since = every[self.stand.looked.get(self.ticket.id, 0) :]
        self.stand.looked[self.ticket.id] = len(every)
        listed_ = told_to((one.template, one.to) for one in since)
        why = self._sent_lines((*every, *self._sent(Unreachable))) if every else self._happened()
        asked = list(wanted)
        if not asked and since:
            yield self._finding("story.told", "notified", {"found": listed_}, why)
        for index, one in enumerate(asked):
            spec: Mapping[str, Any] = {"template": one} if isinstance(one, str) else one
            count = sum(
                ("to" not in spec or message.to == spec["to"])
                and ("template" not in spec or message.template == spec["template"])
                for message in since
            )
            times = spec.get("times")
            if (times is None and not count) or (times is not None and count != times):
                facts = {
                    "wanted": told_to([(spec.get("template"), spec.get("to"))]),
                    "times": _times(times),
                    "count": _times(count),
                    "found": listed_,
                }
                yield self._finding("story.not_told", f"notified[{index}]", facts, why)

    def _sent_lines(self, effects: Iterable[Notify | Unreachable]) -> Why:
        """What was sent, and who could not be reached, each with its instant; then what time will do next."""
        last = sorted(effects, key=lambda effect: effect.at)[-_MOST_LINES:]
        return {
            lang: (*(f"{local(one.at, self.stand.zone, lang)}  {_sent_line(one)}" for one in last), *self._coming(lang))
            for lang in ("en", "zh")
        }

    def _calls(self, wanted: Any) -> Iterator[Finding]:
        found = [effect.name for effect in self._sent(Call)]
        if sorted(found) != sorted(listed(wanted)):
            yield self._differs("calls", ("calls", "调用"), sorted(listed(wanted)), sorted(found))

    def _unreachable(self, wanted: Any) -> Iterator[Finding]:
        found = [effect.to for effect in self._sent(Unreachable)]
        if set(found) != set(listed(wanted)):
            what, why = ("unreachable", "未能联系到的对象"), self._sent_lines(self._sent(Unreachable)) if found else None
            yield self._differs("unreachable", what, sorted(listed(wanted)), found, why)

    def _children(self, wanted: Any) -> Iterator[Finding]:
        found = [effect.workflow for effect in self._sent(Open)]
        if sorted(found) != sorted(listed(wanted)):
            yield self._differs("children", ("children", "开出的工单"), sorted(listed(wanted)), sorted(found))

    def _options(self) -> dict[str, Option]:
        return {option.event: option for option in self.desk.available(self.ticket.id, actor=self.actor)}

    def _available(self, wanted: Any) -> Iterator[Finding]:
        options = self._options()
        for event in listed(wanted):
            option = options.get(event)
            if option is None or option.status == "refused":
                facts = {"event": event, "actor": somebody(self.actor)}
                yield self._finding("story.unavailable", "available", facts, self._why_not(event, option))

    def _why_not(self, event: str, option: Option | None) -> Why:
        """The refusal in both languages."""
        if option is None:
            return not_taken(event, self.ticket.configuration)
        return _refusal(option)

    def _refused(self, wanted: Any) -> Iterator[Finding]:
        options = self._options()
        codes: Mapping[str, str | None] = wanted if isinstance(wanted, Mapping) else dict.fromkeys(listed(wanted))
        for event, code in codes.items():
            option = options.get(event)
            if option is not None and option.status != "refused":
                yield self._finding("story.available", f"refused.{event}", {"event": event, "actor": somebody(self.actor)})
            elif code is not None and (found := "not_here" if option is None else option.code) != code:
                why = not_taken(event, self.ticket.configuration) if option is None else _refusal(option)
                told = {lang: lines[0] for lang, lines in why.items()}
                facts = {"event": event, "code": found, "wanted": code, "told": told}
                yield self._finding("story.refused_otherwise", f"refused.{event}", facts)


def _refusal(option: Option) -> Why:
    """Why an event may not happen, in both languages."""
    refused = Refused(option.why, **{**option.facts, "code": option.code or "", "event": option.event})
    return {lang: (refused.text(lang),) for lang in ("en", "zh")}


def _sent_line(effect: Notify | Unreachable) -> str:
    return f"{effect.template} -> {effect.to}" if isinstance(effect, Notify) else f"{effect.to}: {effect.reason}"


def _one(names: Iterable[str]) -> str:
    return " + ".join(names) or "-"


def _whole(at: datetime | None) -> datetime | None:
    """To the second, as stories tell time."""
    return None if at is None else at.replace(microsecond=0)


def _seconds(span: timedelta) -> timedelta:
    return timedelta(seconds=round(span.total_seconds()))


def _times(times: int | None) -> Mapping[str, str]:
    if times is None:
        return {"en": "at least once", "zh": "至少一次"}
    return {"en": {1: "once", 2: "twice"}.get(times, f"{times} times"), "zh": f"{times} 次"}
