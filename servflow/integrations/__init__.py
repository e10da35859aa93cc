"""
Knows other libraries that hosts already use; must not be imported by any other part, nor import what is not installed.

``from_transitions`` reads a machine of the ``transitions`` package, so that a host can move what it has to servflow.
``bursts`` lets the ``durable_rules`` engine find repetitions across tickets. Either library is an extra and is only
imported once it is needed.
"""

from servflow.integrations._parts import Parts
from servflow.integrations.durable_rules import Burst, bursts
from servflow.integrations.transitions import from_transitions

__all__ = ["Burst", "Parts", "bursts", "from_transitions"]
