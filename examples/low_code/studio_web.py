"""Knows the addresses of the studio and who may ask; must not know what a workflow is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from studio import Stale, Studio

from servflow import Refused, ServflowError
from servflow.errors import DefinitionError, InputError, StoreError

Said = Annotated[dict[str, Any], Body()]
HERE = Path(__file__).parent
SAFE = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:"
"""Nothing from elsewhere, and no script in the page: what somebody wrote into a label stays a label."""


def chinese(error: ServflowError) -> str:
    """What went wrong, in Chinese where it is said in Chinese."""
    if isinstance(error, DefinitionError):
        return DefinitionError.of(error.findings, "zh").message
    if isinstance(error, (InputError, Refused, StoreError)):
        return str(error.facts.get("zh") or error.text("zh"))
    return error.message


def application(studio: Studio) -> FastAPI:
    """The studio's pages and its JSON API; it closes what it keeps open when it ends."""

    @asynccontextmanager
    async def lifetime(_: FastAPI) -> AsyncIterator[None]:
        yield
        studio.close()

    app = FastAPI(title="Workflow studio", lifespan=lifetime)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "testserver"])
    app.mount("/static", StaticFiles(directory=HERE / "static"))

    @app.middleware("http")
    async def guarded(request: Request, answer: Any) -> Any:
        # A page of another site can send a form, but not JSON: the browser would ask us first, and we do not agree.
        if request.method == "POST" and request.headers.get("content-type", "").partition(";")[0].lower() != "application/json":
            return JSONResponse({"error": {"en": "send JSON", "zh": "请发送 JSON"}}, 415)
        response = await answer(request)
        response.headers["Content-Security-Policy"] = SAFE
        return response

    @app.exception_handler(ServflowError)
    def refused(_: Request, error: ServflowError) -> JSONResponse:
        said = {"code": error.code, "en": error.message, "zh": chinese(error)}
        return JSONResponse({"error": said}, 409 if error.code in ("stale", "conflict") else 400)

    @app.exception_handler(Stale)
    def stale(_: Request, error: Stale) -> JSONResponse:
        said = {"code": "stale", "en": "somebody else changed the draft; look at it as it is now, and do it again"}
        return JSONResponse({"error": {**said, "zh": "草稿已被他人修改。请查看最新内容后再改"}, "view": error.view}, 409)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(HTTPException)
    def unread(_: Request, error: Exception) -> JSONResponse:
        # Nothing of what was sent is said again: it may be a number that no JSON can hold.
        status = error.status_code if isinstance(error, HTTPException) else 422
        if status in (400, 422):
            said = {"code": "json", "en": "send a JSON object", "zh": "请发送一个 JSON 对象"}
        else:
            said = {"code": "address", "en": "nothing answers to that here", "zh": "此地址没有这样的操作"}
        return JSONResponse({"error": said}, status)

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(HERE / "static" / "index.html")

    @app.get("/api/view")
    def view(lang: str = "en") -> dict[str, Any]:
        return studio.view(lang)

    @app.post("/api/edit")
    def edit(said: Said, lang: str = "en") -> dict[str, Any]:
        return studio.edit(said, lang)

    @app.post("/api/preview")
    def preview(said: Said, lang: str = "en") -> dict[str, Any]:
        return studio.preview(said, lang)

    @app.post("/api/apply")
    def apply(said: Said, lang: str = "en") -> dict[str, Any]:
        return studio.apply(said, lang)

    @app.get("/api/tickets")
    def tickets(lang: str = "en") -> list[dict[str, Any]]:
        return studio.tickets(lang)

    @app.post("/api/tickets")
    def open_one(said: Said, lang: str = "en") -> dict[str, Any]:
        return studio.open(said, lang)

    @app.post("/api/tickets/{ticket}")
    def fire(ticket: str, said: Said, lang: str = "en") -> dict[str, Any]:
        return studio.fire(ticket, said, lang)

    return app
