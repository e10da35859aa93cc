"""Copies of elements, in a definition and from another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from servflow import documents
from servflow.embedding import edit, paste
from servflow.errors import InputError

TEXT = """\
workflow: repair
roles: [clerk, lead]
fields: {fee: decimal, tier: {one_of: [gold, plain], default: plain}}
calendars: {office: {zone: UTC, week: {mon-fri: ["09:00-17:00"]}}}
states:
  new: {}
  # Somebody has to say yes.
  checking:
    approval: {quorum: 1, allow: [lead]}
    # They have a day.
    timers: [{after: 1d, event: late}]
  work:
    initial: begun
    states:
      begun: {}
      ready: {}
  done: {closed: true}
transitions:
  - {event: ask, source: new, target: checking}
  - {event: approved.checking, source: checking, target: work, when: tier == 'gold'}
  - {event: late, source: [checking, new], target: done, id: too late}
  - {event: finish, source: begun, target: ready}
  - {event: close, source: work, target: done, when: "in_state('ready')"}
tables:
  price: {hit: first, inputs: [tier], outputs: {amount: decimal}, rows: [['-', '"80"']]}
clocks:
  # What we promise.
  - {name: reply, within: 4h, calendar: office, start: [{state: checking}], until: done}   # to everybody
"""


def test_a_state_is_pasted_with_what_is_in_it_and_the_ways_out_of_it() -> None:
    """Under a free name, which events follow; comments come along, the original stays as it was, one undo takes it back."""
    source = edit(TEXT)

    made = paste(source, "states/checking")

    expected = TEXT.replace(
        "  work:\n",
        "  # Somebody has to say yes.\n  checking_2:\n    approval: {quorum: 1, allow: [lead]}\n    # They have a day.\n"
        "    timers: [{after: 1d, event: late}]\n  work:\n",
    )
    expected = expected.replace(
        "tier == 'gold'}\n",
        "tier == 'gold'}\n  - {event: approved.checking_2, source: checking_2, target: work, when: tier == 'gold'}\n",
    ).replace("id: too late}\n", "id: too late}\n  - {event: late, source: checking_2, target: done}\n")
    assert expected == made.text
    assert () == made.findings
    assert "states/checking_2" == made.moved["states/checking"]
    assert "transitions/late:checking_2>done" == made.moved["transitions/too late"]
    assert source == made.undo()
    assert {"states/checking_3", "states/checking_2"} <= paste(made, "states/checking_2").elements.keys()


def test_what_is_pasted_together_names_each_other() -> None:
    """States in each other, and what names them; what stays is named as before. Names may be chosen."""
    made = paste(edit(TEXT), "states/work", "clocks/reply", "states/checking", names={"clocks/reply": "answer"})

    assert {"initial": "begun_2", "states": {"begun_2": {}, "ready_2": {}}} == made.data["states"]["work_2"]
    assert {"event": "close", "source": "work_2", "target": "done", "when": "in_state('ready_2')"} in made.data["transitions"]
    assert {"event": "approved.checking_2", "source": "checking_2", "target": "work_2", "when": "tier == 'gold'"} in made.data[
        "transitions"
    ]
    assert [{"state": "checking_2"}] == made.element("clocks/answer").data["start"]
    assert 2 == made.text.count("  # What we promise.\n") == made.text.count("# to everybody")
    assert "states/ready_2" == made.moved["states/ready"]
    assert () == made.findings


def test_what_comes_from_another_definition_brings_the_fields_calendars_and_tables_that_it_names() -> None:
    """But for those that are there by that name; what else it names is told by the findings."""
    other = edit(
        "workflow: shop\nfields: {tier: {one_of: [gold, none], default: none}}\nstates: {new: {}, done: {closed: true}}\n"
    )

    made = paste(other, "transitions/approved.checking:checking>work?" + _digest(), "clocks/reply", of=TEXT)
    priced = paste(other, "tables/price", of=edit(TEXT.replace("'-', '\"80\"'", "'-', 'fee'")))

    assert ["fields/tier", "calendars/office"] == [id_ for id_ in made.elements if id_.startswith(("fields/", "calendars/"))]
    assert "none" == made.data["fields"]["tier"]["default"]
    assert "checking" in {finding.facts.get("name") for finding in made.findings}
    assert {"tier", "fee"} == set(priced.data["fields"])
    assert () == priced.findings
    assert other == priced.undo()


def _digest() -> str:
    return next(id_ for id_ in edit(TEXT).elements if id_.startswith("transitions/approved")).partition("?")[2]


@pytest.mark.parametrize(
    ("ids", "names", "told"),
    [
        (("states/nwe",), {}, "did you mean 'states/new'"),
        (("tables/price/rows/x",), {}, "no element"),
        (("states/checking/timers/late",), {}, "cannot be copied by itself"),
        (("",), {}, "cannot be copied by itself"),
        (("states/new",), {"states/new": "done"}, "'done' already"),
        (("states/new",), {"states/done": "end"}, "no element 'states/done'"),
    ],
)
def test_what_cannot_be_copied_is_refused(ids: tuple[str, ...], names: dict[str, str], told: str) -> None:
    """And nothing is changed."""
    with pytest.raises(InputError, match=told):
        paste(TEXT, *ids, names=names)


@pytest.mark.parametrize("name", ["complaint", "spare_part_request"])
def test_states_of_templates_can_be_pasted_beside_themselves(name: str) -> None:
    """What is copied loads where the original did, and no comment of the original is lost."""
    source = edit(Path(documents.__file__).parent / "templates" / f"{name}.yaml")

    for id_ in [one.id for one in source.elements.values() if one.kind == "state"][3::5]:
        made = paste(source, id_)

        assert () == made.findings
        assert made.text.count("#") >= source.text.count("#")
        assert source.elements.keys() <= made.elements.keys()


def test_names_that_are_no_mapping_are_refused() -> None:
    """With the place, as everything that an editor sends."""
    with pytest.raises(InputError) as refused:
        paste(TEXT, "states/new", names=5)  # type: ignore[arg-type]  # what is refused

    assert ("edit.mapping", "names") == (refused.value.code, refused.value.path)


@pytest.mark.parametrize(("here", "there"), [("\n", "\r\n"), ("\r\n", "\n")])
def test_lines_that_are_pasted_end_as_those_around_them(here: str, there: str) -> None:
    """Though the text that they come from was written on another system."""
    source = edit(TEXT.replace("\n", here))

    made = paste(source, "states/checking", of=TEXT.replace("\n", there), names={"states/checking": "asked"})

    assert "# They have a day." in made.text[made.text.index("asked:") :]
    assert (
        paste(edit(TEXT), "states/checking", of=TEXT, names={"states/checking": "asked"}).text.replace("\n", here) == made.text
    )


def test_roles_and_queues_come_along_where_any_are_listed() -> None:
    """Where none is, everything is allowed, and a first one would take that away."""
    roles, none = "workflow: w\nroles: [boss]\nstates: {a: {closed: true}}\n", "workflow: w\nstates: {a: {closed: true}}\n"

    with_roles, without = (paste(text, "states/checking", of=TEXT) for text in (roles, none))

    assert ["boss", "lead"] == with_roles.data["roles"]
    assert "roles" not in without.data
