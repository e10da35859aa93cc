"""Holds stories to passing where they tell what happens, to failing where not, and their mistakes to being told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.testing import load_stories, run_stories
from tests.unit.testing.repair import STORIES, WORKFLOW, stories, workflow

LATE = {"after": "7h", "actor": "eve"}


def results(*steps: dict[str, Any], **more: Any) -> tuple[Any, ...]:
    """What stories of these steps come to."""
    return run_stories(stories(*steps, **more), workflow()).results


def problems(document: dict[str, Any], flow: Any = True) -> list[tuple[str, str]]:
    """The code and path of every problem of a document."""
    with pytest.raises(servflow.DefinitionError) as caught:
        load_stories(document, workflow() if flow is True else flow)
    for finding in caught.value.findings:
        assert finding.text("zh") != finding.text("en")
    return [(finding.code, finding.path) for finding in caught.value.findings]


CHECKS = [
    ("state", "new", "on_site"),
    ("state", ["new"], ["new", "done"]),
    ("closed", False, True),
    ("fields", {"tier": "standard", "amount": 0, "priority": 3}, {"tier": "gold"}),
    ("fields", {"amount": "0"}, {"amount": "0.5"}),
    ("fields", {"priority": 3}, {"priority": 1}),
    ("assignee", None, "ann"),
    ("owner", None, "ann"),
    ("queue", None, "desk"),
    ("clocks", {"fix": "breached"}, {"fix": "running"}),
    ("clocks", {"fix": {"phase": "running"}}, {"fix": {"phase": "paused"}}),
    ("clocks", {"fix": {"breached": True}}, {"fix": {"breached": False}}),
    ("clocks", {"fix": {"due": "2026-03-02 13:00"}}, {"fix": {"due": "2026-03-02 13:01"}}),
    ("clocks", {"fix": {"remaining": "-3h"}}, {"fix": {"remaining": "3h"}}),
    ("clocks", {"fix": {"marks": ["50%"]}}, {"fix": {"marks": []}}),
    ("notified", ["late", {"to": "cy", "template": "late", "times": 1}], [{"to": "ann"}]),
    ("notified", [{"to": "bea"}], []),
    ("notified", [{"template": "late", "times": 2}], [{"template": "late", "times": 3}]),
    ("levels", {"late": ["boss", "chief"]}, {"late": ["chief", "boss"]}),
    ("levels", {"late": ["boss", "chief"]}, {"late": ["boss"]}),
    ("available", "forget", "arrive"),
    ("refused", ["arrive", "finish"], ["forget"]),
    ("refused", {"arrive": "not_permitted", "finish": "not_here"}, {"arrive": "guard"}),
    ("offers", [], "ann"),
    ("children", "care", []),
    ("calls", "page", ["page", "page"]),
    ("unreachable", [], "bea"),
    ("checked", [], "look"),
    ("records", {"breached": 1, "moved": 0}, {"breached": 2}),
]


@pytest.mark.parametrize(("key", "right", "wrong"), CHECKS, ids=[f"{key}-{index}" for index, (key, _, _) in enumerate(CHECKS)])
def test_each_thing_that_can_be_told_passes_and_fails(key: str, right: Any, wrong: Any) -> None:
    """Whatever a story says of a ticket holds where it is so, and is told as a failure at its place where it is not."""
    care = servflow.load("{workflow: care, states: {new: {}}}")
    good = run_stories(stories({**LATE, "then": {key: right}}), [workflow(), care])
    bad = run_stories(stories({**LATE, "then": {key: wrong}}), [workflow(), care])

    assert good.passed, good.text()
    assert not bad.passed
    (finding, *_) = bad.results[0].problems
    assert f"cases[0].steps[0].then.{key}" == finding.path.partition(f".{key}")[0] + f".{key}"
    assert finding.message("en")
    assert finding.message("zh") != finding.message("en")
    assert "  what explains it:" in bad.text().splitlines()


def test_every_kind_of_check_is_tried() -> None:
    """No key of `then` is left out of the test above."""
    from servflow.documents._models_story import ThenModel

    assert set(ThenModel.model_fields) == {key for key, _, _ in CHECKS}


def test_a_story_goes_forward_in_time_and_things_happen_at_their_instants() -> None:
    """Wall times are those of the zone, `HH:MM` is the next one, and a timer due on the way fires at its own instant."""
    (result,) = results(
        {"at": "12:00", "then": {"clocks": {"fix": {"remaining": "1h"}}}},
        {"at": "09:00", "then": {"records": {"timer_fired": 0}, "levels": {"late": ["boss", "chief"]}}},
        {"at": "2026-03-05 09:00", "then": {"state": "new"}},
        {"after": "1s", "then": {"state": "done", "closed": True, "records": {"timer_fired": 1}}},
    )

    assert result.passed, result.text()
    assert "2026-03-05T08:00:01+00:00" == result.at.isoformat()


def test_a_time_without_a_day_is_one_that_the_clocks_show() -> None:
    """Where they are put forward the next day's is meant, where they are put back the second one; what is over lies behind."""
    spring = {"at": "2026-03-28 12:00", "actor": "eve"}
    autumn = {"at": "2026-10-24 12:00", "actor": "eve"}
    (forward,) = results({"at": "02:30"}, given=spring)
    (back,) = results({"at": "02:45"}, {"at": "02:30"}, {"at": "02:45"}, {"at": "02:30"}, given=autumn)
    (over,) = results({"at": "10:00"}, {"when": "arrive", "actor": "ann", "occurred": "09:30"}, {"then": {"state": "on_site"}})
    (later,) = results({"then": {"state": "new"}}, given={"at": "10:00"})

    assert "2026-03-30T00:30:00+00:00" == forward.at.isoformat()
    assert "2026-10-26T01:30:00+00:00" == back.at.isoformat()
    assert over.passed, over.text()
    assert "2026-03-02T09:00:00+00:00" == later.at.isoformat()


def test_the_world_changes_between_steps() -> None:
    """Who is away is passed over from that step on, and is asked again once back; the rest of the world stays."""
    flow = servflow.load(
        "{workflow: w, states: {wait: {}, got: {}}, transitions: [{event: assigned.d, source: wait, target: got}],"
        " dispatch: [{name: d, slot: assignee, state: wait, require: [{below: capacity}]}]}"
    )
    people = [{"id": "ann", "capacity": 1}, {"id": "bob", "capacity": 1}]
    told = {
        "stories": "w",
        "start": "2026-03-02 09:00",
        "world": {"engineers": people, "presence": {"ann": "away", "bob": "away"}},
        "cases": [
            {
                "story": "ann is back",
                "steps": [
                    {"then": {"state": "wait", "assignee": None}},
                    {"world": {"presence": {"ann": None}}, "then": {"assignee": "ann"}},
                    {"open": {"ticket": "B"}, "ticket": "B", "then": {"assignee": None}},
                    {"world": {"engineers": [{"id": "ann", "capacity": 2}]}, "ticket": "B", "then": {"assignee": "ann"}},
                ],
            },
            {"story": "nobody is", "steps": [{"then": {"assignee": None}}]},
        ],
    }
    wrong = {**told, "cases": [{"story": "x", "steps": [{"world": {"presence": {"ann": "awy"}, "peple": []}}]}]}
    many = {**told, "cases": [{"story": "x {n}", "steps": [{"world": {}}] * 3, "examples": [{"n": n} for n in range(200)]}]}
    report = run_stories(told, flow)

    assert report.passed, report.text()
    assert [("document.unknown_key", "cases[0].steps[0].world.peple")] == problems(wrong, flow)
    assert [("story.many", "cases")] == problems(many, flow)


def test_functions_of_the_host_answer_as_told() -> None:
    """What a call is answered comes back as its event, from the step on that says so; what is no answer fails the story."""
    late = {"after": "5h", "then": {"calls": "page", "state": "done"}}
    quiet = {"after": "5h", "then": {"calls": "page", "state": "new"}}

    assert [True] == [one.passed for one in results(late, replies={"page": {}})]
    assert [True] == [one.passed for one in results(quiet)]
    assert [True] == [one.passed for one in results({"replies": {"page": None}}, quiet, replies={"page": {}})]
    (wrong,) = results({"replies": {"page": {"why": 1}}}, late)
    assert ["story.failed"] == [one.code for one in wrong.problems]
    assert [("name.unknown", "replies.pge")] == problems(stories(quiet, replies={"pge": {}}))


def test_an_event_is_taken_or_refused_as_told() -> None:
    """A refusal that is told passes with its code; one that is not, or is another one, fails with the sentence."""
    arrive = {"when": "arrive", "actor": "ann"}
    dear = {"when": "finish", "actor": "ann", "payload": {"amount": "900"}}
    (taken,) = results(arrive, {**dear, "refused": "guard"}, {**dear, "payload": {"amount": "9"}}, {"then": {"state": "done"}})
    (refused,) = results(arrive, dear)
    (otherwise,) = results({**arrive, "actor": "eve", "refused": "guard"})
    (allowed,) = results({**arrive, "refused": "guard"})

    assert taken.passed, taken.text()
    assert ["story.refused"] == [one.code for one in refused.problems]
    assert 2 == refused.step
    assert "900" in refused.text()
    assert ["story.refused_otherwise"] == [one.code for one in otherwise.problems]
    assert ["story.allowed"] == [one.code for one in allowed.problems]


def test_an_opening_may_be_refused_and_other_tickets_may_be_opened() -> None:
    """Each ticket of a story is named by its id, and whoever opens it may be turned away."""
    second = {"open": {"ticket": "B", "fields": {"tier": "gold"}, "actor": "eve"}}
    (both,) = results(
        second, {"ticket": "B", "then": {"fields": {"tier": "gold", "priority": 1}}}, {"then": {"fields": {"tier": "standard"}}}
    )
    (refused,) = results({"then": {"state": "new"}}, given={"fields": {"tier": "bronze"}})
    (told,) = results({"open": {"ticket": "B", "fields": {"tier": "bronze"}, "refused": "payload"}})

    assert both.passed, both.text()
    assert ["story.refused"] == [one.code for one in refused.problems]
    assert 0 == refused.step
    assert told.passed, told.text()


def test_examples_tell_a_story_once_for_each() -> None:
    """Values of a row stand where their names stand in braces, whole values with their types."""
    case = {
        "story": "a fee",
        "given": {"fields": {"tier": "{tier}"}},
        "steps": [
            {"when": "arrive", "actor": "ann"},
            {
                "when": "finish",
                "actor": "ann",
                "payload": {"amount": "1"},
                "then": {"fields": {"amount": "{fee}"}, "closed": "{shut}"},
            },
        ],
        "examples": [{"tier": "gold", "fee": 0, "shut": True}, {"tier": "standard", "fee": "80", "shut": False}],
    }
    first, second = run_stories({**STORIES, "cases": [case]}, workflow()).results

    assert first.passed, first.text()
    assert "a fee [tier=gold, fee=0, shut=True]" == first.name
    assert ["cases[0].steps[1].then.closed"] == [one.path for one in second.problems]


@pytest.mark.parametrize(
    ("steps", "code", "path"),
    [
        ([{"when": "arive", "actor": "ann"}], "name.unknown", "cases[0].steps[0].when"),
        ([{"when": "arrive", "actor": "anne"}], "name.unknown", "cases[0].steps[0].actor"),
        ([{"then": {"state": "onsite"}}], "name.unknown", "cases[0].steps[0].then.state"),
        ([{"then": {"fields": {"teir": "gold"}}}], "name.unknown", "cases[0].steps[0].then.fields.teir"),
        ([{"then": {"fields": {"tier": "bronze"}}}], "story.value", "cases[0].steps[0].then.fields.tier"),
        ([{"then": {"clocks": {"fx": "met"}}}], "name.unknown", "cases[0].steps[0].then.clocks.fx"),
        ([{"then": {"clocks": {"fix": "brached"}}}], "story.word", "cases[0].steps[0].then.clocks.fix"),
        ([{"then": {"clocks": {"fix": {"phase": "breached"}}}}], "story.word", "cases[0].steps[0].then.clocks.fix.phase"),
        ([{"then": {"clocks": {"fix": {"marks": "60%"}}}}], "name.unknown", "cases[0].steps[0].then.clocks.fix.marks"),
        ([{"then": {"clocks": {"fix": {"due": "soon"}}}}], "story.moment", "cases[0].steps[0].then.clocks.fix.due"),
        (
            [{"then": {"clocks": {"fix": {"remaining": "2 business days"}}}}],
            "story.span",
            "cases[0].steps[0].then.clocks.fix.remaining",
        ),
        ([{"then": {"notified": ["lat"]}}], "story.never_told", "cases[0].steps[0].then.notified[0]"),
        ([{"then": {"levels": {"lte": []}}}], "name.unknown", "cases[0].steps[0].then.levels.lte"),
        ([{"then": {"levels": {"late": ["bos"]}}}], "name.unknown", "cases[0].steps[0].then.levels.late"),
        ([{"then": {"available": ["finnish"]}}], "name.unknown", "cases[0].steps[0].then.available"),
        ([{"then": {"refused": {"finish": "no"}}}], "story.word", "cases[0].steps[0].then.refused.finish"),
        ([{"then": {"assignee": "annn"}}], "name.unknown", "cases[0].steps[0].then.assignee"),
        ([{"then": {"queue": "dsk"}}], "name.unknown", "cases[0].steps[0].then.queue"),
        ([{"then": {"children": ["car"]}}], "name.unknown", "cases[0].steps[0].then.children"),
        ([{"then": {"checked": ["lok"]}}], "name.unknown", "cases[0].steps[0].then.checked"),
        ([{"then": {"records": {"movd": 1}}}], "name.unknown", "cases[0].steps[0].then.records.movd"),
        ([{"thn": {"state": "new"}}], "document.unknown_key", "cases[0].steps[0].thn"),
        ([{"then": {"closed": "yes"}}], "document.type", "cases[0].steps[0].then.closed"),
        ([{"after": "2 business days"}], "story.span", "cases[0].steps[0].after"),
        ([{"after": "soon"}], "story.span", "cases[0].steps[0].after"),
        ([{"at": "25:00"}], "story.moment", "cases[0].steps[0].at"),
        ([{"at": "2026-03-29 02:30"}], "story.gap", "cases[0].steps[0].at"),
        ([{"at": "9999-12-31 23:59"}], "story.moment", "cases[0].steps[0].at"),
        ([{"replies": {"pgae": {}}}], "name.unknown", "cases[0].steps[0].replies.pgae"),
        ([{"world": {"presence": {"ann": 1}}}], "world.value", "cases[0].steps[0].world.presence"),
        ([{"at": "10:00", "after": "1h"}], "story.both", "cases[0].steps[0].after"),
        ([{"payload": {}}], "story.alone", "cases[0].steps[0].payload"),
        ([{"ticket": "B", "then": {"state": "new"}}], "name.unknown", "cases[0].steps[0].ticket"),
        ([{"open": {"ticket": "T1"}}], "story.ticket_twice", "cases[0].steps[0].open"),
        ([{"open": {"workflow": "repare"}}], "story.no_workflow", "cases[0].steps[0].open.workflow"),
        ([{"when": "arrive", "refused": "gaurd"}], "story.word", "cases[0].steps[0].refused"),
    ],
)
def test_a_mistake_is_told_at_its_place(steps: list[dict[str, Any]], code: str, path: str) -> None:
    """A name that does not exist, a wrong shape or time is found before anything runs, in both languages."""
    assert [(code, path)] == problems(stories(*steps))


def test_mistakes_of_the_whole_document_are_told_together() -> None:
    """Zone, start, people and examples have their problems told at once."""
    case = {
        "story": "x",
        "steps": [{"then": {"state": "{where}"}}],
        "examples": [{"where": "new", "more": 1}, {"where": "new"}],
    }
    found = problems({"stories": "repair", "zone": "Mars/Base", "people": {"ann": "enginer"}, "cases": [case, case]})

    assert {
        ("story.zone", "zone"),
        ("name.unknown", "people.ann"),
        ("story.start", "cases[0]"),
        ("story.start", "cases[1]"),
        ("story.twice", "cases[1].story"),
        ("story.example", "cases[0].examples"),
        ("story.example", "cases[1].examples"),
        ("story.placeholder", "cases[0].examples[1]"),
        ("story.placeholder", "cases[1].examples[1]"),
    } == set(found)


def test_a_workflow_is_found_beside_and_nothing_outside_is_read(tmp_path: Path) -> None:
    """The file of the workflow lies beside the stories; a path that leads elsewhere is refused and never opened."""
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "repair.yaml").write_text(WORKFLOW)
    (tmp_path / "secret.yaml").write_text("workflow: secret")
    file = inside / "repair.stories.yaml"
    text = """
stories: repair
start: "2026-03-02 09:00"
cases:
  - {story: one, steps: [{then: {state: done}}]}
"""
    file.write_text(text)
    report = run_stories(file)
    (result,) = report.results
    file.write_text(text + 'beside: ["../secret.yaml", /etc/passwd, "no.yaml"]\nworld: ../secret.yaml\n')
    with pytest.raises(servflow.DefinitionError) as caught:
        load_stories(file)

    assert f"{file}:5" == result.place
    assert 10 == report.coverage["repair"].line_of(report.coverage["repair"].items[0])
    assert ["story.file"] * 4 == [one.code for one in caught.value.findings]


def test_a_workflow_that_is_missing_is_asked_for() -> None:
    """Stories of a workflow that nobody gave load, are told apart from those of another one, and do not run."""
    document = stories({"then": {"state": "new"}})

    assert 1 == len(load_stories(document).cases)
    with pytest.raises(servflow.InputError, match="nobody gave the workflow 'repair'"):
        run_stories(document)
    assert [("name.unknown", "stories")] == problems({**document, "stories": "repar"})


def test_a_definition_beside_that_does_not_load_is_told(tmp_path: Path) -> None:
    """What is wrong with the workflow's own file is told in one sentence, with how to see all of it."""
    (tmp_path / "repair.yaml").write_text("workflow: repair\nstats: {}\n")
    file = tmp_path / "repair.stories.yaml"
    file.write_text("stories: repair\nstart: '2026-03-02 09:00'\ncases: [{story: x, steps: [{after: 1h}]}]\n")
    with pytest.raises(servflow.DefinitionError) as caught:
        load_stories(file)

    assert ["story.broken"] == [one.code for one in caught.value.findings]
    assert "a machine needs states" in str(caught.value)
    assert 1 == caught.value.findings[0].line


def test_hostile_stories_are_bounded() -> None:
    """Far too many stories, steps and examples are refused, and text of strangers steers no terminal."""
    many = [{"story": f"s{index}", "steps": [{"after": "1s"}]} for index in range(2_001)]
    steps = [{"after": "1s"}] * 501
    rows = {"story": "x {n}", "steps": [{"after": "{n}s"}], "examples": [{"n": index} for index in range(501)]}
    years = {"story": "ages", "given": {"at": "8999-12-31 23:00"}, "steps": [{"after": "36500d"}]}
    (ages,) = run_stories({**STORIES, "cases": [years]}, workflow()).results
    hostile = run_stories(stories({"then": {"fields": {"customer": "\x1b[31m"}}}), workflow()).text()

    assert [("story.many", "cases")] == problems({**STORIES, "cases": many})
    assert [("story.many", "cases[0].steps")] == problems(stories(*steps))
    assert [("story.many", "cases[0].examples")] == problems({**STORIES, "cases": [rows]})
    assert ["story.far"] == [one.code for one in ages.problems]
    assert "\x1b" not in hostile
