"""What keeps a document from costing more than it may."""

from __future__ import annotations

import pytest

from servflow.documents import load
from servflow.errors import DefinitionError


def test_a_long_run_of_exclamation_marks_is_refused_before_it_is_read() -> None:
    """The YAML reader would take quadratic time for it."""
    with pytest.raises(DefinitionError) as caught:
        load("a: " + "!" * 900_000)

    assert ["document.run"] == [finding.code for finding in caught.value.findings]


def test_a_file_full_of_problems_tells_the_first_and_counts_the_rest() -> None:
    """Ten thousand unknown keys are told as two hundred problems and a number."""
    text = "servflow: 1\nworkflow: x\ninitial: a\nstates: {a: {}}\n" + "".join(f"k{number}: 1\n" for number in range(10_000))

    with pytest.raises(DefinitionError) as caught:
        load(text)

    assert 201 == len(caught.value.findings)
    assert {"more": 9_800} == dict(caught.value.findings[-1].facts)
