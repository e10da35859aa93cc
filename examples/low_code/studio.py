"""Knows a draft that people edit while tickets run by what was applied; must not know any page or address."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from shutil import copy
from typing import Any

import servflow
from servflow.embedding import Preview, Reloading, Source, edit, flow, follow, forms, from_grid, grid, paste, read_form
from servflow.engine import BUILT_IN
from servflow.model import in_language
from servflow.stores import SqliteStore

HERE = Path(__file__).parent
PAGE = 50


class Stale(Exception):
    """Somebody else changed the draft since it was seen; ``view`` is what it is now."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        self.view = view
        super().__init__("the draft was changed")


def written(path: Path, text: str) -> None:
    """A file is what it was or what it becomes, whenever the machine stops."""
    beside = path.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


class Studio:
    """
    One workflow: its draft, which everybody who opens the page edits, and its tickets, which know nothing of the draft.

    ``draft.yaml`` lies in the folder beside ``tickets.db``, which holds every edition that was applied, so a restart loses
    nothing. Only ``apply`` brings a draft to tickets.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file, self.now, self.lock = folder / "draft.yaml", now, threading.RLock()
        first = folder / "first.yaml"
        for file in (first, self.file):
            if not file.exists():
                copy(HERE / "repair.yaml", file)
        self.draft = edit(self.file)
        self.store = SqliteStore(folder / "tickets.db")
        workflow = servflow.load(first)
        self.name = workflow.workflow
        self.desk = servflow.Desk(workflow, self.store, now=now, sources=[follow])
        self.reloading = Reloading(self.desk)
        self.reloading.catch_up()

    @property
    def live(self) -> servflow.Workflow:
        """What new tickets run under."""
        return self.reloading.current(self.name)

    def close(self) -> None:
        """The database."""
        self.store.close()

    # the draft ------------------------------------------------------------------------------------------------------

    def view(self, lang: str) -> dict[str, Any]:
        """All that the page draws."""
        with self.lock:
            self._look()
            draft = self.draft
            found = draft.findings or draft.workflow().check()
            return {
                **draft.as_data(lang, findings=found),
                "flow": flow(draft, lang=lang),
                "grids": [grid(draft, one.name, lang=lang) for one in draft.elements.values() if one.kind == "table"],
                "undo": draft.undo() is not draft,
                "redo": draft.redo() is not draft,
                "live": self.live.version,
                "same": self._same(),
                "counts": Counter(name for ticket in self.desk.find(limit=1000) for name in ticket.configuration),
            }

    def edit(self, said: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """
        Change the draft, where it still is what whoever changes it has seen.

        Raises:
            Stale: it is another one by now.
            InputError: the change cannot be made, and why; the draft is as it was.
        """
        with self._alone():
            self._fresh(said, lang)
            made = changed(self.draft, said)
            written(self.file, made.text)
            self.draft = made
            return self.view(lang)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else changes the draft meanwhile, in this process or another: who asks waits for a lock of SQLite's."""
        with self.lock, closing(sqlite3.connect(self.file.with_name("lock.db"), timeout=60, isolation_level=None)) as held:
            held.execute("begin immediate")
            yield

    def _look(self) -> None:
        """Take in what another process of the studio did meanwhile, or somebody with a text editor."""
        with self.file.open(encoding="utf-8-sig", newline="") as file:
            self.draft = self.draft.write(file.read())
        self.reloading.catch_up()

    def _fresh(self, said: Mapping[str, Any], lang: str) -> None:
        self._look()
        if said.get("revision") != self.draft.revision:
            raise Stale(self.view(lang))

    # from the draft to tickets ----------------------------------------------------------------------------------------

    def preview(self, said: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """
        What applying the draft would come to; nothing is changed.

        Raises:
            Stale: it is another draft by now.
            InputError: an answer names what is not there.
        """
        with self.lock:
            self._fresh(said, lang)
            return told(self._previewed(said)[1], lang)

    def apply(self, said: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """
        Let tickets run by the draft: new ones, and unless ``move`` is false those that are there.

        Raises:
            Stale: it is another draft by now.
            InputError: it does not load, or would strand tickets of which no answer says where they go. Nothing is changed.
            Conflict: tickets came to such a state meanwhile; preview again.
        """
        with self._alone():
            self._fresh(said, lang)
            proposed, preview = self._previewed(said)
            done = self.reloading.apply(preview, move=said.get("move") is not False)
            self.draft = proposed
            written(self.file, proposed.text)
            return {"version": done.version, "moved": done.moved, "left": done.refused + done.failed, "view": self.view(lang)}

    def _previewed(self, said: Mapping[str, Any]) -> tuple[Source, Preview]:
        """The draft as it would be applied, under the next number, and what that would come to."""
        proposed, answers = self.draft, said.get("answers") or {}
        if proposed.data.get("workflow") != self.live.workflow:  # tickets are kept under that name
            raise wrong(
                "name",
                f"the tickets here are of {self.live.workflow!r}: give the draft its name back",
                f"此处的工单属于“{self.live.workflow}”：请恢复草稿原来的名称",
            )
        if not isinstance(answers, Mapping):
            raise wrong(
                "answers", "answers say for each state that is gone where its tickets go", "请为已删除的状态指明工单去向"
            )
        if proposed.data.get("version", 1) != self.live.version + 1 and not self._same():
            proposed = proposed.set("", "version", self.live.version + 1)
        return proposed, self.reloading.preview(proposed, states={str(old): str(new) for old, new in answers.items()})

    def _same(self) -> bool:
        return not self.draft.findings and self.draft.workflow().hash == self.live.hash

    # tickets --------------------------------------------------------------------------------------------------------

    def tickets(self, lang: str) -> list[dict[str, Any]]:
        """The tickets, each under the edition that it runs under, with what can be done."""
        return [self._ticket(ticket, lang) for ticket in self.desk.find(workflow=self.live.workflow, limit=PAGE)]

    def open(self, said: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """A ticket under what is running; asked twice with one key, it is one ticket."""
        key = said.get("key")
        if not isinstance(key, str) or not key:
            raise wrong("key", "a new ticket needs a key of its own, a text", "新工单需要一个自己的键，应为文本")
        id_ = f"R-{sha256(key.encode(errors='replace')).hexdigest()[:8]}"
        return self._ticket(self.desk.open(id_, workflow=self.live.workflow, actor=self._who(), key=key).ticket, lang)

    def fire(self, id_: str, said: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """
        What somebody does with a ticket.

        Raises:
            Refused: it is not allowed, or the page was old.
            InputError: something in the form is missing or wrong.
        """
        sent = read_form(self._forms(self.desk.get(id_), lang), said, html=True)
        if sent.key and self.store.answered(id_, sent.key) is not None:
            return self._ticket(self.desk.get(id_), lang)
        if not sent.ok:
            told = "; ".join(f"{name}: {one.message(lang)}".removeprefix(": ") for name, one in sent.problems.items())
            raise wrong("stale" if sent.form is None else "form", told, told)
        outcome = self.desk.fire(id_, sent.event, sent.payload, actor=self._who(), expect=sent.expect, key=sent.key)
        return self._ticket(outcome.ticket, lang)

    def tick(self) -> None:
        """Let time pass."""
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass

    def _who(self) -> servflow.Actor:
        # The host's login says who it is; here whoever sits at the page may do all that anybody may.
        return servflow.Actor("you", self.live.roles)

    def _forms(self, ticket: servflow.Ticket, lang: str) -> list[Any]:
        workflow = self.desk.workflow_of(ticket.id)
        found = forms(workflow, ticket, at=max(self.now(), ticket.at), actor=self._who(), lang=lang)
        return [form for form in found if form.code not in ("not_permitted", "not_here") and form.event not in BUILT_IN]

    def _ticket(self, ticket: servflow.Ticket, lang: str) -> dict[str, Any]:
        workflow = self.desk.workflow_of(ticket.id)
        return {
            "id": ticket.id,
            "title": ", ".join(in_language(workflow.states[name].title, lang) or name for name in ticket.configuration),
            "version": ticket.version,
            "forms": [form.as_data() for form in self._forms(ticket, lang)],
        }


def wrong(code: str, english: str, chinese: str) -> servflow.InputError:
    """A refusal of the studio's own, which the page says in the language of whoever looks at it."""
    return servflow.InputError(english, code=code, zh=chinese)


def told(preview: Preview, lang: str) -> dict[str, Any]:
    """A preview as the page shows it: what changes, who moves, and of which states it must be said where they lead."""
    data, new = preview.as_data(lang), preview.new
    states = () if new is None else tuple(new.compiled.states)
    gone = Counter(name for move in preview.stranded for name in move.state.split("+") if name not in states)
    counts, why = data["tickets"], [reason for move in data["blocked"] for reason in move["why"]]
    return {
        "version": data["versions"][1],
        "moves": counts["moves"] + counts["identical"],
        "stranded": [{"state": name, "count": count, "suggested": data["suggested"].get(name)} for name, count in gone.items()],
        "states": states,
        "changes": [one["text"] for one in data["changes"]],
        "problems": [one["message"] for one in data["findings"]] + sorted(set(why)),
        "loads": new is not None and not data["findings"],
        "blocked": counts["blocked"],
        "late": len(preview.late),
        "warnings": [one["message"] for one in data["checks"]],
    }


def changed(draft: Source, said: Mapping[str, Any]) -> Source:
    """
    The draft with one change.

    Raises:
        InputError: there is no such change, or it cannot be made; says why.
    """
    given = {name: value for name, value in said.items() if name not in ("op", "revision")}
    op = said.get("op")
    if op == "grid":
        return from_grid(draft, given.get("grid"))
    if op == "text":
        return draft.write(given.get("text"))
    if op in ("remove", "paste") and isinstance(given.get("ids"), list):
        return draft.remove(*given["ids"]) if op == "remove" else paste(draft, *given["ids"])
    if op not in ("rename", "set", "clear", "add", "undo", "redo", "move"):
        raise wrong("op", f"there is no change called {op!r}", f"没有名为 {op!r} 的修改")
    try:
        return getattr(draft, op)(**given)
    except TypeError:
        names = ", ".join(given)
        raise wrong("op", f"{op} does not take {names or 'nothing'}", f"{op} 不接受 {names or '空参数'}") from None
