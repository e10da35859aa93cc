"""Knows how dispatch is written in a document; must not know what it decides."""

from __future__ import annotations

import pytest

import servflow
from servflow.errors import DefinitionError

HEAD = """
workflow: w
states: {new: {}, taken: {}, done: {closed: true}}
transitions:
  - {event: assigned.seek, source: new, target: taken}
  - {event: finish, source: taken, target: done}
dispatch:
"""


def test_offers_proposals_and_taking_back_are_written_as_they_are_called() -> None:
    """Every key has the word of Python, and what is written is what the same mapping gives in Python."""
    text = (
        HEAD
        + """
  - name: seek
    state: new
    mode: approve
    offer: {timeout: 10m, parallel: 2, cool_off: 1h, attempts: 5, broadcast: 3}
    relax: [{after: 30m, mode: offer}, {after: 60m, mode: pool}]
    redispatch: {absence: true, presence: true, overrun: 2h, changed: true, capacity: true, most: 2, state: taken}
"""
    )
    [policy] = servflow.load(text).dispatch
    offer, again = policy.offer, policy.redispatch

    assert offer is not None
    assert again is not None
    assert ("approve", 2, "1h", 5, 3) == (policy.mode, offer.parallel, offer.cool_off.text, offer.attempts, offer.broadcast)
    assert ("2h", 2, ("taken",), True) == (again.overrun.text, again.most, again.state, again.capacity)
    assert policy == type(policy)(**policy.to_data())


@pytest.mark.parametrize("written", ["[absence, changed]", "{absence: true, changed: true}"])
def test_causes_may_be_a_list(written: str) -> None:
    """A list of causes is short for the mapping."""
    [policy] = servflow.load(HEAD + f"  - {{name: seek, state: new, redispatch: {written}}}").dispatch

    assert {"absence": True, "changed": True} == (policy.redispatch.to_data() if policy.redispatch else None)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("{name: seek, state: new, redispatch: [absense]}", "dispatch[0].redispatch"),
        ("{name: seek, state: new, redispatch: {absence: true, moost: 3}}", "dispatch[0].redispatch"),
        ("{name: seek, state: new, mode: offer, offer: {cool_off: 1h}}", "dispatch[0].offer.cool_off"),
        ("{name: seek, state: new, mode: offer, offer: {timeout: 1h, attempts: 0}}", "dispatch[0].offer.attempts"),
        ("{name: seek, state: new, mode: pool, offer: {broadcast: 500}}", "dispatch[0].offer.broadcast"),
        ("{name: seek, state: new, mode: aprove}", "dispatch[0].mode"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(line: str, path: str) -> None:
    """A misspelt key or a value out of bounds is a finding at its place, in both languages."""
    with pytest.raises(DefinitionError) as caught:
        servflow.load(HEAD + f"  - {line}")

    found = [finding for finding in caught.value.findings if finding.path.startswith(path)]
    assert found
    assert all(finding.text("en") and finding.text("zh") for finding in found)


def test_one_wrong_entry_does_not_hide_the_others() -> None:
    """Each wrong requirement and step is told at once, and no step is told to relax nothing for a list that cannot be read."""
    text = (
        HEAD
        + """
  - name: seek
    state: new
    require:
      - {skil: "'a'"}
      - {skill: "'a'", level: two}
      - {area: "'x'", safety: true}
      - {certificate: "'gas'", optional: true, safety: true}
      - {below: normal}
    relax:
      - {after: 30x, widen: area}
      - {after: 10m, calendar: ofice, below: normal}
      - {after: 20m, below: capacity}
"""
    )
    with pytest.raises(DefinitionError) as refused:
        servflow.load(text)

    found = [(item.path.removeprefix("dispatch[0]."), item.code) for item in refused.value.findings]
    assert found == [
        ("require[0].skil", "document.unknown_key"),
        ("require[1].level", "dispatch.expression"),
        ("require[3]", "dispatch.optional_safety"),
        ("relax[0].after", "dispatch.span"),
        ("relax[0].widen", "dispatch.safety_relaxed"),
        ("relax[1].calendar", "name.unknown"),
        ("relax[1].below", "dispatch.one_of"),
    ]
