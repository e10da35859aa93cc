"""
Knows states, transitions and what one event does to them; must not know tickets, time, users or actions.

A statechart over plain data with the step semantics of the W3C SCXML Recommendation: compound and parallel states,
history, final states and completion events, eventless, internal and targetless transitions, event descriptors.
"""

from servflow.statemachine._draw import FORMATS, draw, mime_bundle
from servflow.statemachine._machine import Machine
from servflow.statemachine._picture import Look, Section
from servflow.statemachine._values import NOTHING, Move, Node, Step

__all__ = ["FORMATS", "NOTHING", "Look", "Machine", "Move", "Node", "Section", "Step", "draw", "mime_bundle"]
