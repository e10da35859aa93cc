"""Knows that the pages in Chinese say what the English ones say; must not know what that is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from servflow.errors._glossary import said
from tests.docs.test_pages import FENCE, LINK, TRANSLATED
from tests.surface.layout import ROOT, name

HAN = re.compile(r"[\u4e00-\u9fff]+")
TERM = re.compile(r"\*\*(.+?)\*\*|`(.+?)`")
GLOSSARY = ROOT / "docs" / "glossary.md", ROOT / "docs" / "zh" / "glossary.md"


def _rows(page: Path) -> list[list[str]]:
    """The rows of the table of a page, without its head."""
    lines = [line for line in page.read_text("utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def _terms(cell: str) -> list[str]:
    return [bold or code for bold, code in TERM.findall(cell)]


@pytest.mark.parametrize(("ours", "source"), [pytest.param(*pair, id=name(pair[0])) for pair in TRANSLATED.items()])
def test_the_same_is_typed_in_both_languages(ours: Path, source: Path) -> None:
    """A lesson in Chinese has the files, commands and outputs of the English one, to the letter: what runs there runs here."""
    blocks = [
        [(found["note"], found["kind"], found["code"]) for found in FENCE.finditer(page.read_text("utf-8"))]
        for page in (source, ours)
    ]

    assert blocks[0] == blocks[1]
    assert len(blocks[0]) > 10


@pytest.mark.parametrize(("ours", "source"), [pytest.param(*pair, id=name(pair[0])) for pair in TRANSLATED.items()])
def test_a_lesson_has_the_same_parts_in_both_languages(ours: Path, source: Path) -> None:
    """No section, no point of a list, and no page to go on to is missing in Chinese."""
    texts = [FENCE.sub("", page.read_text("utf-8")) for page in (source, ours)]
    shapes = [re.findall(r"^(#+|\*) ", text, re.MULTILINE) for text in texts]
    onward = [
        {link for link in LINK.findall(text) if link.startswith("../") and "tutorial" not in link and "zh" not in link}
        for text in texts
    ]

    assert shapes[0] == shapes[1]
    assert onward[0] == onward[1]


def test_the_glossary_has_every_entry_in_both_languages() -> None:
    """The glossary in Chinese has the entries of the English one, in its order, each with a Chinese word and meaning."""
    english, chinese = (_rows(page) for page in GLOSSARY)

    assert [_terms(row[0]) for row in english] == [_terms(row[0]) for row in chinese]
    assert [] == [row for row in chinese if len(row) != 3 or not HAN.search(row[1]) or not HAN.search(row[2])]


def test_a_word_has_one_chinese_word() -> None:
    """The Chinese word that the English glossary gives is the one of the Chinese glossary."""
    english, chinese = (_rows(page) for page in GLOSSARY)

    for row, told in zip(english, chinese, strict=True):
        assert [] == [word for word in HAN.findall(row[0]) if word not in told[1] + told[2]], row[0]


def test_every_page_in_two_languages_leads_to_the_other() -> None:
    """Who reads the one language is a click away from the other."""
    for ours, source in (*TRANSLATED.items(), GLOSSARY[::-1]):
        for here, there in ((ours, source), (source, ours)):
            assert there.resolve() in {(here.parent / link).resolve() for link in LINK.findall(here.read_text("utf-8"))}, here


def test_errors_say_the_words_of_the_glossary() -> None:
    """A word that stands for itself in an error is, in Chinese too, the one that the glossary explains."""
    words = {term: said(term, "zh") for row in _rows(GLOSSARY[1]) for term in _terms(row[0]) if said(term, "zh") != term}
    told = {term: [row[1] for row in _rows(GLOSSARY[1]) if term in _terms(row[0])] for term in words}

    assert [] == [(term, word, told[term]) for term, word in words.items() if word not in " ".join(told[term])]
    assert {"state", "clock", "chain", "slot"} <= words.keys()
