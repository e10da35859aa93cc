"""Knows where tickets are kept between two events; must not know what happens to them."""

from servflow.stores._async import AsyncStore, InThreads, in_threads
from servflow.stores._chain import Head, Link, link
from servflow.stores._kept import prepared
from servflow.stores._memory import MemoryStore
from servflow.stores._protocol import Answer, Change, Claim, Message, Pending, Sort, Store, Trouble
from servflow.stores._sql import SqlStore
from servflow.stores._sqlite import SqliteStore
from servflow.stores._transfer import export, import_ticket
from servflow.stores._verify import Noted, Verified, verify

__all__ = [
    "Answer",
    "AsyncStore",
    "Change",
    "Claim",
    "Head",
    "InThreads",
    "Link",
    "MemoryStore",
    "Message",
    "Noted",
    "Pending",
    "Sort",
    "SqlStore",
    "SqliteStore",
    "Store",
    "Trouble",
    "Verified",
    "export",
    "import_ticket",
    "in_threads",
    "link",
    "prepared",
    "verify",
]
