"""Knows where tickets are kept between two events; must not know what happens to them."""

from servflow.stores._memory import MemoryStore
from servflow.stores._protocol import Answer, Change, Claim, Message, Store
from servflow.stores._sqlite import SqliteStore

__all__ = [
    "Answer",
    "Change",
    "Claim",
    "MemoryStore",
    "Message",
    "SqliteStore",
    "Store",
]
