"""Knows how messages of any channel become tickets, each once and each matter one; must not know stores."""

from servflow.intake._channel import Channel
from servflow.intake._intake import Intake
from servflow.intake._load import load
from servflow.intake._parts import Acknowledging, Matching, Merging
from servflow.intake._request import Receipt, Request, Thanks

__all__ = ["Acknowledging", "Channel", "Intake", "Matching", "Merging", "Receipt", "Request", "Thanks", "load"]
