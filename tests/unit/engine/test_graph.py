"""Holds drawings of workflows to what they show of a definition and of a ticket; the laws hold their syntax."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import InputError, Refused
from tests.oracles.drawing_reader import read_dot, read_mermaid
from tests.unit.engine.flows import Case, after, flow, move, notify

CHAIN = {
    "name": "late",
    "start": {"clock": "repair", "mark": "breach"},
    "levels": [{"name": "lead", "do": [notify("lead")]}, {"name": "boss", "after": "2h", "do": [notify("boss")]}],
}


def _case(**parts: Any) -> Case:
    """A ticket with a promise of an hour, warned at half of it, and two people who hear of it when it is late."""
    clock = {"name": "repair", "within": "60m", "until": "z", "paused_in": "b", "warn": ["50%"]}
    return Case(flow(**{"clocks": [clock], "escalations": [CHAIN], **parts}))


def _notes(text: str) -> str:
    return text.partition("note right of s1")[2].partition("end note")[0].replace("#58;", ":")


@pytest.mark.parametrize(
    ("minutes", "tone", "said"),
    [
        (10, "marked", "repair: 50m left, due 2026-03-02 10:00 UTC"),
        (31, "warned", "repair: warned 50%, 29m left, due 2026-03-02 10:00 UTC"),
        (70, "breached", "repair: breached, due 2026-03-02 10:00 UTC, over by 10m"),
    ],
)
def test_a_clock_at_risk_colours_the_state(minutes: int, tone: str, said: str) -> None:
    """The state is coloured by the worst that a clock has come to at that instant, and the clock stands beside it."""
    case = _case()
    drawn = case.workflow.graph("mermaid", case.ticket, after(minutes))

    assert f"class s1 {tone}" in drawn
    assert said in _notes(drawn).replace("#37;", "%")
    assert said in case.workflow.graph("dot", case.ticket, after(minutes))
    assert f"| repair | {tone if tone != 'marked' else '-'} |" in case.workflow.graph("table", case.ticket, after(minutes))


def test_the_instant_is_the_tickets_own_unless_given() -> None:
    """Without `at` the drawing shows the ticket as it is; with it, what time alone will have done by then."""
    case = _case()
    here = case.workflow.graph(ticket=case.ticket)

    assert here == case.workflow.graph("mermaid", case.ticket, case.ticket.at)
    assert here != case.workflow.graph("mermaid", case.ticket, after(40))
    with pytest.raises(Refused):
        case.workflow.graph("mermaid", case.ticket, after(-60))


def test_levels_reached_and_the_next_one_are_told() -> None:
    """A run tells how many of its levels it has reached, the last one's name, and when the next one is due."""
    case = _case()
    drawn = case.workflow.graph("table", case.ticket, after(70))

    assert "| late | level 1 of 2: lead | running | boss at 2026-03-02 12:00 UTC |" in drawn
    assert "late: level 2 of 2: boss, ended" in _notes(case.workflow.graph("mermaid", case.ticket, after(600)))


def test_a_paused_clock_and_a_met_one_are_at_no_risk() -> None:
    """A paused clock tells what is left; one that was met tells so in the tables and colours nothing."""
    case = _case()
    case.fire("go", minutes=20)
    assert "repair: paused, 40m left" in case.workflow.graph("dot", case.ticket)
    case.fire("end", minutes=25)

    assert "class s3 marked" in case.workflow.graph(ticket=case.ticket)
    assert "| repair | - | met |" in case.workflow.graph("table", case.ticket)


def test_a_waived_breach_is_no_risk() -> None:
    """A breach that was waived is told as such and the state is no longer red."""
    case = _case()
    case.fire("clock.waive", {"clock": "repair", "reason": "flood"}, minutes=70)
    drawn = case.workflow.graph(ticket=case.ticket)

    assert "breach waived" in drawn
    assert "class s1 breached" not in drawn


def test_timers_stand_on_the_transitions_they_take() -> None:
    """A transition tells after how long a timer takes it, also where the timer is of a state inside its source."""
    states = {"a": {"states": {"a1": {"timers": [{"after": "14d", "event": "end"}]}, "a2": {}}}, "b": {}, "z": {"closed": True}}
    case = Case(flow(states=states, transitions=[move("go", "a1", "a2"), move("end", "a", "z")]))
    drawn = case.workflow.graph("table")

    assert "| 0 | a1 | go | - | a2 | - |" in drawn
    assert "| 1 | a | end (after 14d in a1) | - | z | - |" in drawn
    assert "end at 2026-03-16 09" in case.workflow.graph("mermaid", case.ticket)


def test_closed_states_have_a_second_border() -> None:
    """What means closed can be told from the rest in both pictures."""
    assert 's3 [label="z", peripheries=2];' in flow().graph("dot")
    assert "class s3 doubled" in flow().graph("mermaid")


def test_detail_tells_who_may_and_what_is_needed() -> None:
    """Permissions, payloads, titles and steps are left out unless asked for."""
    workflow = flow(
        roles=["clerk"],
        states={"a": {"title": "Neu", "checklist": ["look", "fix"]}, "b": {}, "z": {"closed": True}},
        transitions=[move(allow=["clerk", {"manager_of": "assignee"}], payload={"sum": "int"}), move("end", "a", "z")],
    )
    for form in ("mermaid", "dot", "table"):
        plain, told = workflow.graph(form), workflow.graph(form, detail=True).replace("#58;", ":").replace("\\n", " ")
        for said in ("clerk", "manager_of(assignee)", "sum: int", "Neu", "look, fix"):
            assert said not in plain
            assert said in told.replace("\\_", "_")


def test_every_active_state_of_parallel_regions_is_marked() -> None:
    """All leaves stand out; clocks stand beside the first."""
    states = {
        "p": {"parallel": True, "states": {"l": {"states": {"a": {}, "b": {}}}, "r": {"states": {"c": {}}}}},
        "z": {"closed": True},
    }
    case = _case(states=states, initial="p", transitions=[move("go", "a", "b"), move("end", "p", "z")])
    drawn = case.workflow.graph(ticket=case.ticket)

    assert "class s3,s6 marked" in drawn
    assert 1 == drawn.count("end note")


@pytest.mark.parametrize("minutes", [0, 40, 70, 500])
def test_drawings_of_tickets_keep_the_grammar(minutes: int) -> None:
    """Whatever a ticket has to tell, blocks close and every id that is used is declared."""
    case = _case(states={"a": {"timers": [{"after": "5d", "event": "end"}]}, "b": {}, "z": {"closed": True}})

    assert read_mermaid(case.workflow.graph("mermaid", case.ticket, after(minutes), detail=True))
    assert read_dot(case.workflow.graph("dot", case.ticket, after(minutes), detail=True))


def test_long_labels_are_broken_or_cut() -> None:
    """A long condition takes several lines in a graph and ends early in Mermaid; the table has all of it."""
    when = " || ".join(f"priority == {number}" for number in range(40))
    workflow = flow(transitions=[move(when=when), move("end", ["a", "b"], "z")])

    assert max(map(len, workflow.graph("mermaid").splitlines())) < 600
    assert "\\n" in workflow.graph("dot")
    assert "…" in workflow.graph("dot")
    assert "priority == 39" in workflow.graph("table")


def test_an_instant_needs_a_ticket() -> None:
    """Without a ticket there is nothing to look at, at whatever instant."""
    with pytest.raises(InputError, match="pass the ticket too"):
        flow().graph(at=after(5))


def test_a_ticket_of_another_workflow_is_refused() -> None:
    """The error tells both workflows."""
    with pytest.raises(InputError, match="'small', not 'other'"):
        flow(workflow="other").graph(ticket=Case(flow()).ticket)


def test_notebooks_are_given_every_form() -> None:
    """Workflow and machine show a drawing, and where it cannot be drawn a table without scripts."""
    workflow = flow(transitions=[move(when="payload.x != '<script>'", payload={"x": "string"}), move("end", ["a", "b"], "z")])
    for shown in (workflow._repr_mimebundle_(), workflow.compiled.chart._repr_mimebundle_(include=None, exclude=None)):
        assert {"text/plain", "text/markdown", "text/html", "text/vnd.mermaid"} == set(shown)
        assert shown["text/vnd.mermaid"] in shown["text/markdown"]
        assert "<script" not in shown["text/html"]
    assert "Workflow('small', version 1)" == workflow._repr_mimebundle_()["text/plain"]
    assert "&lt;script&gt;" in workflow._repr_mimebundle_()["text/html"]


def test_looking_changes_nothing() -> None:
    """The ticket that is drawn in the future is the ticket it was."""
    case = _case()
    before = case.ticket
    case.workflow.graph("mermaid", case.ticket, after(500))

    assert before == case.ticket


@pytest.mark.parametrize("given", ["T1", {}, 3])
def test_what_is_no_ticket_is_refused(given: object) -> None:
    """A row that was not loaded, or an id, is named and not looked into."""
    for at in (None, after(1)):
        with pytest.raises(InputError, match="pass a Ticket, not"):
            _case().workflow.graph("table", given, at)  # type: ignore[arg-type]  # what a host may pass by mistake


@pytest.mark.parametrize("format", ["table", "html"])
def test_the_heads_of_tables_are_told_in_the_language_asked_for(format: str) -> None:  # noqa: A002 - the word of the parameter it gives
    """What a table says of itself is Chinese in Chinese, English in any other language; what the definition holds stays."""
    case = _case()
    english, chinese, other = (
        case.workflow.graph(format, case.ticket, after(70), detail=True, lang=lang) for lang in ("en", "zh-CN", "fr")
    )
    heads = ("source", "event", "when", "target", "note", "Clocks", "standing", "Escalations", "States", "timers")

    assert [] == [head for head in heads if head not in english]
    assert [] == [head for head in heads if head in chinese]
    assert [] == [
        word for word in ("起始状态", "目标状态", "时钟", "升级链", "已达级别", "处理人", "无人") if word not in chinese
    ]
    assert english == other
