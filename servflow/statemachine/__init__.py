"""
Knows states, transitions and what one event does to them; must not know tickets, time, users or actions.

A statechart over plain data with the step semantics of the W3C SCXML Recommendation: compound and parallel states,
history, final states and completion events, eventless, internal and targetless transitions, event descriptors.
"""

from servflow.statemachine._draw import draw
from servflow.statemachine._machine import Machine
from servflow.statemachine._values import NOTHING, Move, Node, Step

__all__ = ["NOTHING", "Machine", "Move", "Node", "Step", "draw"]
