"""Knows what each address of the CRM answers; must not know how a page looks or how tickets are kept."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from attrs import field, frozen
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from crm import pages
from crm.pages import Asked
from crm.service import HERE, ZONE, Service
from crm.session import COOKIE, LANGUAGE, Session, Signer
from crm.words import LANGUAGES, Words
from servflow import Actor, Conflict, InputError, NotFound, Refused
from servflow.embedding import Form, read_form
from servflow.errors import ReservationRefused, StoreError
from servflow.model import Assigned, Moved, Received, Updated

LARGEST = 256 * 1024
"""Bytes of a form."""

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing but our own style sheet: were a text shown unescaped after all, no script in it would run."""

ENVIRONMENT = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
ENVIRONMENT.filters["named"] = lambda key, words: words.name(key)


class Problem(Exception):
    """What a page says instead: a heading, sentences, and a way on."""

    def __init__(self, status: int, title: str, *said: str, back: str = "/", label: str = "back_board") -> None:
        super().__init__(title)
        self.status, self.title, self.said, self.back, self.label = status, title, said, back, label


@frozen
class Visit:
    """One request: who makes it, in which language, and of which service."""

    request: Request
    service: Service
    signer: Signer
    session: Session
    words: Words

    @property
    def actor(self) -> Actor | None:
        """Who was picked in this browser; read from the signed cookie alone."""
        return self.service.actors.get(self.session.user)

    def page(self, name: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """A template with what every page shows."""
        query = {name: value for name, value in self.request.query_params.items() if name != "lang"}
        text = ENVIRONMENT.get_template(name).render(
            **facts,
            say=self.words,
            me=self.actor,
            here=self.request.url.path,
            query=query,
            token=self.signer.token(self.session),
            href=pages.href,
        )
        return HTMLResponse(text, status)

    def known(self) -> Actor:
        """The actor; whoever is nobody is sent to say who they are."""
        if self.actor is None:
            raise HTTPException(303, headers={"location": "/who"})
        return self.actor


async def _visit(request: Request) -> Visit:
    state = request.app.state
    return Visit(request, state.service, state.signer, request.state.session, request.state.words)


Visiting = Annotated[Visit, Depends(_visit)]


async def _typed(visit: Visiting) -> dict[str, str]:
    """What a form of ours brought; one that is not ours is refused before anything looks at it."""
    form = await visit.request.form(max_files=0)
    # A database keeps no character zero, and nobody means one.
    typed = {name: value.replace("\0", "") for name, value in form.items() if not isinstance(value, UploadFile)}
    visit.request.state.typed = typed
    if not visit.signer.right(visit.session, typed.get("_token", "")):
        raise Problem(403, "forged", visit.words("forged_next"))
    return typed


Typed = Annotated[dict[str, str], Depends(_typed)]


def create_app(service: Service, *, secret: str | None = None, work: bool = True) -> FastAPI:
    """
    The application.

    Args:
        service: the CRM behind it; closed by whoever made it.
        secret: signs cookies; without it one is drawn, and a restart forgets who was picked.
        work: whether a thread ticks and delivers meanwhile.
    """

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        worker = service.worker()
        thread = threading.Thread(target=worker.run, name="worker")
        if work:
            thread.start()
        yield
        worker.stop()
        if work:
            await run_in_threadpool(thread.join)

    app = FastAPI(lifespan=living, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.service = service
    app.state.signer = Signer(secret or os.environ.get("CRM_SECRET") or secrets.token_urlsafe(32))
    app.middleware("http")(_around)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.get("/")(board)
    app.get("/who")(who)
    app.post("/who")(pick)
    app.get("/new")(new)
    app.post("/new")(create)
    app.get("/outbox")(outbox)
    app.get("/tickets/{id_:path}")(ticket)
    app.post("/tickets/{id_:path}")(fire)
    for kind in (
        Problem,
        HTTPException,
        NotFound,
        Refused,
        ReservationRefused,
        Conflict,
        InputError,
        StoreError,
        OperationalError,
    ):
        app.add_exception_handler(kind, _problem)
    return app


async def _around(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Reads the cookies, bounds the form, and sets what every answer says to the browser."""
    signer: Signer = request.app.state.signer
    session = signer.read(request.cookies.get(COOKIE))
    asked = request.query_params.get("lang", "")
    lang = asked if asked in LANGUAGES else request.cookies.get(LANGUAGE, "")
    request.state.session, request.state.words = session, Words(lang, ZONE)
    length = request.headers.get("content-length", "")
    if request.method == "POST" and (not length.isdecimal() or int(length) > LARGEST):
        response: Response = _shown(await _visit(request), Problem(413, "large", request.state.words("large_next")))
        response.headers["connection"] = "close"
    else:
        response = await go_on(request)
    own = {"httponly": True, "samesite": "lax", "path": "/"}
    response.set_cookie(COOKIE, signer.write(request.state.session), **own)  # type: ignore[arg-type] - the values fit
    if lang in LANGUAGES:
        response.set_cookie(LANGUAGE, lang, samesite="lax", path="/", max_age=365 * 86400)
    response.headers["content-security-policy"] = POLICY
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["referrer-policy"] = "same-origin"
    response.headers["content-language"] = request.state.words.lang
    if not request.url.path.startswith("/static/"):
        response.headers["cache-control"] = "no-store"
    return response


# -- what goes wrong


async def _problem(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.headers and "location" in error.headers:
        return RedirectResponse(error.headers["location"], 303)
    return _shown(await _visit(request), error)


def _shown(visit: Visit, error: Exception) -> Response:
    words = visit.words
    if isinstance(error, HTTPException) and error.status_code == 400:  # no form at all, whatever it calls itself
        error = Problem(400, "refused", error.detail, words("refused_next"))
    elif isinstance(error, (NotFound, HTTPException)):
        id_ = str(visit.request.path_params.get("id_", visit.request.url.path))
        status = 405 if isinstance(error, HTTPException) and error.status_code == 405 else 404
        error = Problem(status, "not_found", words("not_found_say", id=id_[:200]))
    elif isinstance(error, (Conflict, StoreError, OperationalError)):
        error = Problem(503, "busy", words("busy_next"))
    elif not isinstance(error, Problem):
        id_ = visit.request.path_params.get("id_")
        back = {"back": pages.href(str(id_)), "label": "back"} if id_ else {}
        said = error.text(words.lang) if isinstance(error, Refused) else getattr(error, "message", "")
        error = Problem(409, "refused", said, words("refused_next"), **back)
    return visit.page("problem.html", error.status, problem=error, wrote=_wrote(getattr(visit.request.state, "typed", {})))


def _wrote(typed: Mapping[str, str]) -> list[str]:
    """What somebody wrote into a form, to be shown where the form itself cannot be."""
    return [value for name, value in typed.items() if not name.startswith("_") and name != "step" and value.strip()]


# -- pages


def who(visit: Visiting) -> Response:
    """Pick somebody."""
    return visit.page("who.html", people=visit.service.actors.values())


def pick(visit: Visiting, typed: Typed) -> Response:
    """Somebody was picked: a new session, so that nothing of the old one's forms can be used in it."""
    if typed.get("who", "") in visit.service.actors:
        visit.request.state.session = Session(secrets.token_urlsafe(16), typed["who"])
        return RedirectResponse("/", 303)
    return RedirectResponse("/who", 303)


def board(visit: Visiting) -> Response:
    """The board."""
    visit.known()
    asked = Asked.of(visit.request.query_params)
    columns = pages.board(visit.service, asked, visit.words)
    engineers = [one.id for one in visit.service.world.engineers]
    return visit.page("board.html", asked=asked, columns=columns, engineers=engineers, queues=visit.service.workflow.queues)


def outbox(visit: Visiting) -> Response:
    """What was sent."""
    visit.known()
    sent = visit.service.outbox()
    return visit.page("outbox.html", sent=sent, people=visit.service.customers([row.recipient for row in sent]))


def new(visit: Visiting) -> Response:
    """The form of a new ticket."""
    visit.known()
    return _opening(visit, {}, {})


def create(visit: Visiting, typed: Typed) -> Response:
    """A new ticket, and its customer where that is a new one."""
    actor, words = visit.known(), visit.words
    sent = read_form(pages.opening(visit.service, words), typed)
    if "_again" in typed:
        return _opening(visit, typed, {})
    problems = {name: one.message(words.lang) for name, one in sent.problems.items()}
    problems |= {
        name: words("long", most=most) for name, most in pages.OWN.items() if len(str(sent.payload.get(name, ""))) > most
    }
    if problems:
        return _opening(visit, typed, problems)
    fields = dict(sent.payload)
    customer = {name: str(fields.pop(name)) for name in pages.OWN}
    try:
        id_ = visit.service.open(f"{actor.id}:{sent.key}"[:200], customer, fields, actor)
    except (Refused, InputError) as refused:
        return _opening(visit, typed, {"": refused.message})
    return RedirectResponse(pages.href(id_), 303)


def _opening(visit: Visit, typed: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    form = pages.opening(visit.service, visit.words)
    return visit.page("new.html", 422 if problems else 200, form=form, filled=_filled(form, typed, problems))


@frozen
class Filled:
    """A form as it was filled in: what was typed at each input, and what is wrong with it; empty for one just drawn."""

    id: str = ""
    key: str = field(factory=lambda: secrets.token_urlsafe(16))
    typed: Mapping[str, str] = field(factory=dict)
    problems: Mapping[str, str] = field(factory=dict)


def _filled(form: Form, typed: Mapping[str, str], problems: Mapping[str, str]) -> Filled:
    return Filled(form.id, typed.get("_key", "")[:100], typed, problems) if typed else Filled(form.id)


def ticket(visit: Visiting, id_: str) -> Response:
    """The page of a ticket."""
    actor = visit.known()
    page = pages.ticket_page(visit.service, id_, actor, visit.words)
    return visit.page("ticket.html", page=page, filled=Filled(), new_key=_new_key)


def _new_key() -> str:
    return secrets.token_urlsafe(16)


def fire(visit: Visiting, id_: str, typed: Typed) -> Response:
    """
    Somebody pressed a button.

    The event is fired as they saw the ticket (``expect``) and once however often it is sent (``key``); the actor is
    theirs by the cookie. What does not fit is shown at its input; what came too late is shown with what happened meanwhile.
    """
    actor, service, words = visit.known(), visit.service, visit.words
    found = [
        pages.message_form(one) if one.event == "ticket.message" else one for one in pages.forms_of(service, id_, actor, words)
    ]
    sent = read_form(found, typed)
    event = sent.event or typed.get("_form", "").partition(":")[0][:200]
    key = f"{actor.id}:{event}:{(sent.key or '')[:100]}"
    if "_again" in typed:  # to be shown in the other language, and by no means to be done
        if sent.form is None or sent.form.status == "refused":
            return _stale(visit, id_, actor, typed, sent.expect or 0)
        return _again(visit, id_, sent.form, typed, {})
    problems = {name: one.message(words.lang) for name, one in sent.problems.items()}
    if sent.form is not None and sent.form.status != "refused" and problems:
        return _again(visit, id_, sent.form, typed, problems)
    payload = {**sent.payload, **({"side": "agent"} if event == "ticket.message" else {})}
    expect = int(typed["_expect"]) if sent.expect is not None and "_expect" in typed and "" not in problems else 0
    try:
        _fire(service, id_, event, payload, actor=actor, key=key, expect=expect)
    except _Stale:
        return _stale(visit, id_, actor, typed, expect)
    except Refused as refused:
        if refused.code != "payload" or sent.form is None:
            raise
        known = {one.name for one in sent.form.inputs}
        at_inputs = {name: words("unfit", why=why) for name, why in refused.facts.get("problems", {}).items() if name in known}
        return _again(visit, id_, sent.form, typed, {**at_inputs, "": refused.text(words.lang)})
    return RedirectResponse(pages.href(id_), 303)


class _Stale(Exception):
    """Somebody did something to the ticket since its page was drawn."""


def _fire(service: Service, id_: str, event: str, payload: Mapping[str, Any], **sent: Any) -> None:
    try:
        service.desk.fire(id_, event, payload, **sent)
    except Refused as refused:
        if refused.code != "stale":
            raise
        service.desk.tick()  # what time has done to it by now is kept first, so that it can be told
        since = service.desk.history(id_, after=sent["expect"])
        if not since or any(isinstance(record, (Received, Moved, Assigned, Updated)) for record in since):
            raise _Stale from None  # nothing since: a page of ours never says that
        # A promise came nearer or broke meanwhile, and somebody heard of it: nothing that the button was about.
        service.desk.fire(id_, event, payload, **{**sent, "expect": service.desk.get(id_).revision})


def _again(visit: Visit, id_: str, form: Form, typed: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    """The page of the ticket once more, with the form as it was filled in."""
    page = pages.ticket_page(visit.service, id_, visit.known(), visit.words)
    return visit.page(
        "ticket.html", 422 if problems else 200, page=page, filled=_filled(form, typed, problems), new_key=_new_key
    )


def _stale(visit: Visit, id_: str, actor: Actor, typed: Mapping[str, str], expect: int) -> Response:
    """What happened since the page was drawn, and the same form for another try."""
    service, words = visit.service, visit.words
    now = pages.ticket_page(service, id_, actor, words)
    found = [*now.ready, *now.refused, *now.checks.values(), *([now.message] if now.message else [])]
    form = next((one for one in found if one.id == typed.get("_form")), None)
    why = words("gone", state=now.state) if form is None else form.why if form.status == "refused" else ""
    news = [line for line in now.story if line.sequence > expect and not line.minor] or list(now.story[-1:])
    again = form if form is not None and form.status != "refused" else None
    filled = Filled(form.id if form else "", typed=typed)
    return visit.page("stale.html", 409, page=now, news=news, again=again, why=why, wrote=_wrote(typed), filled=filled)
