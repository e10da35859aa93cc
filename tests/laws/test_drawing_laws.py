"""Laws of drawings: whatever a definition says stays text, in every format."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.statemachine import FORMATS, Look, Machine, Section, draw
from tests.oracles.drawing_reader import read_dot, read_markdown, read_mermaid

EXAMPLES = 100

NASTY = (
    *"\"'`|\\<>[](){}#;:%&@!~*_-=\n\r\t\0\u2028\u202e",
    "end note",
    "End  Note",
    "direction TB",
    "<br/>",
    "-->",
    "%%{init: {}}%%",
    "<script>",
    "[[fork]]",
    "\\l",
    "\\N",
    "```",
    "~~~",
    "http://x.example",
    "class s1 marked",
    "style a:#1;",
    "待派单",
    "a b",
    "x" * 300,
)
texts = st.lists(st.sampled_from(NASTY), min_size=1, max_size=5).map("".join)


def _drawn(form: str, says: list[str]) -> str:
    """One chart with every kind of state and of transition, in which all texts are the given ones."""
    ids = [f"{said[:150]}{number}" for number, said in enumerate(says)]
    states: dict[str, Any] = {
        ids[0]: {},
        ids[1]: {
            "parallel": True,
            "states": {
                ids[2]: {"states": {ids[3]: {}, ids[4]: {"final": True}, ids[5]: {"history": "deep"}}},
                ids[6]: {"states": {ids[7]: {}}},
            },
        },
    }
    moves = [
        {"event": "e", "source": ids[0], "target": ids[1]},
        {"event": "e", "source": ids[3], "target": [ids[4], ids[7]]},
        {"event": "e", "source": "*", "target": ids[5]},
        {"event": "e", "source": ids[7]},
    ]
    machine = Machine(states=states, transitions=moves)
    look = Look(
        notes={ids[0]: [says[8]], ids[3]: [says[9], says[8]], "nowhere": ["lost"]},
        tones={ids[3]: "breached", ids[0]: says[9]},
        doubled=(ids[0],),
        captions={ids[0]: says[9], ids[1]: says[8]},
        sections=[Section(says[8], (says[9],), ((says[8],),))],
    )
    return draw(machine, form, labels=lambda index: says[index], marked=[ids[7]], look=look)


PLAIN = [f"plain {number}" for number in range(10)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(texts, min_size=10, max_size=10))
def test_no_text_changes_the_mermaid_around_it(says: list[str]) -> None:
    """Every line is one that the same chart with plain words has, too."""
    assert read_mermaid(_drawn("mermaid", PLAIN))[0] == read_mermaid(_drawn("mermaid", says))[0]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(texts, min_size=10, max_size=10))
def test_no_text_changes_the_graph_around_it(says: list[str]) -> None:
    """With its quoted texts taken out, a graph is that of the same chart with plain words."""
    assert read_dot(_drawn("dot", PLAIN)) == read_dot(_drawn("dot", says))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(texts, min_size=10, max_size=10))
def test_no_text_changes_the_tables_around_it(says: list[str]) -> None:
    """Rows and cells are as many as with plain words, and no text is a tag, a link or code."""
    plain, drawn = _drawn("table", PLAIN), _drawn("table", says)

    assert read_markdown(plain) == read_markdown(drawn)
    assert not re.search(r"[<>]|://|(?<!\\)`", drawn)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and the names of its attributes."""
        self.seen.append((tag, [name for name, _ in attrs]))


def _tags(text: str) -> list[tuple[str, list[str]]]:
    reader = _Tags()
    reader.feed(text)
    reader.close()
    return reader.seen


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(texts, min_size=10, max_size=10))
def test_no_text_changes_the_html_around_it(says: list[str]) -> None:
    """The tags are those of the same chart with plain words; none of them is a script or leads out."""
    tags = _tags(_drawn("html", says))

    assert _tags(_drawn("html", PLAIN)) == tags
    assert {"table", "tr", "th", "td", "b", "p"} >= {name for name, _ in tags}


def test_there_is_a_law_for_every_format() -> None:
    """A new format needs its own law here."""
    assert {"mermaid", "dot", "table", "html"} == set(FORMATS)
