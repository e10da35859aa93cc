"""What people call the parts of a workflow, and what that changes: nothing."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

import servflow
from servflow.engine import plan_migration
from servflow.errors import DefinitionError, InputError, Refused

PLAIN = """
workflow: w
roles: [clerk]
queues: [front_desk, care]
fields: {tier: {one_of: [gold, standard]}}
calendars: {office: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-18:00"]}}}
states:
  new: {checklist: [{step: photo, within: 1h}], approval: {allow: [clerk], within: 2h}}
  done: {closed: true}
events: {rating.add: {allow: [clerk]}}
transitions:
  - {event: finish, source: new, target: done, allow: [clerk]}
  - {event: approved.new rejected.new, source: new, target: done}
clocks: [{name: repair, within: 4h, calendar: office, until: done}]
escalations:
  - name: late
    start: {clock: repair, mark: breach}
    levels: [{name: first, do: [{notify: {to: {role: clerk}, template: x}}]}]
tables: {sheet: {hit: first, inputs: [tier], outputs: {fee: int}, rows: [["-", "1"]]}}
dispatch: [{name: find, state: new}]
surveys: [{name: happy, state: done}]
laws: [{name: calm, never: "priority == 9"}]
"""

PLACES: Mapping[str, tuple[Any, ...]] = {
    "workflow": (),
    "field": ("fields", "tier"),
    "state": ("states", "new"),
    "step": ("states", "new", "checklist", 0),
    "approval": ("states", "new", "approval"),
    "event": ("transitions", 0),
    "clock": ("clocks", 0),
    "chain": ("escalations", 0),
    "level": ("escalations", 0, "levels", 0),
    "table": ("tables", "sheet"),
    "column": ("tables", "sheet", "outputs", "fee"),
    "input": ("tables", "sheet", "inputs", 0),
    "slot": ("dispatch", 0),
    "survey": ("surveys", 0),
    "law": ("laws", 0),
}


def titled(zh: str = "") -> Any:
    """The definition with a title on every part: its place, and the same with *zh* before it."""
    data = servflow.load(PLAIN).to_data()
    data["titles"] = {
        "queues": {"care": {"zh": f"{zh}关怀组"}},
        "roles": {"clerk": f"{zh}clerk"},
        "calendars": {"office": "hours"},
    }
    data["fields"]["tier"]["titles"] = {"gold": {"en": "Gold", "zh": f"{zh}金牌"}}
    data["tables"]["sheet"]["inputs"] = [{"name": "tier"}]
    data["tables"]["sheet"]["outputs"] = {"fee": {"type": "int"}}
    for kind, steps in PLACES.items():
        part = data
        for step in steps:
            part = part[step]
        part["title"] = {"en": kind.capitalize(), "zh": f"{zh}{kind}"}
    return data


def test_every_part_is_called_by_its_title_in_the_language_asked_for() -> None:
    """Also what is declared by its name alone, and the clocks that steps and approvals make."""
    workflow = servflow.load(titled())
    asked = [
        ("state", "new", ""),
        ("clock", "repair", ""),
        ("clock", "step.new.photo", ""),
        ("clock", "approval.new", ""),
        ("level", "first", "late"),
        ("chain", "late", ""),
        ("queue", "care", ""),
        ("queue", "front_desk", ""),
        ("calendar", "office", ""),
        ("value", "gold", "tier"),
        ("column", "fee", "sheet"),
        ("column", "tier", "sheet"),
        ("event", "finish", ""),
        ("slot", "assignee", ""),
        ("survey", "happy", ""),
        ("law", "calm", ""),
        ("table", "sheet", ""),
        ("workflow", "w", ""),
    ]
    expected = (
        "state clock step approval level chain 关怀组 front_desk hours 金牌 column input event slot survey law table workflow"
    )

    assert expected.split() == [workflow.called(kind, name, of=of, lang="zh") for kind, name, of in asked]
    assert "Clock" == workflow.called("clock", "repair")
    assert "gone" == workflow.called("state", "gone", lang="zh")
    assert ["ticket.cancel", "取消"] == [workflow.called("event", "ticket.cancel", lang=lang) for lang in ("en", "zh-CN")]
    assert ["assignee", "处理人"] == [workflow.called("role", "assignee", lang=lang) for lang in ("en", "zh")]


def test_titles_survive_every_way_out_and_back() -> None:
    """Documents, Python and pickles mean the same."""
    workflow = servflow.load(titled())

    assert workflow == servflow.load(servflow.dump(workflow)) == pickle.loads(pickle.dumps(workflow))
    assert workflow.to_data() == servflow.Workflow(**workflow.to_data()).to_data()


def test_a_definition_without_titles_keeps_the_hash_it_had() -> None:
    """Tickets that are under way are pinned to it; taken before parts other than states had titles."""
    workflow = servflow.load(PLAIN)

    assert "7a7327f24f9035a090252f82da5f26b4db297c102207f760c2310cc645833ebf" == workflow.hash
    assert "3cefd584bd270fca28ad292740cd8b9a66685ac51923aab9178366830448ead5" == workflow.escalations[0].hash
    assert "739a759dc3e3939f7a208806a856d53e7481e82e4600fd19c73fc4505fd61333" == workflow.tables["sheet"].hash


def test_a_title_makes_another_edition_that_moves_nothing() -> None:
    """The definition's hash knows it, as it knows a state's; runs, calendars, decisions and tickets under way do not."""
    old, new = servflow.load(PLAIN), servflow.load({**titled("新"), "version": 2})
    plan = plan_migration(old, new)

    assert old.hash != new.hash
    assert old.calendars_hash == new.calendars_hash
    assert old.escalations[0].hash == new.escalations[0].hash
    assert old.tables["sheet"].hash == new.tables["sheet"].hash
    assert ("done", "new") == tuple(sorted(plan.identical))
    assert {"identical"} == {part.status for parts in (plan.clocks, plan.chains, plan.dispatch) for part in parts.values()}


@pytest.mark.parametrize("kind", list(PLACES))
@pytest.mark.parametrize("wrong", [{"english!": "x"}, 3, {"en": ""}], ids=["language", "number", "nothing"])
def test_what_is_no_title_is_a_finding_at_its_place(kind: str, wrong: Any) -> None:
    """In every part, with a sentence in both languages."""
    data = titled()
    part = data
    for step in PLACES[kind]:
        part = part[step]
    part["title"] = wrong
    for source in (servflow.load, lambda given: servflow.Workflow(**given)):
        with pytest.raises(DefinitionError) as caught:
            source(data)

        finding = caught.value.findings[0]
        assert "title" in finding.path
        assert 1 == len(caught.value.findings)
        assert finding.message("zh") != finding.message("en")


@pytest.mark.parametrize(
    ("titles", "path", "close"),
    [
        ({"queue": {"care": "x"}}, "titles.queue", "queues"),
        ({"queues": {"caer": "x"}}, "titles.queues.caer", "care"),
        ({"roles": {"clerk": {"zz!": "x"}}}, "titles.roles.clerk", None),
        ({"roles": {"clerk": {"zh": "x", "ZH": "y"}}}, "titles.roles.clerk", None),
        ({"calendars": {"offise": "x"}}, "titles.calendars.offise", "office"),
    ],
)
def test_a_title_of_nothing_is_a_finding(titles: Any, path: str, close: str | None) -> None:
    """A misspelt name would never be shown by its title."""
    with pytest.raises(DefinitionError) as caught:
        servflow.load({**servflow.load(PLAIN).to_data(), "titles": titles})

    assert (path, close) == (caught.value.findings[0].path, caught.value.findings[0].facts.get("nearest"))


def test_a_kind_that_nothing_is_of_is_refused() -> None:
    """With what was probably meant."""
    with pytest.raises(InputError, match="did you mean 'clock'"):
        servflow.load(PLAIN).called("clok", "repair")


@pytest.mark.parametrize("lang", ["", "xx", "z" * 1000, "\ud800", None, 7])
def test_a_language_in_which_nothing_is_said_gets_english(lang: Any) -> None:
    """Also where it is no language: a page that was sent a strange tag still shows a text."""
    assert "Clock" == servflow.load(titled()).called("clock", "repair", lang=lang)


def test_a_refusal_tells_titles_where_it_is_given_the_workflow() -> None:
    """Events, states and roles by what people call them, in either language; without the workflow by their names."""
    workflow = servflow.load(titled())
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    ticket = workflow.open("T", at=at).ticket
    with pytest.raises(Refused) as denied:
        workflow.fire(ticket, "finish", at=at, actor={"id": "eve", "roles": []})
    with pytest.raises(Refused) as elsewhere:
        workflow.fire(workflow.fire(ticket, "finish", at=at, actor={"id": "ann", "roles": ["clerk"]}).ticket, "finish", at=at)

    assert "eve 无权执行 event；需要：clerk" == denied.value.text("zh", workflow.called)
    assert "Event is not permitted to eve; it takes clerk" == denied.value.text("en", workflow.called)
    assert "eve 无权执行 finish；需要：clerk" == denied.value.text("zh")
    assert "状态 done 下不能执行 event；可执行的状态：state" == elsewhere.value.text("zh", workflow.called)
    assert denied.value.message == denied.value.text()
