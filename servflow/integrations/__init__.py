"""
Knows other libraries that hosts already use; must not be imported by any other part, nor import what is not installed.

``from_transitions`` reads a machine of the ``transitions`` package, so that a host can move what it has to servflow, and
``as_model`` gives its users the object they know, over a ticket.
``from_scxml`` and ``to_scxml`` read and write SCXML documents, ``from_xstate`` reads configurations of XState.
``DurableCorrelator`` has the ``durable_rules`` engine look across tickets, and ``bursts`` through records that are all there.
``OpenTelemetry`` and ``traced`` give spans and figures to OpenTelemetry, ``durable`` has DBOS carry effects out. What they
stand on are extras, imported once they are needed.
"""

from servflow.integrations._parts import Parts
from servflow.integrations.dbos import Durable, durable
from servflow.integrations.durable_rules import Burst, DurableCorrelator, bursts
from servflow.integrations.otel import OpenTelemetry, traced
from servflow.integrations.scxml import from_scxml, to_scxml
from servflow.integrations.transitions import Model, as_model, from_transitions
from servflow.integrations.xstate import from_xstate

__all__ = [
    "Burst",
    "Durable",
    "DurableCorrelator",
    "Model",
    "OpenTelemetry",
    "Parts",
    "as_model",
    "bursts",
    "durable",
    "from_scxml",
    "from_transitions",
    "from_xstate",
    "to_scxml",
    "traced",
]
