"""Holds every measure to the example its own definition works out by hand; must not know how they are computed."""

from __future__ import annotations

import doctest

import pytest

from servflow.metrics import MEASURES, Measure


@pytest.mark.parametrize("one", MEASURES.values(), ids=MEASURES)
def test_a_measure_comes_to_what_its_example_says(one: Measure) -> None:  # type: ignore[type-arg]  # of whichever figure
    """The figures in the docstring were worked out by hand."""
    example = doctest.DocTestParser().get_doctest(one.doc, {}, one.name, one.seen.__module__, 0)

    assert example.examples
    assert 0 == doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed


@pytest.mark.parametrize("one", MEASURES.values(), ids=MEASURES)
def test_a_measure_says_what_it_is(one: Measure) -> None:  # type: ignore[type-arg]  # of whichever figure
    """Definition, source, cohort, clock, open tickets and period are told, titles and definition in both languages."""
    told = (one.source, one.cohort, one.clock, one.open_tickets, one.falls, one.unit)

    assert all(told)
    assert {"en", "zh"} == {lang for lang in one.titles if one.titles[lang] and one.definitions[lang]}


@pytest.mark.parametrize("one", MEASURES.values(), ids=MEASURES)
def test_of_nobody_there_is_no_figure(one: Measure) -> None:  # type: ignore[type-arg]  # of whichever figure
    """An empty cohort has no figure, not a zero."""
    assert one([]) is None
