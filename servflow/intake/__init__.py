"""Knows how a message from outside becomes a request to open a ticket; must not know stores, nor open anything itself."""

from servflow.intake._channel import Channel
from servflow.intake._intake import Intake, Request

__all__ = ["Channel", "Intake", "Request"]
