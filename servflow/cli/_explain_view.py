"""Knows how an explanation of a ticket looks as text; must not know where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from servflow.cli._explain import LAST_DECISIONS, LAST_STEPS
from servflow.cli._output import Say, span
from servflow.cli._words import WORDS
from servflow.engine._slot_stories import SlotStep
from servflow.escalation import cause_text
from servflow.escalation._words import did_in, reason_in
from servflow.model import in_language, read_instant

Told = Mapping[str, Any]


def show_explanation(say: Say, told: Told, zone: str) -> None:
    """Write an explanation as text, with instants as a wall clock of *zone* shows them."""
    _head(say, told, zone)
    _moves(say, told, zone)
    _checklists(say, told, zone)
    for approval in told["approvals"]:
        _approval(say, approval, zone)
    if told["children"]["total"]:
        _children(say, told["children"])
    if told["helpers"] or told["watchers"]:
        _helpers(say, told, zone)
    if told["appointment"]:
        _visit(say, told["appointment"], zone)
    if told["parts"]:
        _parts(say, told["parts"], zone)
    _decided(say, told["decisions"], zone)
    for slot in told["slots"]:
        _slot(say, slot, zone)
    for clock in told["clocks"]:
        _clock(say, clock, zone)
    _breaches(say, told["breaches"], zone)
    _escalations(say, told, zone)
    _next(say, told, zone)


def _at(text: str | None) -> datetime | None:
    return None if text is None else read_instant(text)


def _shown(say: Say, text: str | None, zone: str) -> str:
    return say.at(_at(text), zone)


def _length(seconds: float | None) -> str:
    return span(None if seconds is None else timedelta(seconds=seconds))


def _head(say: Say, told: Told, zone: str) -> None:
    words = say.words
    here = ", ".join(in_language(name, say.lang) for name in told["titles"])
    title = f": {here}" if here else ""
    if say.lang == "zh" and title:
        title = f"（{here}）"  # noqa: RUF001 - Chinese text uses full-width punctuation
    facts = {"ticket": told["ticket"], "workflow": say.called("workflow", told["workflow"]), "version": told["version"]}
    say.line(words("explain.title", **facts, at=_shown(say, told["at"], zone), zone=zone), style="bold")
    say.line(words("explain.state", state=told["state"], since=_shown(say, told["since"], zone), title=title))
    facts = {name: "-" if told[name] is None else told[name] for name in ("priority", "customer", "outlet", "assignee")}
    say.line(words("explain.facts", **facts, reopened=told["reopened"]))


def _moves(say: Say, told: Told, zone: str) -> None:
    words = say.words
    say.head(words("explain.why_state"))
    say.table(
        [words("at"), words("event"), words("who"), words("state"), words("reason")],
        [
            (
                _shown(say, move["at"], zone),
                "-" if move["event"] is None else _event(say, move["event"]),
                move["by"] or "-",
                f"{say.states(move['from'] or '')} -> {say.states(move['to'])}".lstrip(),
                move["reason"],
            )
            for move in told["moves"]
        ],
    )


def _event(say: Say, event: str) -> str:
    """An event; the opening and a move to another version are none that a definition names."""
    return say.words(f"event.{event}") if event in ("open", "migration") else say.called("event", event)


def _checklists(say: Say, told: Told, zone: str) -> None:
    words = say.words
    for state in dict.fromkeys(step["state"] for step in told["checklists"]):
        say.head(words("explain.checklist", state=say.called("state", state)))
        say.table(
            [words("step"), words("done"), words("who"), words("evidence"), words("due")],
            [
                (
                    (in_language(step["title"], say.lang) or step["step"])
                    + ("" if step["required"] else f" ({words('optional')})"),
                    _shown(say, step["at"], zone) if step["done"] else "-",
                    step["by"] or "-",
                    _evidence(step),
                    "" if step["done"] or step["due"] is None else _shown(say, step["due"], zone),
                )
                for step in told["checklists"]
                if step["state"] == state
            ],
        )


def _evidence(step: Told) -> str:
    """What came with the check, or what has to."""
    held = step["given"] if step["done"] else step["evidence"]
    if isinstance(held, Mapping):
        return ", ".join(f"{name}: {value}" for name, value in held.items())
    return "" if held is None else str(held)


def _approval(say: Say, approval: Told, zone: str) -> None:
    words = say.words
    quorum = approval["quorum"]
    if isinstance(quorum, Mapping):
        quorum = ", ".join(f"{say.called('role', role)} {count}" for role, count in quorum.items())
    say.head(words("explain.approval", state=say.called("state", approval["state"])))
    due = "" if approval["due"] is None else words("explain.approval_due", due=_shown(say, approval["due"], zone))
    say.line(f"  {words('explain.quorum', quorum=quorum, reject=approval['reject'])}{due}")
    if approval["decided"] is not None:
        decided = words(f"outcome.{approval['decided']}")
        say.line(f"  {words('explain.decided', decided=decided)}")
    if approval["votes"]:
        say.table(
            [words("at"), words("who"), words("vote"), words("comment")],
            [
                (_shown(say, one["at"], zone), one["by"], words(f"outcome.{one['vote']}"), one["comment"])
                for one in approval["votes"]
            ],
        )


def _helpers(say: Say, told: Told, zone: str) -> None:
    words = say.words
    say.head(words("explain.helpers"))
    for row in told["helpers"]:
        key = "explain.helper_due" if row["breached_at"] is None else "explain.helper_late"
        key = "explain.helper" if row["due"] is None else key
        due = _shown(say, row["due"], zone)
        say.line(f"  {words(key, name=row['helper'], due=due, within=row['within'])}")
        if row["counts"]:
            say.line(f"    {row['counts']}")
    if told["watchers"]:
        say.line(f"  {words('explain.watchers', names=', '.join(told['watchers']))}")


def _parts(say: Say, lines: list[Told], zone: str) -> None:
    words = say.words
    say.head(words("explain.parts"))
    why = "why_zh" if say.lang == "zh" else "why"
    say.table(
        [words("explain.part_line"), words("explain.part_since"), words("explain.part")],
        [(str(one["line"]), _shown(say, one["since"], zone), one[why]) for one in lines],
    )


def _visit(say: Say, visit: Told, zone: str) -> None:
    words = say.words
    say.head(words("explain.visit"))
    if visit["start"] is None:
        phase = words(f"outcome.visit_{visit['phase']}")
        say.line(f"  {words('explain.visit_none', phase=phase)}")
    else:
        start, end = _shown(say, visit["start"], zone), _shown(say, visit["end"], zone)
        say.line(f"  {words('explain.visit_booked', to=visit['to'], start=start, end=end)}")
    if any(visit[name] for name in ("moved", "missed", "lost")):
        counts = {name: visit[name] for name in ("moved", "missed", "lost")}
        say.line(f"  {words('explain.visit_counts', **counts)}")


def _children(say: Say, children: Told) -> None:
    names = ", ".join(children["open"]) or say.words("none")
    say.head(say.words("explain.children"))
    say.line(f"  {say.words('explain.children_open', names=names, total=children['total'])}")


def _decided(say: Say, decisions: list[Told], zone: str) -> None:
    """What tables and rules decided, each with its result, the rows behind it and the values it read."""
    words = say.words
    if not decisions:
        return
    say.head(words("explain.decisions"))
    if len(decisions) > LAST_DECISIONS:
        say.line(f"  {words('explain.left_out', count=len(decisions) - LAST_DECISIONS)}")
    say.table(
        [
            words("at"),
            words("kind"),
            words("decided.name"),
            words("decided.result"),
            words("decided.rows"),
            words("decided.read"),
        ],
        [
            (
                _shown(say, one["at"], zone),
                words("decided.table" if one["maker"] == "table" else "decided.rule"),
                say.called("table", one["name"]) if one["maker"] == "table" else one["name"],
                _pairs(_named(say, "column", one["result"], one["name"])),
                ", ".join(_row(row, name) for row, name in zip(one["rows"], one["ids"], strict=True)) or "-",
                _pairs(_named(say, "field", one["values"])),
            )
            for one in decisions[-LAST_DECISIONS:]
        ],
    )


def _row(row: int, name: str | None) -> str:
    return str(row) if name is None else f"{row} ({name})"


def _named(say: Say, kind: str, value: Any, of: str = "") -> Any:
    """Names and values, by the titles of both."""
    if not isinstance(value, Mapping):
        return value
    return {
        say.called(kind, name, of): say.called("value", item, name) if isinstance(item, str) else item
        for name, item in value.items()
    }


def _pairs(value: Any) -> str:
    """Names and values in one cell."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_pairs(item)}" for name, item in value.items()) or "-"
    if isinstance(value, list):
        return "; ".join(_pairs(item) for item in value) or "-"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else "-" if value is None else str(value)


def show_reasons(say: Say, told: str, *, name: str, at: datetime, same: bool, zone: str) -> None:
    """Write why the rows of a table did or did not decide."""
    say.line(say.words("explain.reasons", name=name, at=say.at(at, zone), zone=zone), style="bold")
    if not same:
        say.line(say.words("explain.differs"))
    for line in told.splitlines():
        say.line(line)


def _slot(say: Say, slot: Told, zone: str) -> None:
    words = say.words
    if not slot["story"] and slot["to"] is None:
        return
    say.head(
        words(
            "explain.nobody" if slot["to"] is None else "explain.why_who", slot=say.called("slot", slot["slot"]), who=slot["to"]
        )
    )
    steps = [SlotStep.read(step) for step in slot["story"]]
    if len(steps) > LAST_STEPS:
        say.line(f"  {words('explain.left_out', count=len(steps) - LAST_STEPS)}")
    for step in steps[-LAST_STEPS:]:
        say.line(f"  {say.at(step.at, zone)}  {step.text(say.lang, zone, say.called)}")
        for place in step.places:
            say.line(f"    {place}")


def _clock(say: Say, clock: Told, zone: str) -> None:
    words = say.words
    say.head(words("explain.why_due", clock=say.called("clock", clock["name"])))
    calendar = clock["calendar"]
    say.line(
        "  "
        + words(
            "clock.promise",
            within=_length(clock["within"]),
            calendar=words("clock.elapsed")
            if calendar is None
            else words("clock.in", calendar=say.called("calendar", calendar)),
            started=_shown(say, clock["started_at"], zone),
            cycle=clock["cycle"],
            counted=_length(clock["counted"]),
        )
    )
    say.line(f"  {_standing(say, clock, zone)}")
    if clock["provisional"] and clock["phase"] == "running":
        say.line(f"  {words('clock.provisional')}")
    if clock["waived"]:
        say.line(f"  {words('clock.waived', reason=clock['waived'])}")
    if clock["timeline"]:
        say.table(
            [words(name) for name in ("from", "until", "state", "phase", "elapsed", "clock.open", "counted", "total")],
            [
                (
                    _shown(say, row["start"], zone),
                    _shown(say, row["end"], zone),
                    say.states(row["state"] or ""),
                    words(f"phase.{row['phase']}"),
                    _length(row["elapsed"]),
                    _length(row["open"]),
                    _length(row["counted"]),
                    _length(row["total"]),
                )
                for row in clock["timeline"]
            ],
            right=[4, 5, 6, 7],
        )


def _breaches(say: Say, breaches: list[Told], zone: str) -> None:
    if not breaches:
        return
    words = say.words
    say.head(words("explain.breaches"))
    say.table(
        [words("clock"), words("cycle"), words("at"), words("breach.stands"), words("reason"), words("who")],
        [
            (
                say.called("clock", breach["clock"]),
                str(breach["cycle"]),
                _shown(say, breach["breached_at"], zone),
                words("breach.amended" if breach["amended_at"] else "breach.waived" if breach["waived"] else "breach.holds"),
                breach["amended"] or breach["waived"] or "",
                breach["by"] or "",
            )
            for breach in breaches
        ],
        right=[1],
    )


def _standing(say: Say, clock: Told, zone: str) -> str:
    words = say.words
    due, stopped = _shown(say, clock["due"], zone), _shown(say, clock["stopped_at"], zone)
    left = _length(clock["remaining"])
    if clock["phase"] == "cancelled":
        return words("clock.cancelled", stopped=stopped)
    if clock["phase"] == "met":
        return words("clock.late" if clock["breached_at"] else "clock.met", stopped=stopped, due=due)
    if clock["breached_at"]:
        broken = _shown(say, clock["breached_at"], zone)
        if clock["remaining"] > 0:
            return words("clock.breached_left", due=broken, remaining=left)
        return words("clock.breached", due=broken, over=_length(-clock["remaining"]))
    if clock["phase"] == "paused":
        return words("clock.paused", remaining=left, due=_shown(say, clock["due_if_resumed"], zone))
    return words("clock.running", due=due, remaining=left)


def _escalations(say: Say, told: Told, zone: str) -> None:
    words = say.words
    say.head(words("explain.escalations"))
    if not told["escalations"]:
        say.line(f"  {words('explain.no_escalations')}")
        return
    say.table(
        [words("at"), words("chain"), words("level"), words("outcome"), words("told"), words("reason")],
        [
            (
                _shown(say, item["at"], zone),
                say.called("chain", item["chain"]),
                say.called("level", item["level"], item["chain"]) if item["level"] else "",
                words(f"outcome.{item['outcome']}"),
                ", ".join(item["to"]),
                _why(say, item),
            )
            for item in told["escalations"]
        ],
    )


def _why(say: Say, item: Told) -> str:
    """Why a level came to what it did, or what started a run."""
    lang = say.lang
    if item["cause"] is not None and (lang != "en" or not item["cause"].startswith("when")):  # its text is told in English
        return cause_text(item["cause"], lang=lang, called=say.called)
    return ("；" if lang == "zh" else "; ").join(  # noqa: RUF001 - Chinese text uses full-width punctuation
        did_in(reason_in(reason, lang, say.called), lang) for reason in item["why"]
    )


def _next(say: Say, told: Told, zone: str) -> None:
    words = say.words
    coming, doors = told["next"]["by_time"], told["next"]["by_people"]
    say.head(words("title", title=words("explain.next"), more=words("explain.by_time")))
    if coming:
        rows = [(_shown(say, item["at"], zone), *_coming(say, item["kind"], item["name"])) for item in coming]
        say.table([words("at"), words("kind"), words("to")], rows)
    else:
        say.line(f"  {words('explain.nothing')}")
    if doors or told["options"]:
        say.head(words("title", title=words("explain.next"), more=words("explain.by_people")))
        say.table(
            [words("event"), words("door.to"), words("may"), words("when"), words("option.now")], list(_by_people(say, told))
        )


def _by_people(say: Say, told: Told) -> Iterator[tuple[str, str, str, str, str]]:
    """Each way out, and what is granted besides: whether it can be taken now, and what stands against it."""
    left = list(told["options"])

    def now(event: str | None) -> str:
        found = next((one for one in left if one["event"] == event), None)
        if found is None:
            return ""
        left.remove(found)
        status = "nobody" if found["code"] == "not_permitted" else found["status"]
        return say.words(f"option.{status}", why=found["why"])

    for door in told["next"]["by_people"]:
        event = say.called("event", door["event"]) if door["event"] else "-"
        may = ", ".join(say.called("role", name) for name in door["allow"])
        yield event, ", ".join(map(say.states, door["to"])), may, door["when"] or "", now(door["event"])
    for one in list(left):
        may = ", ".join(say.called("role", name) for name in one["allow"])
        yield one["title"], ", ".join(map(say.states, one["targets"])), may, "", now(one["event"])


def _coming(say: Say, kind: str, name: str) -> tuple[str, str]:
    """What time alone will do, and with what: by the titles of states, events, clocks and chains."""
    told = say.words(f"coming.{kind.replace(' ', '_')}") if f"coming.{kind.replace(' ', '_')}" in WORDS else kind
    if kind == "timer":
        state, _, event = name.partition(": ")
        return told, f"{say.called('state', state)}: {say.called('event', event)}"
    if kind == "mark" and say.workflow is not None:
        clock = max((one for one in say.workflow.compiled.clock_names if name.startswith(f"{one} ")), key=len, default=name)
        return told, say.called("clock", clock) + name[len(clock) :].replace(" breach", f" {say.words('coming.breach')}")
    return told, say.called("chain", name)
