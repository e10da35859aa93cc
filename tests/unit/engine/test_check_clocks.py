"""Knows a clock for each finding of check() about clocks and a near one without it; must not know how they are found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.documents import load
from servflow.engine._witnesses import START
from servflow.errors import Finding, Refused, TimeError
from tests.unit.engine.flows import flow, move

TEMPLATES = Path(servflow.__file__).parent / "documents" / "templates"
CLERK: dict[str, Any] = {"allow": ["clerk"]}
GRANTED: dict[str, Any] = {"roles": ["clerk"], "transitions": [move(**CLERK), move("end", ["a", "b"], "z", **CLERK)]}
WAIT: dict[str, Any] = {"states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}}}
LINE: dict[str, Any] = {"transitions": [move(), move("end", "b", "z")]}
TIER: dict[str, Any] = {"fields": {"tier": {"type": "string", "one_of": ["gold", "silver"], "default": "silver"}}}
HOURS = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
YEAR: dict[str, Any] = {"calendars": {"office": {**HOURS, "holidays": ["2026-01-01"], "known_until": "2026-12-31"}}}
SHUT: dict[str, Any] = {
    "states": {"a": {}, "b": {}, "c": {"closed": True}, "z": {"closed": True}},
    "transitions": [
        {"event": "go", "source": "a", "target": "b"},
        {"event": "refuse", "source": ["a", "b"], "target": "c"},
        {"event": "end", "source": "b", "target": "z"},
    ],
}
ONCE: dict[str, Any] = {
    "calendars": {"fair": {"zone": "UTC", "shifts": {"2026-05-01": ["09:00-17:00"], "2026-05-02": ["09:00-17:00"]}}}
}
ENDED: dict[str, Any] = {"transitions": [move(), move("ended", ["a", "b"], "z")]}
ANSWER = [{"message": {"side": "agent", "public": True}}]


def clock(name: str = "c", within: Any = "4h", **more: Any) -> dict[str, Any]:
    """A clock as a definition writes it."""
    return {"name": name, "within": within, **more}


def told(mark: str) -> dict[str, Any]:
    """A chain that starts at a mark."""
    levels = [{"name": "lead", "do": [{"notify": {"to": "assignee", "template": "late"}}]}]
    return {"name": f"at {mark}", "start": {"clock": "c", "mark": mark}, "levels": levels}


def coded(code: str, at: datetime | None = None, **parts: Any) -> list[Finding]:
    """The findings of one code."""
    return [finding for finding in flow(**parts).check(at=at) if finding.code == code]


def by_tier(gold: str, others: str) -> list[dict[str, str]]:
    """A target that gold tickets have, and one for the others."""
    return [{"when": "tier == 'gold'", "take": gold}, {"take": others}]


TAKEN = {"table": "promises", "take": "answer"}


def table(gold: str, others: str) -> dict[str, Any]:
    """A table of promises by tier, whose values are not listed anywhere else."""
    rows = [['"gold"', gold], ["-", others]]
    return {
        "fields": {"tier": {"type": "string", "required": True}},
        "tables": {"promises": {"hit": "first", "inputs": ["tier"], "outputs": {"answer": "string"}, "rows": rows}},
    }


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "clock.never_starts",
        {**WAIT, "clocks": [clock(start=[{"state": "c"}], until="z")]},
        {**WAIT, "clocks": [clock(start=[{"state": "b"}], until="z")]},
    ),
    (
        "clock.never_starts",
        {**GRANTED, "clocks": [clock(start=[{"event": "call"}], until="z")]},
        {**GRANTED, "events": {"call": CLERK}, "clocks": [clock(start=[{"event": "call"}], until="z")]},
    ),
    *(
        (  # what replies, correlators and other tickets may bring
            "clock.never_starts",
            {**GRANTED, "clocks": [clock(start=[start], until="z")]},
            {**GRANTED, "events": {event: {"allow": ["system"]}}, "clocks": [clock(start=[start], until="z")]},
        )
        for event, start in [("call", {"event": "call"}), ("ticket.cancel", {"event": "ticket.cancel"})]
    ),
    (
        "clock.never_stops",
        {**GRANTED, "clocks": [clock(stop=ANSWER)]},
        {**GRANTED, "events": {"ticket.message": {"allow": ["system"]}}, "clocks": [clock(stop=ANSWER)]},
    ),
    (
        "clock.never_stops",
        {**GRANTED, **TIER, "clocks": [clock(stop=[{"field": "tier"}])]},
        {**GRANTED, **TIER, "events": {"ticket.update": {"allow": ["system"]}}, "clocks": [clock(stop=[{"field": "tier"}])]},
    ),
    ("clock.never_starts", {"clocks": [clock(until=["a", "z"])]}, {"clocks": [clock(until="z")]}),
    (
        "clock.never_starts",
        {**GRANTED, **TIER, "clocks": [clock(start=[{"field": {"tier": "bronze"}}], until="z")]},
        {**GRANTED, **TIER, "clocks": [clock(start=[{"field": {"tier": "gold"}}], until="z")]},
    ),
    (
        "clock.never_starts",
        {
            "transitions": [move(when="false"), move("end", ["a", "b"], "z")],
            "clocks": [clock(start=[{"event": "go"}], until="z")],
        },
        {"transitions": [move(), move("end", ["a", "b"], "z")], "clocks": [clock(start=[{"event": "go"}], until="z")]},
    ),
    ("clock.never_stops", {**WAIT, "clocks": [clock(until="c")]}, {**WAIT, "clocks": [clock(until="b")]}),
    ("clock.never_stops", {"clocks": [clock()]}, {"clocks": [clock(reset=[{"event": "go"}])]}),
    (
        "clock.never_stops",
        {**GRANTED, "clocks": [clock(stop=ANSWER)]},
        {**GRANTED, "events": {"ticket.message": CLERK}, "clocks": [clock(stop=ANSWER)]},
    ),
    (
        "clock.never_stops",
        {**GRANTED, **TIER, "clocks": [clock(stop=[{"field": "tier"}])]},
        {**GRANTED, **TIER, "events": {"ticket.update": CLERK}, "clocks": [clock(stop=[{"field": "tier"}])]},
    ),
    (
        "clock.never_stops",
        {**GRANTED, "queues": ["care", "desk"], "clocks": [clock(stop=[{"queue": "care"}])]},
        {
            **GRANTED,
            "queues": ["care", "desk"],
            "transitions": [move(do=[{"queue": "care"}], **CLERK), move("end", ["a", "b"], "z", **CLERK)],
            "clocks": [clock(stop=[{"queue": "care"}])],
        },
    ),
    (
        "clock.never_stops",
        {"transitions": [move(), move("end", "b", "z")], "clocks": [clock(start=[{"state": "z"}], stop=[{"event": "go"}])]},
        {"clocks": [clock(start=[{"state": "z"}], stop=[{"event": "go"}])]},
    ),
    (
        "clock.never_resumed",
        {
            **WAIT,
            "transitions": [move(), move("wait", "b", "c"), move("end", "b", "z")],
            "clocks": [clock(until="z", paused_in="c")],
        },
        {
            **WAIT,
            "transitions": [move(), move("wait", "b", "c"), move("back", "c", "b"), move("end", "b", "z")],
            "clocks": [clock(until="z", paused_in="c")],
        },
    ),
    (
        "clock.never_resumed",
        {"clocks": [clock(until="z", pause=[{"event": "hold"}])]},
        {"clocks": [clock(until="z", pause=[{"event": "hold"}], resume=[{"event": "unhold"}])]},
    ),
    (
        "clock.never_resumed",
        {
            **GRANTED,
            "events": {"hold": CLERK},
            "clocks": [clock(until="z", pause=[{"event": "hold"}], resume=[{"event": "on"}])],
        },
        {
            **GRANTED,
            "events": {"hold": CLERK, "on": CLERK},
            "clocks": [clock(until="z", pause=[{"event": "hold"}], resume=[{"event": "on"}])],
        },
    ),
    (
        "clock.event_like",
        {"clocks": [clock(stop=[{"event": "ende"}, {"state": "z"}])], **ENDED},
        {
            "clocks": [clock(stop=[{"event": "called"}, {"state": "z"}])],
            "transitions": [move(), move("ended", ["a", "b"], "z")],
        },
    ),
    (
        "clock.hidden",
        {"clocks": [clock(until="b", cancel=[{"state": "b"}])]},
        {"clocks": [clock(until="b", cancel=[{"state": "z"}])]},
    ),
    ("clock.hidden", {"clocks": [clock(until="b", paused_in="b")]}, {"clocks": [clock(until="z", paused_in="b")]}),
    (
        "clock.beyond_known",
        {**YEAR, "clocks": [clock(within="3000h", calendar="office", until="z")]},
        {**YEAR, "clocks": [clock(within="300h", calendar="office", until="z")]},
    ),
    (
        "clock.beyond_known",
        {**YEAR, "clocks": [clock(within="300 business days", calendar="office", until="z")]},
        {**YEAR, "clocks": [clock(within="30 business days", calendar="office", until="z")]},
    ),
    (
        "clock.never_due",
        {**ONCE, "clocks": [clock(within="17h", calendar="fair", until="z")]},
        {**ONCE, "clocks": [clock(within="16h", calendar="fair", until="z")]},
    ),
    (
        "clock.never_due",
        {**ONCE, "clocks": [clock(within="3 business days", calendar="fair", until="z")]},
        {**ONCE, "clocks": [clock(within="1 business days", calendar="fair", until="z")]},
    ),
    (
        "clock.mark_late",
        {"clocks": [clock(until="z", warn=["80%", "150 %"])]},
        {"clocks": [clock(until="z", warn=["80%", "1h after"])]},
    ),
    (
        "clock.mark_late",
        {"clocks": [clock(until="z", warn=["120%", "150%"])], "escalations": [told("120%")]},
        {"clocks": [clock(until="z", warn=["120%", "150%"])], "escalations": [told("120%"), told("150 %")]},
    ),
    (
        "clock.mark_at_start",
        {"clocks": [clock(until="z", warn=["5h before"])]},
        {"clocks": [clock(until="z", warn=["3h before"])]},
    ),
    (
        "clock.mark_at_start",
        {**TIER, "clocks": [clock(within=by_tier("1h", "4h"), until="z", warn=["2h before"])]},
        {**TIER, "clocks": [clock(within=by_tier("3h", "4h"), until="z", warn=["2h before"])]},
    ),
    (
        "clock.response_longer",
        {"clocks": [clock("answer", "9h", stop=ANSWER), clock("repair", "8h", until="z")]},
        {"clocks": [clock("answer", "2h", stop=ANSWER), clock("repair", "8h", until="z")]},
    ),
    (
        "clock.response_longer",
        {**LINE, "clocks": [clock("visit", "9h", until="b"), clock("repair", "8h", until="z")]},
        {**LINE, "clocks": [clock("visit", "8h", until="b"), clock("repair", "8h", until="z")]},
    ),
    # A ticket that is closed at once needs no visit; one that is visited is so before it is closed.
    (
        "clock.response_longer",
        {"clocks": [clock("visit", "9h", until="b"), clock("repair", "8h", until="z")]},
        {"clocks": [clock("visit", "9h", until="b", start=[{"event": "go"}]), clock("repair", "8h", until="z")]},
    ),
    (
        "clock.response_longer",
        {
            **TIER,
            "clocks": [
                clock("answer", by_tier("9h", "1h"), stop=ANSWER),
                clock("repair", by_tier("8h", "10h"), until="z"),
            ],
        },
        # Longer than the other target of the repair only, which no ticket of the same tier has.
        {
            **TIER,
            "clocks": [
                clock("answer", by_tier("1h", "9h"), stop=ANSWER),
                clock("repair", by_tier("8h", "10h"), until="z"),
            ],
        },
    ),
    (
        "clock.response_longer",
        {
            **YEAR,
            "clocks": [clock("answer", "2 business days", stop=ANSWER, calendar="office"), clock("repair", "8h", until="z")],
        },
        {**YEAR, "clocks": [clock("answer", "8h", stop=ANSWER, calendar="office"), clock("repair", "30d", until="z")]},
    ),
    # An answer that is an event: it can come before the end only, and what waits after it does not matter.
    (
        "clock.response_longer",
        {
            **WAIT,
            "transitions": [move(), move("wait", "b", "c"), move("on", "c", "b"), move("end", ["a", "b"], "z")],
            "clocks": [clock("answer", "9h", stop=[{"event": "go"}]), clock("repair", "8h", until="z", paused_in="c")],
        },
        {
            **WAIT,
            "transitions": [move(), move("wait", "a", "c"), move("on", "c", "a"), move("end", ["a", "b"], "z")],
            "clocks": [clock("answer", "9h", stop=[{"event": "go"}]), clock("repair", "8h", until="z", paused_in="c")],
        },
    ),
    # A way back: what the event does may come after the end of the other as well as before.
    (
        "clock.response_longer",
        {
            **WAIT,
            "transitions": [move(), move("on", "b", "c"), move("end", ["a", "c"], "z")],
            "clocks": [clock("answer", "9h", stop=[{"event": "go"}]), clock("repair", "8h", until="c")],
        },
        {
            **WAIT,
            "transitions": [move(), move("on", ["a", "b"], "c"), move("back", "c", "a"), move("end", ["a", "c"], "z")],
            "clocks": [clock("answer", "9h", stop=[{"event": "go"}]), clock("repair", "8h", until="c")],
        },
    ),
    # A refusal ends both at once, and so says nothing of which comes first: the visit comes before the end all the same.
    (
        "clock.response_longer",
        {**SHUT, "clocks": [clock("visit", "9h", until=["b", "c"]), clock("repair", "8h", until=["z", "c"])]},
        {**SHUT, "clocks": [clock("visit", "8h", until=["b", "c"]), clock("repair", "9h", until=["z", "c"])]},
    ),
    # Targets that a table gives, one for each of its rows.
    (
        "clock.response_longer",
        {**table('"9h"', '"8h"'), "clocks": [clock("answer", TAKEN, stop=ANSWER), clock("repair", "8h", until="z")]},
        {**table('"8h"', '"7h"'), "clocks": [clock("answer", TAKEN, stop=ANSWER), clock("repair", "8h", until="z")]},
    ),
    (
        "clock.child_longer",
        {**LINE, "clocks": [clock("team", "9h", until="b", parent="repair"), clock("repair", "8h", until="z")]},
        {**LINE, "clocks": [clock("team", "7h", until="b", parent="repair"), clock("repair", "8h", until="z")]},
    ),
    (
        "clock.never_counts",
        {**WAIT, "clocks": [clock(until="z", counts_in="c")]},
        {**WAIT, "clocks": [clock(until="z", counts_in="b")]},
    ),
    # What lies behind the end of a clock is no place in which it counts.
    (
        "clock.never_counts",
        {**LINE, "clocks": [clock(until="b", counts_in=["b", "z"])]},
        {**LINE, "clocks": [clock(until="z", counts_in="b")]},
    ),
    (
        "clock.never_counts",
        {**LINE, "clocks": [clock(until="z", paused_in=["a", "b"])]},
        {**LINE, "clocks": [clock(until="z", paused_in=["a"])]},
    ),
    # A ticket that is opened again may be where it counts.
    (
        "clock.never_counts",
        {**LINE, "clocks": [clock(until="b", paused_in=["a"])]},
        {
            **WAIT,
            "transitions": [move(), move("end", "b", "z"), move("ticket.reopen", "z", "c"), move("on", "c", "b")],
            "clocks": [clock(until="b", paused_in="a")],
        },
    ),
    (
        "clock.never_stops",
        {**TIER, "clocks": [clock(stop=[{"event": "go", "when": "tier == 'gold' && tier == 'silver'"}])]},
        {**TIER, "clocks": [clock(stop=[{"event": "go", "when": "tier == 'gold'"}])]},
    ),
    # The next answer only after the first: where no first can come, neither can it.
    (
        "clock.never_starts",
        {
            **WAIT,
            "clocks": [clock("first", until="c"), clock("next", start=[{"event": "go", "after": "first"}], until="z")],
        },
        {
            **WAIT,
            "clocks": [clock("first", until="b"), clock("next", start=[{"event": "go", "after": "first"}], until="z")],
        },
    ),
    # What waits before the visit may let the repair wait longer than the visit.
    (
        "clock.response_longer",
        {
            **WAIT,
            "transitions": [move(), move("on", "b", "c"), move("end", "c", "z")],
            "clocks": [clock("visit", "9h", until="c", paused_in="b"), clock("repair", "8h", until="z", paused_in="b")],
        },
        {
            **WAIT,
            "transitions": [move(), move("on", "b", "c"), move("end", "c", "z")],
            "clocks": [clock("visit", "9h", until="c"), clock("repair", "8h", until="z", paused_in="b")],
        },
    ),
]


@pytest.mark.parametrize(("code", "has", "near"), CASES)
def test_a_finding_is_made_where_it_holds_and_nowhere_near(code: str, has: dict[str, Any], near: dict[str, Any]) -> None:
    """Each finding has a definition that has it, and one almost the same that has not."""
    found = coded(code, **has)

    assert found, [finding.text() for finding in flow(**has).check()]
    assert [] == coded(code, **near)
    for finding in found:
        for lang in ("en", "zh"):
            assert "{" not in finding.text(lang), finding.text(lang)
        assert finding.path.startswith("clocks[")
        assert "" not in (finding.hint("en"), finding.hint("zh"))


@pytest.mark.parametrize(
    "has", [has for code, has, _ in CASES if code not in ("clock.hidden", "clock.never_stops", "clock.never_starts")]
)
def test_a_witness_is_a_ticket_that_can_be_opened(has: dict[str, Any]) -> None:
    """What a witness tells can be done, but for a clock whose calendar has no such day, which refuses the opening."""
    workflow = flow(**has)
    for finding in workflow.check():
        if finding.code.startswith("clock.") and finding.witness is not None:
            try:
                opened = workflow.replay_witness(finding)
            except Refused:
                assert "clock.never_due" == finding.code
            else:
                assert finding.facts["clock"] in opened[-1].ticket.clocks


def test_many_clocks_and_values_are_looked_at_for_a_bounded_time() -> None:
    """Forty clocks whose targets hang on five fields each take as many questions as are allowed, and no more."""
    fields = {f"f{index}": {"type": "string", "one_of": list("abcd"), "default": "a"} for index in range(5)}
    choices = [{"when": f"f{index % 5} == '{value}'", "take": f"{index + 1}h"} for index, value in enumerate("abcdabcdabcd")]
    office: dict[str, Any] = {"calendars": {"office": HOURS}}
    many = [
        clock(f"c{index}", [*choices, {"take": "2 business days"}], calendar="office", until="bz"[index % 2])
        for index in range(40)
    ]

    found = coded("clock.response_longer", **office, fields=fields, clocks=many)

    assert all(finding.severity in ("warning", "info") for finding in found)


def test_what_only_some_tickets_have_is_a_note() -> None:
    """A mark that lies before the start for some targets only does not change the exit status."""
    choices = by_tier("1h", "4h")

    (some,) = coded("clock.mark_at_start", **TIER, clocks=[clock(within=choices, until="z", warn=["2h before"])])
    (every,) = coded("clock.mark_at_start", **TIER, clocks=[clock(within=choices, until="z", warn=["4h before"])])

    assert ("info", "warning") == (some.severity, every.severity)


def test_the_witness_of_a_longer_response_is_such_a_ticket() -> None:
    """Replayed, the ticket has both clocks, the one to be met first due last."""
    workflow = flow(
        **TIER,
        clocks=[
            clock("answer", by_tier("9h", "1h"), stop=ANSWER),
            clock("repair", "8h", until="z"),
        ],
    )
    (finding,) = [finding for finding in workflow.check() if finding.code == "clock.response_longer"]

    clocks = workflow.replay_witness(finding)[-1].ticket.clocks

    assert "tier = gold" in finding.text()
    assert START + timedelta(hours=9) == clocks["answer"].due
    assert START + timedelta(hours=8) == clocks["repair"].due


def test_at_an_instant_it_is_told_what_a_ticket_opened_then_gets() -> None:
    """With an instant given, a list of holidays that ends soon is told; one that lasts is not."""
    parts = {**YEAR, "clocks": [clock(within="16h", calendar="office", until="z")]}

    early = coded("clock.beyond_known", datetime(2026, 12, 1, tzinfo=UTC), **parts)
    (late,) = coded("clock.beyond_known", datetime(2026, 12, 30, 15, tzinfo=UTC), **parts)

    assert [] == early
    assert ("2027-01-01T15:00:00Z", "2026-12-31") == (late.facts["due"], late.facts["known_until"])


def test_at_an_instant_a_calendar_that_is_over_is_told() -> None:
    """A calendar of single dates that lie in the past gives no due instant any more."""
    parts = {**ONCE, "clocks": [clock(within="1h", calendar="fair", until="z")]}

    assert [] == coded("clock.never_due", datetime(2026, 5, 1, tzinfo=UTC), **parts)
    assert 1 == len(coded("clock.never_due", datetime(2026, 6, 1, tzinfo=UTC), **parts))


def test_the_instant_to_check_at_is_aware() -> None:
    """A naive instant is refused."""
    with pytest.raises(TimeError):
        flow().check(at=datetime(2026, 6, 1))


def test_a_search_that_was_cut_short_says_no_more_than_the_chart() -> None:
    """Where not every place was looked at, only what the chart itself rules out is told."""
    fields = {f"n{index}": {"type": "int", "default": 0} for index in range(5)}
    moves = [
        move(f"e{index}", "a", "b", when=f"n{index} > {index}", do=[{"set": {f"n{index}": f"n{index} + 1"}}], **CLERK)
        for index in range(5)
    ]
    moves += [move("back", "b", "a", **CLERK), move("end", "b", "z", **CLERK)]
    parts: dict[str, Any] = {**WAIT, "roles": ["clerk"], "fields": fields, "transitions": moves}

    found = coded("clock.never_stops", **parts, clocks=[clock("near", until="b"), clock("far", until="c")])

    assert ["far"] == [finding.facts["clock"] for finding in found]


def test_a_clock_is_not_said_to_rest_for_good_where_not_all_was_looked_at() -> None:
    """A guard that is only met far away still lets the clock go on."""
    guarded = move("back", "c", "b", when="n == 3", **CLERK)
    counting = move("count", "b", None, do=[{"set": {"n": "n + 1"}}], **CLERK)
    moves = [move(**CLERK), counting, move("wait", "b", "c", **CLERK), move("end", "b", "z", **CLERK), guarded]
    parts: dict[str, Any] = {**WAIT, "roles": ["clerk"], "fields": {"n": {"type": "int", "default": 0}}, "transitions": moves}

    assert [] == coded("clock.never_resumed", **parts, clocks=[clock(until="z", paused_in="c")])


@pytest.mark.parametrize("file", ["appliance_repair.yaml", "demo_repair.yaml", "service_promises.yaml"])
def test_no_clock_of_the_templates_is_found_fault_with(file: str) -> None:
    """The workflows that come with the package have no finding about clocks."""
    workflow = load(TEMPLATES / file)

    assert [] == [finding.text() for finding in workflow.check() if finding.code.startswith("clock.")]


def test_each_row_of_a_long_table_has_its_ticket() -> None:
    """One row of many hundred that promises the answer after the repair is told with its values."""
    rows = [
        {"when": [f'"{tier}"', f'"r{number}"'], "then": ['"9h"' if (tier, number) == ("gold", 199) else '"2h"', '"4h"']}
        for number in range(200)
        for tier in ("gold", "silver")
    ]
    promises = {"hit": "first", "inputs": ["tier", "region"], "outputs": {"answer": "string", "mend": "string"}, "rows": rows}
    clocks = [
        clock("answer", {"table": "promises", "take": "answer"}, stop=ANSWER),
        clock("repair", {"table": "promises", "take": "mend"}, until="z"),
    ]
    found = coded(
        "clock.response_longer",
        fields={**TIER["fields"], "region": {"type": "string", "required": True}},
        tables={"promises": promises},
        clocks=clocks,
    )

    assert [" with tier = gold, region = r199"] == [finding.facts["where"]["en"] for finding in found]


def test_values_stand_in_the_chinese_sentence_without_a_gap() -> None:
    """Full-width brackets need no space beside them; a name before a Chinese word does."""
    told = [
        found.message("zh")
        for within in (by_tier("4h", "24h"), "4h")
        for found in coded(
            "clock.child_longer", **TIER, clocks=[clock("r", within, until="z"), clock("team", "8h", until="z", parent="r")]
        )
    ]

    assert ["时钟 team（tier = gold）将于", "时钟 team 将于"] == [text.partition("将于")[0] + "将于" for text in told]
