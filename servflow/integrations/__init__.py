"""
Knows other libraries that hosts already use; must not be imported by any other part, nor import what is not installed.

``from_transitions`` reads a machine of the ``transitions`` package, so that a host can move what it has to servflow, and
``as_model`` gives its users the object they know, over a ticket.
``from_scxml``, ``to_scxml`` and ``from_xstate`` exchange charts with SCXML documents and XState configurations, and need neither.
``bursts`` lets the ``durable_rules`` engine find repetitions across tickets. Either library is an extra and is only
imported once it is needed.
"""

from servflow.integrations._parts import Parts
from servflow.integrations.durable_rules import Burst, bursts
from servflow.integrations.scxml import from_scxml, to_scxml
from servflow.integrations.transitions import Model, as_model, from_transitions
from servflow.integrations.xstate import from_xstate

__all__ = ["Burst", "Model", "Parts", "as_model", "bursts", "from_scxml", "from_transitions", "from_xstate", "to_scxml"]
