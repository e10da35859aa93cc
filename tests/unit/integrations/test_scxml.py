"""Holds SCXML documents to what they mean, and what cannot be read to errors that say where; must not know how."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

import servflow
from servflow.errors import DefinitionError, InputError
from servflow.integrations import Parts, from_scxml, to_scxml
from servflow.statemachine import Machine
from tests.oracles.scxml_structure import problems

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _doc(body: str, attributes: str = 'datamodel="ecmascript"') -> str:
    return f'<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" {attributes}>\n{body}\n</scxml>'


REPAIR = _doc(
    """
  <datamodel><data id="amount" expr="10"/><data id="tier" expr="'gold'"/><data id="seen" expr="[]"/></datamodel>
  <state id="new">
    <transition event="assign" target="work" cond="_event.data.who != ''"/>
  </state>
  <parallel id="work">
    <onexit><send event="left_work"/></onexit>
    <state id="site">
      <initial><transition target="trip"/></initial>
      <history id="back" type="deep"><transition target="trip"/></history>
      <state id="trip"><transition event="arrive" target="fix"/></state>
      <state id="fix">
        <onentry><send event="remind" delay="90s" id="r"/><my:photo xmlns:my="urn:shop"/></onentry>
        <onexit><cancel sendid="r"/></onexit>
        <transition event="fixed" target="site_done" cond="amount &gt;= 10 &amp;&amp; tier === 'gold' || In('billed')">
          <raise event="ready"/>
          <assign location="amount" expr="20"/>
        </transition>
        <transition event="remind" type="internal"/>
      </state>
      <final id="site_done"/>
    </state>
    <state id="bill">
      <state id="open"><transition event="ready" target="billed"/></state>
      <final id="billed"/>
    </state>
    <transition event="done.state.work" target="closed"/>
    <transition event="hold" target="waiting"/>
  </parallel>
  <state id="waiting"><transition event="go.*" target="back"/></state>
  <final id="closed"/>
""",
    'initial="new" name="repair"',
)


def test_the_structure_is_read() -> None:
    """States, regions, history with its default, entries by element and attribute, finals and transitions come out."""
    machine = from_scxml(REPAIR).machine()

    assert ["new", "work", "site", "back", "trip", "fix", "site_done", "bill", "open", "billed", "waiting", "closed"] == list(
        machine.states
    )
    kinds = {name: node.kind for name, node in machine.states.items()}
    assert ("parallel", "compound", "deep", "final", "atomic") == tuple(
        kinds[name] for name in ("work", "site", "back", "closed", "new")
    )
    assert (("trip",), ("trip",)) == (machine.states["site"].entry, machine.states["back"].entry)


def test_the_machine_goes_where_the_document_says() -> None:
    """Regions run side by side, history brings back what was left, a completed parallel state raises its event."""
    machine = from_scxml(REPAIR).machine()
    step = machine.step(machine.start().state, "assign", {"payload": {"who": "ann"}})
    assert ("trip", "open") == step.configuration
    step = machine.step(machine.step(machine.step(step.state, "arrive").state, "hold").state, "go.on")
    assert ("fix", "open") == step.configuration
    step = machine.step(step.state, "fixed", {"amount": 3, "tier": "gold"})
    assert ("fix", "open") == step.configuration
    step = machine.step(machine.step(step.state, "ready").state, "fixed", {"amount": 3, "tier": "gold"})

    assert ("closed",) == step.configuration


def test_content_becomes_updates_timers_and_calls() -> None:
    """What is data is kept, on the transitions that cross a state; what is not is told."""
    parts = from_scxml(REPAIR)
    moves = {move.get("event"): move for move in parts.transitions}

    assert ({"emit": "ready"}, {"set": {"amount": "20"}}) == moves["fixed"]["do"]
    assert ({"call": "photo"},) == moves["arrive"]["do"]
    assert ({"call": "left_work"},) == moves["hold"]["do"]
    timers = parts.states["work"]["states"]["site"]["states"]["fix"]["timers"]
    assert ({"after": "1m30s", "event": "remind"},) == timers
    assert {"photo", "left_work"} == set(parts.calls)
    assert {"type": "int", "default": 10} == parts.fields["amount"]
    assert {"type": "string", "default": "gold"} == parts.fields["tier"]
    assert [
        "the data 'seen' begins with (line 3)",
        "what is done on entry of fix, where go.* from waiting enters it in some cases",
    ] == list(parts.dropped)


def test_a_document_makes_a_workflow() -> None:
    """Opened, assigned, fixed and left alone: the workflow runs guards, updates, timers and closing."""
    workflow = servflow.Workflow(**from_scxml(REPAIR).definition("repair"))
    ticket = workflow.open("T", at=AT).ticket
    ticket = workflow.fire(ticket, "assign", {"who": "ann"}, at=AT).ticket
    arrived = workflow.fire(ticket, "arrive", at=AT)
    assert ["photo"] == [effect.name for effect in arrived.effects if hasattr(effect, "name")]
    assert AT + timedelta(seconds=90) == arrived.ticket.timers[0].due
    done = workflow.fire(arrived.ticket, "fixed", at=AT).ticket

    assert ("closed", True, 20) == (done.state, done.closed, done.fields["amount"])


@pytest.mark.parametrize(
    ("cond", "expression"),
    [
        ("In('a')", 'in_state("a")'),
        ('!In("a") && x', '!in_state("a") && x'),
        ("x === 1 || y !== 'it\\'s'", 'x == 1 || y != "it\'s"'),
        ("a.b.c > -2.5", "a.b.c > -2.5"),
        ("(x || y) && !(z <= 3)", "(x || y) && !(z <= 3)"),
        ("_event.data.note == null", "payload.note == null"),
        ("x == undefined", "x == null"),
        ("true", "true"),
        ("1e3 < n", "1000.0 < n"),
        ('s == "\\u4e2d\\n"', 's == "中\\n"'),
    ],
)
def test_conditions_of_the_subset_are_read(cond: str, expression: str) -> None:
    """Comparisons, logic, literals, In() and the event's data mean here what they mean there."""
    text = _doc(f'<state id="a"><transition event="e" cond={quoteattr(cond)} target="a"/></state>')

    assert expression == from_scxml(text).transitions[0]["when"]


@pytest.mark.parametrize(
    ("cond", "why"),
    [
        ("f(x)", "calls f\\(\\)"),
        ("x + 1 == 2", "position 2"),
        ("x = 1", "position 2"),
        ("x == 1 ? y : z", "position 7"),
        ("x ==", "ends too early"),
        ("_sessionid == 'x'", "_sessionid"),
        ("_event.name == 'x'", "only _event.data"),
        ("In(x)", "literal"),
        ("-x > 1", "minus"),
        ("(" * 50 + "x" + ")" * 50, "nested more than 40"),
        ("x" * 3000, "longer than"),
        ("for == 1", "for"),
        ("$x", "\\$x"),
        ("window['alert']()", "position 6"),
    ],
)
def test_other_conditions_are_refused_unless_given_a_meaning(cond: str, why: str) -> None:
    """The error names the condition, says why, and how to give it a meaning; given one, it is taken."""
    text = _doc(f'<state id="a"><transition event="e" cond={quoteattr(cond)} target="a"/></state>')
    with pytest.raises(DefinitionError, match=why) as caught:
        from_scxml(text)
    assert ["scxml.condition"] == [finding.code for finding in caught.value.findings]

    assert "amount > 3" == from_scxml(text, {cond: "amount > 3"}).transitions[0]["when"]


def test_all_problems_are_told_at_once_with_their_lines() -> None:
    """Unknown targets with a did-you-mean, ids given twice, wrong elements, attributes and values, empty transitions."""
    text = _doc(
        """<state id="open" initial="inn">
  <state id="inner"/>
  <transition event="a" traget="open"/>
  <transition event="b" target="opne"/>
  <transition/>
  <transition event=" " target="open"/>
  <onenter/>
</state>
<state id="open"/>
<state id="s"><history id="h" type="full"/><history id="g"><transition event="e" target="inner"/></history></state>
<state id="t"><transition event="e" type="inside" target="open"/><transition cond="f()"/></state>"""
    )
    with pytest.raises(DefinitionError) as caught:
        from_scxml(text)
    found = sorted((finding.line, finding.code) for finding in caught.value.findings)

    assert [
        (2, "scxml.unknown_state"),
        (4, "scxml.attribute"),
        (5, "scxml.unknown_state"),
        (6, "scxml.nothing"),
        (7, "scxml.empty"),
        (8, "scxml.element"),
        (10, "scxml.duplicate"),
        (11, "scxml.default"),
        (11, "scxml.value"),
        (12, "scxml.condition"),
        (12, "scxml.value"),
    ] == found
    said = str(caught.value)
    assert "did you mean 'open'?" in said
    assert "did you mean 'onentry'?" in said
    assert "did you mean 'target'?" in said
    assert all(finding.message("zh") != finding.message("en") for finding in caught.value.findings)


BOMB = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><scxml><state id="&b;"/></scxml>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "DOCTYPE"),
        ('<!DOCTYPE scxml SYSTEM "file:///etc/passwd"><scxml/>', "DOCTYPE"),
        ("<scxml><state>&lol;</state></scxml>", "undefined entity"),
        ("<scxml>" + "<state>" * 100, "deep"),
        ("<scxml>" + "<state/>" * 60_000 + "</scxml>", "more than 50,000 elements"),
        ("<scxml><state></scxml>", "mismatched tag"),
        ("", "no element found"),
        ("x" * 4_000_001, "longer than"),
        (b"\xff\xfe\x00", "no well-formed XML"),
        ("<scxml>\ud800</scxml>", "decoded"),
        (b'<?xml version="1.0" encoding="none"?><scxml/>', "unknown encoding"),
        (3, "text or bytes"),
    ],
)
def test_hostile_xml_is_refused(text: Any, said: str) -> None:
    """Nothing is expanded or fetched, and what is too large is refused before it costs anything."""
    with pytest.raises(InputError, match=said):
        from_scxml(text)


def test_what_is_refused_says_so_by_its_code() -> None:
    """A DOCTYPE is no fault of the encoding."""
    with pytest.raises(InputError, match=r"^line 1: the XML has a DOCTYPE") as caught:
        from_scxml(BOMB)
    assert ("xml.refused", 1) == (caught.value.code, caught.value.facts["line"])


def test_an_event_the_chart_sends_itself_is_raised() -> None:
    """Without a target it comes back to the chart that sends it; what goes elsewhere is for the host."""
    parts = from_scxml(
        _doc("""
  <state id="a"><transition event="go" target="b">
    <send event="next"/><send event="hidden" target="#_internal"><param name="x" expr="1"/></send>
    <send event="told"/><send event="next" target="#_parent"/><send event="next" type="http"/>
  </transition></state>
  <state id="b"><transition event="next" target="c"/></state>
  <state id="c"/>""")
    )

    raised = [{"emit": "next"}, {"emit": "hidden"}, {"call": "told"}, {"call": "next"}, {"call": "next"}]
    assert raised == [dict(action) for action in parts.transitions[0]["do"]]
    assert ("what the event hidden carries, which the chart sends itself (line 4)",) == parts.dropped
    flow = servflow.Workflow(**parts.definition("w"))
    assert "c" == flow.fire(flow.open("1", at=AT).ticket, "go", at=AT).ticket.state


def test_the_data_model_says_where_names_begin() -> None:
    """Also those that are only compared with each other; what begins with nothing is no loss."""
    parts = from_scxml(
        _doc("""
  <datamodel><data id="timer" expr="0"/><data id="most" expr="5"/><data id="text" expr="0"/><data id="none"/></datamodel>
  <state id="a">
    <transition cond="timer &gt;= most" target="b"/><transition event="e" cond="left == right"/>
    <transition event="e"><assign location="text" expr="''"/></transition>
  </state>
  <state id="b"/>""")
    )

    assert {
        "timer": {"type": "int", "default": 0},
        "most": {"type": "int", "default": 5},
        "left": {"type": "any", "optional": True},
        "right": {"type": "any", "optional": True},
        "text": {"type": "any", "default": 0},
    } == {name: dict(spec) for name, spec in parts.fields.items()}
    assert () == parts.dropped


def test_conditions_name_states_as_the_document_does() -> None:
    """Another tool looks for the id that is written, and the condition has to ask for that one."""
    chart = Machine(
        states={"on site": {}, "b": {}},
        transitions=[{"event": "e", "source": "b", "when": "in_state('on site') || in_state('b')"}],
    )
    text = to_scxml(chart)

    assert "In(&quot;on_x0020_site&quot;) || In(&quot;b&quot;)" in text
    assert chart == from_scxml(text).machine()


def test_another_document_is_refused() -> None:
    """XML of another kind, or without a state, is told apart."""
    for text, code in (("<html/>", "scxml.root"), ('<scxml xmlns="urn:x"/>', "scxml.root"), ("<scxml/>", "scxml.no_states")):
        with pytest.raises(DefinitionError) as caught:
            from_scxml(text)
        assert [code] == [finding.code for finding in caught.value.findings]


def test_a_document_without_a_namespace_is_read() -> None:
    """What many tools write, without the namespace, means the same; states without an id get one."""
    parts = from_scxml(
        '<scxml><state id="a"><transition event="e" target="b"/></state><state id="b"><state/><final/></state></scxml>'
    )

    assert {"a", "b", "state_1", "final_2"} == set(parts.machine().states)


def test_a_delayed_event_that_nothing_takes_is_told() -> None:
    """A timer needs somebody who listens; one by a wildcard or a prefix is enough."""
    for listens, timers in (("other", None), ("late", 1), ("*", 1), ("late.x", None), ("la", None)):
        text = _doc(
            '<state id="a"><onentry><send event="late" delay="1s"/></onentry>'
            f'<transition event="{listens}" target="a"/></state>'
        )
        parts = from_scxml(text)
        assert timers == (len(parts.states["a"]["timers"]) if "timers" in parts.states["a"] else None)
        assert 1 == len(parts.dropped)


def test_a_document_may_begin_on_the_second_line() -> None:
    """Blanks before a declaration are passed over, and lines still count from the first."""
    for text in (
        '\n\n <?xml version="1.0"?>\n<scxml>\n<state id="a" x="1"/></scxml>',
        b'\n\n<?xml version="1.0"?>\n<scxml>\n<state x=""/></scxml>',
    ):
        with pytest.raises(DefinitionError) as caught:
            from_scxml(text)
        assert [5] == [finding.line for finding in caught.value.findings]
    with pytest.raises(InputError, match="line 3"):
        from_scxml("\n\n<scxml></state>")


def test_what_runs_code_is_dropped_and_told() -> None:
    """Scripts, invocations, conditional content and data from elsewhere are listed, with their lines."""
    text = _doc(
        """<script>x = 1</script>
<state id="a"><invoke src="other.scxml"/><onentry><log expr="1"/></onentry>
<onexit><if cond="x"><raise event="r"/></if></onexit>
<transition event="e" target="b"><script>alert(1)</script><foreach array="x" item="y"/></transition></state>
<final id="b"><donedata/></final>"""
    )
    dropped = from_scxml(text).dropped

    assert [
        "<invoke> of state a (line 3)",
        "<log> on entry of a (line 3)",
        "<if> on exit of a (line 4)",
        "<script> of a transition of a (line 5)",
        "<foreach> of a transition of a (line 5)",
        "<donedata> of state b (line 6)",
        "<script> of the document (line 2)",
    ] == list(dropped)


CHART = Machine(
    initial="new",
    states={
        "new": {},
        "on site": {
            "parallel": True,
            "initial": "b2",
            "states": {"l": {"states": {"a": {}, "h": {"history": "shallow"}}}, "r": {"states": {"b1": {}, "b2": {}}}},
        },
        "end": {"final": True},
    },
    transitions=[
        {"event": "go", "source": ["new", "a"], "target": "on site", "when": "amount > 3 && in_state('new')"},
        {"event": "cancel", "source": "*", "target": "end"},
        {"event": "ping", "source": "*"},
        {"event": "again", "source": "end", "target": ["h", "b1"]},
        {"event": "in", "source": "l", "target": "a", "internal": True},
        {"event": "done.state.on_x", "source": "new", "target": "end"},
    ],
)


def test_what_scxml_has_no_word_for_comes_back() -> None:
    """Several sources, any source, ways out of a final state, entries of a parallel state and odd ids survive."""
    text = to_scxml(CHART, "demo")

    assert CHART == from_scxml(text).machine()
    assert [] == problems(text)
    assert 'id="on_x0020_site"' in text
    assert 3 == text.count('event="cancel"')


def test_a_plain_chart_is_written_plainly() -> None:
    """Without anything of ours to say there is nothing of ours in the document, and its conditions are ECMAScript."""
    machine = Machine(
        states={"a": {"states": {"b": {}, "c": {}}}, "d": {"final": True}},
        transitions=[{"event": "e f.*", "source": "b", "target": "c", "when": "x == 'q' && !in_state('d')"}],
    )
    text = to_scxml(machine)

    assert "servflow" not in text
    assert 'cond="x === &quot;q&quot; &amp;&amp; !In(&quot;d&quot;)"' in text
    assert 'datamodel="ecmascript"' in text
    assert machine == from_scxml(text).machine()


def test_a_condition_beyond_ecmascript_is_said_to_be_ours() -> None:
    """A tool that cannot read such conditions is told so by the data model, and does not guess."""
    machine = Machine(states={"a": {}}, transitions=[{"event": "e", "source": "a", "when": "size(x) > 2"}])
    text = to_scxml(machine)

    assert 'datamodel="x-servflow"' in text
    assert machine == from_scxml(text).machine()


def test_a_workflow_is_written_with_timers_updates_and_closed_states() -> None:
    """What a chart can hold of a workflow comes back as the same sections of a definition."""
    workflow = servflow.Workflow(
        workflow="w",
        initial="new",
        fields={"n": {"type": "int", "default": 0}},
        states={"new": {"timers": [{"after": "14d", "event": "late"}]}, "late": {}, "done": {"closed": True}},
        transitions=[
            {"event": "late", "source": "new", "target": "late", "do": [{"set": {"n": "n + 1"}}, {"emit": "told"}]},
            {"event": "close", "source": ["new", "late"], "target": "done", "when": "n < 5"},
        ],
    )
    text = to_scxml(workflow)
    parts = from_scxml(text)
    again = servflow.Workflow(**parts.definition("w", fields={"n": {"type": "int", "default": 0}}))

    assert workflow == again
    assert 'delay="1209600s"' in text
    assert ['name="w"'] == re.findall(r'\bname="\w+"', text)
    assert [] == [problem for problem in problems(text) if "servflow" not in problem]


def test_what_xml_cannot_hold_is_refused() -> None:
    """A control character in an event is named, and so is what is no chart."""
    machine = Machine(states={"a": {}}, transitions=[{"event": "e\x01", "source": "a"}])
    with pytest.raises(InputError, match=r"U\+0001"):
        to_scxml(machine)
    with pytest.raises(InputError, match="not str"):
        to_scxml("<scxml/>")  # type: ignore[arg-type]  # what a host may do all the same


def test_texts_are_escaped() -> None:
    """Quotes, brackets and line ends in ids, events and conditions stay text."""
    machine = Machine(
        states={'a"<b>&': {}, "x\ny": {}},
        transitions=[{"event": '"><evil/>&amp;', "source": 'a"<b>&', "target": "x\ny", "when": "s == '\"<&>\\n'"}],
    )
    text = to_scxml(machine, name='"><evil/>')

    assert [] == [element for element in ET.fromstring(text.encode()).iter() if "evil" in element.tag]
    assert machine == from_scxml(text).machine()


def test_parts_of_other_libraries_can_be_written() -> None:
    """What was read from elsewhere goes on to SCXML as it is."""
    parts = from_scxml(REPAIR)

    assert isinstance(parts, Parts)
    assert parts.machine() == from_scxml(to_scxml(parts)).machine()
