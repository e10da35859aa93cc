"""Knows how a desk that runs gets another edition of a workflow, and its tickets with it; must not know how a ticket moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

from attrs import evolve, frozen

from servflow.desk import Desk, MigrationReport
from servflow.embedding._refusing import conflict, reasons, refusal
from servflow.embedding._reload_preview import Preview, word_of
from servflow.embedding._source import edit
from servflow.engine import MigrationPlan, Workflow, diff, plan_migration
from servflow.errors import Conflict, DefinitionError, Finding, NotFound, ServflowError, nearest, shown
from servflow.model import Ticket

MOST = 10_000
"""How many tickets a preview looks at one by one, unless said otherwise."""

_PAGE = 500


@frozen(kw_only=True)
class Applied:
    """
    What one ``apply`` came to.

    ``moved`` tickets run under the new edition now, ``done`` did before. ``refused`` and ``failed`` stay under theirs, and
    ``problems`` tell why, the first hundred. ``more`` says that the limit was reached: apply the same preview again.
    """

    workflow: str
    version: int
    moved: int = 0
    done: int = 0
    refused: int = 0
    failed: int = 0
    more: bool = False
    problems: tuple[Any, ...] = ()


class Reloading:
    """
    Exchanges the definition of a workflow while a desk runs: see first what it comes to, then do it, and take it back.

    Every edition that is applied is announced in the store, in order. Other processes learn of it by ``catch_up``, or by
    themselves where their desk has `follow` among its ``sources``; a ticket that was moved runs under the new edition in
    any process at once, since the store keeps it.

    Args:
        desk: the desk; for an ``AsyncDesk`` there is ``AsyncReloading``.
        most: how many tickets a preview looks at one by one.
        beside: what names parts of the workflows besides them, to be asked what it finds of a new edition: anything with
            ``check(workflows)``, as intakes, plans and correlators have. The correlators and sources of the desk are asked
            anyway.

    Raises:
        InputError: it is no desk, or something beside it has no ``check``.
    """

    def __init__(self, desk: Desk, *, most: int = MOST, beside: Iterable[Any] = ()) -> None:
        given: object = desk
        if not isinstance(given, Desk):
            raise refusal("reload.desk", wanted="Desk", given=shown(given), other="AsyncDesk", there="AsyncReloading")
        _count("most", most)
        self.desk = desk
        others: object = beside
        self._beside = tuple(others) if isinstance(others, Iterable) else (others,)
        for one in self._beside:
            if not callable(getattr(one, "check", None)):
                raise refusal("reload.beside", given=shown(one))
        self._most = most
        self._lock = RLock()

    # look -------------------------------------------------------------------------------------------------------

    def preview(
        self,
        source: Any,
        *,
        states: Mapping[str, str] | None = None,
        fields: Mapping[str, str | None] | None = None,
        values: Mapping[str, Any] | None = None,
        clocks: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> Preview:
        """
        What a new edition would come to for the tickets there are; nothing is changed.

        Args:
            source: a ``Source``, or what ``edit`` takes.
            states: where tickets go whose state is gone: ``{"old": "new"}``, as for ``plan_migration``.
            fields: what a field is called now; None lets its values go.
            values: for fields, what tickets get that have no value that fits.
            clocks: from when a new clock counts for tickets under way: ``since``, ``now`` or ``never``.
            check: whether ``check`` is asked of both editions; that may take seconds.

        Raises:
            InputError: an answer names what no edition has.
            DefinitionError: the source is no text that can be read at all.
        """
        answers = {"states": states, "fields": fields, "values": values, "clocks": clocks}
        given = {name: _answer(name, answer) for name, answer in answers.items() if answer is not None and answer != {}}
        at = self.desk._steps.around.now()
        try:
            new = self._load(source)
        except DefinitionError as error:
            return Preview(workflow="", at=at, findings=tuple(error.findings))
        return self._preview(new, given, at, check=check)

    def _load(self, source: Any) -> Workflow:
        if isinstance(source, Workflow):
            return source
        owner = edit(source)
        newest = self._flows.newest.get(str(owner.data.get("workflow", "")))
        if isinstance(newest, Workflow):
            owner = evolve(
                owner,
                calendars=owner.calendars or dict(newest.host_calendars),
                extensions=owner.extensions or newest.extensions,
            )
        return owner.workflow()

    @property
    def _flows(self) -> Any:
        return self.desk._steps.workflows

    def _preview(self, new: Workflow, given: Mapping[str, Any], at: datetime, *, check: bool) -> Preview:
        old = self._flows.newest.get(new.workflow)
        empty = Preview(workflow=new.workflow, at=at, new=new)
        if old is None:
            return evolve(empty, answers=given)
        if not isinstance(old, Workflow):
            return evolve(empty, findings=(Finding("reload.kind", "workflow", {"workflow": new.workflow}),))
        preview = evolve(empty, old=old, answers=given, diff=diff(old, new))
        if new.hash != old.hash and new.version <= old.version:
            facts = {"workflow": new.workflow, "version": old.version, "given": new.version, "least": old.version + 1}
            preview = evolve(preview, findings=(Finding("reload.version", "version", facts),))
        groups, more = self._by_edition(new.workflow)
        plans: dict[str, MigrationPlan] = {}
        counts: Counter[str] = Counter()
        if old.hash != new.hash:  # else it was applied already, and nobody may be left under what the answers are about
            _refuse_strangers(given, [old, *(flow for flow, _ in groups.values() if flow is not None)], new)
        findings = list(preview.findings)
        for pinned, (flow, tickets) in groups.items():
            if pinned == new.hash:
                counts["done"] += len(tickets)
            elif flow is None:
                counts["unread"] += len(tickets)
                findings.append(Finding("reload.edition", "", {"workflow": new.workflow, "hash": pinned}))
            else:
                plans[pinned] = plan_migration(flow, new, tickets, at=at, **_fitting(given, flow, new))
                counts.update(word_of(move) for move in plans[pinned].tickets)
        if old.hash != new.hash and old.hash not in plans:
            plans[old.hash] = plan_migration(old, new, (), at=at, **_fitting(given, old, new))
        checks: tuple[Finding, ...] = ()
        if check and old.hash != new.hash:
            checks = tuple(_news(old.check(), new.check()))
            preview = evolve(preview, elsewhere=tuple(self._elsewhere(new)))
        return evolve(preview, findings=tuple(findings), plans=plans, tickets=counts, checks=checks, more=more)

    def _elsewhere(self, new: Workflow) -> Iterator[tuple[str, Finding]]:
        """What others that name parts of the workflow find of a new edition and not of the present one."""
        flows = {name: flow for name, flow in self._flows.newest.items() if isinstance(flow, Workflow)}
        sources = (source for source in self.desk._sources if callable(getattr(source, "check", None)))
        for one in (*self._flows.correlators.values(), *sources, *self._beside):
            before, now = (one.check(tuple(known.values())) for known in (flows, {**flows, new.workflow: new}))
            yield from ((str(getattr(one, "name", type(one).__name__)), finding) for finding in _news(before, now))

    def _by_edition(self, name: str) -> tuple[dict[str, tuple[Workflow | None, list[Ticket]]], bool]:
        """The tickets by the edition they run under, and whether there are more."""
        groups: dict[str, tuple[Workflow | None, list[Ticket]]] = {}
        for number, ticket in enumerate(self._tickets(name)):
            if number >= self._most:
                return groups, True
            pinned = ticket.pins.get("workflow", "")
            if pinned not in groups:
                try:
                    flow = self._flows.of_ticket(ticket)
                except NotFound:
                    flow = None
                groups[pinned] = (flow if isinstance(flow, Workflow) else None, [])
            groups[pinned][1].append(ticket)
        return groups, False

    def _tickets(self, name: str) -> Iterator[Ticket]:
        after: str | None = None
        while page := self.desk.store.find(workflow=name, limit=_PAGE, after=after):
            yield from page
            after = page[-1].id

    # do ---------------------------------------------------------------------------------------------------------

    def apply(self, preview: Preview, *, move: bool = True, limit: int | None = None) -> Applied:
        """
        Give the desk the new edition, announce it to other processes, and move the tickets, each in a transaction of its own.

        Where it was interrupted, or reached its *limit*, the same preview is applied again and goes on; what was moved
        is passed over.

        Args:
            preview: what ``preview`` or ``rollback`` gave.
            move: False leaves the tickets there are under their editions; only new ones get the new one.
            limit: how many tickets to move in this call.

        Raises:
            InputError: it has findings, or tickets would be stranded or blocked by it: ``tickets`` and ``states`` say
                which. Nothing was changed.
            Conflict: meanwhile another edition was applied, or tickets came to where they would be stranded or blocked.
                Nothing was changed; preview again.
            StoreError: the store itself failed; what was moved stays moved.
        """
        given: object = preview
        if not isinstance(given, Preview):
            raise refusal("reload.preview", given=shown(given))
        if limit is not None:
            _count("limit", limit)
        with self._lock:
            return self._apply(preview, move, limit)

    def _apply(self, preview: Preview, move: bool, limit: int | None) -> Applied:
        new = preview.new
        if new is None or preview.findings:
            raise refusal("reload.findings", why=preview.findings, reasons=reasons(preview.findings))
        self.catch_up()
        self._refuse_stale(preview, new)
        plans = dict(preview.plans)
        if move:
            _refuse_stranded(preview, refusal, "reload.stranded")
            now = self._preview(new, preview.answers, self.desk._steps.around.now(), check=False)
            _refuse_stranded(now, conflict, "reload.meanwhile")
            plans |= now.plans
        self._announce(preview, new)
        reports: list[MigrationReport] = []
        for plan in plans.values() if move else ():
            left = None if limit is None else limit - sum(report.moved for report in reports)
            reports.append(self.desk.migrate(evolve(plan, tickets=()), limit=left))
            if reports[-1].more:
                break
        totals = {name: sum(getattr(report, name) for report in reports) for name in ("moved", "refused", "failed")}
        done = reports[0].done if reports else 0
        problems = tuple(problem for report in reports for problem in report.problems)
        more = bool(reports) and reports[-1].more
        return Applied(workflow=new.workflow, version=new.version, **totals, done=done, more=more, problems=problems)

    def _refuse_stale(self, preview: Preview, new: Workflow) -> None:
        newest = self._flows.newest.get(new.workflow)
        seen = () if preview.old is None else (preview.old.hash,)
        if newest is not None and newest.hash not in (*seen, new.hash):
            raise _applied_since(new.workflow, newest.version)

    # editions ---------------------------------------------------------------------------------------------------

    def _announce(self, preview: Preview, new: Workflow) -> None:
        """
        Add the edition to the desk and to the list in the store, where it is not the last one there.

        Raises:
            Conflict: another process added one in this very moment; nothing was changed.
        """
        first, store, name = preview.old or new, self.desk.store, new.workflow
        with store.batch():
            # Written before the list is read: whoever announces at the same time waits here until this is committed.
            store.define(f"{name}:editions", name, new.version, store.definition(f"{name}:editions") or {"last": None})
            kept = editions(store, name)
            last = kept[-1] if kept else None
            if last is not None and last["hash"] not in (first.hash, new.hash) and int(last["version"]) >= first.version:
                raise _applied_since(name, int(last["version"]))
            entries: list[dict[str, Any]] = []
            if last is None or last["hash"] not in (first.hash, new.hash):
                entries.append({"hash": first.hash, "version": first.version})
            if first.hash != new.hash and (last is None or last["hash"] != new.hash):
                names = {key: dict(preview.answers.get(key, {})) for key in ("states", "fields")}
                entries.append({"hash": new.hash, "version": new.version, **names})
            for flow in (first, new):
                self.desk._keep(flow)
            for number, entry in enumerate(entries, len(kept)):
                store.define(f"{name}:edition:{number}", name, int(entry["version"]), {"edition": entry})
            if entries:
                store.define(f"{name}:editions", name, new.version, {"last": entries[-1]})
        # Only now: where the transaction fails, this process must not open tickets under what nobody else has.
        for flow in (first, new):
            if flow.hash not in self._flows.by_hash:
                self._flows.add(flow)

    def current(self, workflow: str) -> Workflow:
        """
        What a new ticket of a workflow runs under in this process; editions of others count from ``catch_up`` on.

        Raises:
            NotFound: this desk has no workflow of that name.
            InputError: it is no ``Workflow`` of this library, such as a correlator.
        """
        found = self._flows.to_open(str(workflow))
        if not isinstance(found, Workflow):
            raise refusal("reload.kind", workflow=str(workflow))
        return found

    def catch_up(self, *workflows: str) -> tuple[str, ...]:
        """
        Take in the editions that other processes have applied; the names of the workflows that have another one now.

        Args:
            workflows: names of workflows that are wanted too though this desk does not have them yet: another process
                applied them for the first time.

        Raises:
            NotFound: an edition needs host functions or calendars that this desk was not given, or nobody has applied
                a workflow of that name.
        """
        return tuple(_caught_up(self.desk, workflows))

    def editions(self, workflow: str) -> tuple[Mapping[str, Any], ...]:
        """The editions of a workflow that were applied, oldest first: ``hash``, ``version``, and what was renamed."""
        return tuple(editions(self.desk.store, workflow))

    def rollback(self, workflow: str, *, states: Mapping[str, str] | None = None, check: bool = False) -> Preview:
        """
        A preview of going back to the edition before the present one, under the next version number; then ``apply`` it.

        States and fields that were renamed get their former names; where tickets are in states that the former edition does
        not have, they are stranded until *states* says where they go.

        Raises:
            InputError: there is no former edition.
            NotFound: it needs host functions or calendars that this desk was not given.
        """
        self.catch_up()
        kept, newest = editions(self.desk.store, workflow), self._flows.newest.get(workflow)
        # A version that came with the program and not by ``apply`` is not in the list: the last one there is the former.
        listed = bool(kept) and newest is not None and kept[-1]["hash"] == newest.hash
        earlier = kept[:-1] if listed else kept
        if not earlier or not isinstance(newest, Workflow):
            raise refusal("reload.first", workflow=str(workflow))
        last: Mapping[str, Any] = kept[-1] if listed else {}
        former = self._flows.of_hash(workflow, earlier[-1]["hash"])
        if former is None:
            raise _unreadable(workflow, earlier[-1])
        data = {**former.to_data(), "version": newest.version + 1}
        new = evolve(former, version=data["version"])
        known: dict[str, Any] = {"states": newest.compiled.states, "fields": newest.fields}
        target: dict[str, Any] = {"states": new.compiled.states, "fields": new.fields}
        given = {key: _back(last.get(key) or {}, known[key], target[key]) for key in known}
        given["states"] = {**given["states"], **(states or {})}
        kept_answers = {key: answer for key, answer in given.items() if answer}
        return self._preview(new, kept_answers, self.desk._steps.around.now(), check=check)


def follow(desk: Desk, now: datetime) -> Iterable[Any]:
    """
    A source of a desk that takes in, each round of ``tick``, the editions other processes have applied; it asks for nothing.

    ``Desk(..., sources=[follow])`` in every process is all that is needed for new tickets to get the newest edition.
    """
    _caught_up(desk)
    return ()


def editions(store: Any, name: str) -> list[dict[str, Any]]:
    """The editions that were announced, oldest first."""
    found: list[dict[str, Any]] = []
    while (one := store.definition(f"{name}:edition:{len(found)}")) is not None:
        found.append(dict(one["edition"]))
    return found


def _caught_up(desk: Desk, wanted: Iterable[str] = ()) -> list[str]:
    flows = desk._steps.workflows
    changed = []
    for name in dict.fromkeys([*flows.newest, *wanted]):
        newest = flows.newest.get(name)
        listed = desk.store.definition(f"{name}:editions")
        last = None if listed is None else listed["last"]
        if last is None:
            if newest is None:
                raise NotFound(f"no workflow called {name!r} was applied", code="workflow", workflow=name)
            continue
        if newest is not None and (last["hash"] == newest.hash or int(last["version"]) <= newest.version):
            continue
        flow = flows.of_hash(name, last["hash"])
        if flow is None:
            raise _unreadable(name, last)
        flows.add(flow)
        changed.append(name)
    return changed


def _news(before: Iterable[Finding], now: Iterable[Finding]) -> Iterator[Finding]:
    known = {(finding.code, finding.message()) for finding in before}
    return (finding for finding in now if (finding.code, finding.message()) not in known)


def _applied_since(name: str, version: int) -> Conflict:
    return conflict("reload.stale", workflow=name, version=version)


def _unreadable(name: str, edition: Mapping[str, Any]) -> NotFound:
    return NotFound(
        f"version {edition['version']} of {name!r} cannot be read from the store by itself; give it to the desk with the host"
        " functions and calendars it needs",
        code="workflow_version",
        workflow=name,
        version=edition["version"],
        hash=edition["hash"],
    )


def _back(renamed: Mapping[str, str | None], known: Iterable[str], target: Iterable[str]) -> dict[str, str]:
    """The former names of what was renamed; not of what took in others: nobody can tell those apart."""
    now = Counter(renamed.values())
    return {
        new: old
        for old, new in renamed.items()
        if new is not None and now[new] == 1 and new in known and new not in target and old in target
    }


def _fitting(given: Mapping[str, Any], old: Workflow, new: Workflow) -> dict[str, Any]:
    """Those of the answers that this edition has something to do with; all tickets are asked about at once."""
    known: dict[str, Any] = {"states": old.compiled.states, "fields": old.fields}
    fresh = set(new.compiled.clock_names) - set(old.compiled.clock_names)
    known["clocks"] = fresh
    return {
        key: {name: value for name, value in answer.items() if key not in known or name in known[key]}
        for key, answer in given.items()
    }


def _answer(name: str, answer: object) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        raise refusal("reload.answer", name=name, given=shown(answer))
    return dict(answer)


def _refuse_strangers(given: Mapping[str, Any], flows: list[Workflow], new: Workflow) -> None:
    """Refuse answers about what no edition has; only new clocks are asked about."""
    known: dict[str, set[str]] = {
        "states": {name for flow in flows for name in flow.compiled.states},
        "fields": {name for flow in flows for name in flow.fields},
        "clocks": set(new.compiled.clock_names),
    }
    there: dict[str, Iterable[str]] = {"states": new.compiled.states, "fields": new.fields}
    for key, names in known.items():
        for name, now in given.get(key, {}).items():
            for code, word, those in (("stranger", name, names), ("target", now, there.get(key))):
                if those is not None and word is not None and word not in those:
                    close = nearest(str(word), those)
                    raise refusal(f"reload.{code}", name=key, given=shown(word), known=sorted(those), nearest=close)


def _count(name: str, value: object) -> None:
    if type(value) is not int or value < 1:
        raise refusal("reload.count", name=name, given=shown(value))


def _refuse_stranded(preview: Preview, refused: Callable[..., ServflowError], code: str) -> None:
    stuck = (*preview.stranded, *preview.blocked)
    if not stuck:
        return
    problems = {problem.text(): problem for move in stuck for problem in move.problems}
    raise refused(
        code,
        workflow=preview.workflow,
        version=preview.new.version if preview.new else "?",
        count=len(stuck),
        tickets=tuple(move.id for move in stuck),
        states=tuple(sorted({move.state for move in stuck})),
        reasons=reasons(problems.values()),
    )


__all__ = ["Applied", "Reloading", "follow"]
