"""The application: routes behind the door, and the files of the page."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from sorby import __version__
from sorby.web import editor, media, pages, uploads, work
from sorby.web.errors import add_handlers
from sorby.web.house import House
from sorby.web.security import LOGIN, LOOPBACK, Door, Keys

STATIC = Path(__file__).with_name("static")

_NOT_BUILT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sorby</title><h1>Sorby</h1>'
    "<p>The page itself is not built in this copy of the source. Build it once: "
    "<code>python dev.py web</code>, then load this page again.</p></html>"
)
_WRONG = '<!doctype html><html lang="en"><title>Sorby</title><p>Not this one. <a href="/">Again</a>'
_PATIENCE_S = 1.0


def create_app(
    folder: Path,
    *,
    token: str | None = None,
    secret: bytes | None = None,
    password: str | None = None,
    hosts: Iterable[str] = LOOPBACK,
    any_address: bool = False,
    author: str | None = None,
    static: Path = STATIC,
) -> FastAPI:
    """Application of one project.

    Parameters
    ----------
    folder : Path
        The project.
    token : str, optional
        Launch token: good for one browser, which gets a cookie for it.
    secret : bytes, optional
        What cookies are made from; drawn anew unless given.
    password : str, optional
        Lets other browsers in.
    hosts : iterable of str
        Names under which the page may be asked for.
    any_address : bool
        Whether any IP address is such a name.
    author : str, optional
        Who corrects; the name of the computer's user unless told.
    static : Path
        Folder of the built page.

    Returns
    -------
    FastAPI
        With the door as its outermost middleware; ``app.state.house`` is what its routes share.
    """
    keys = Keys(secret or secrets.token_bytes(32), token=token, password=password)
    app = _Application(
        keys,
        tuple(hosts),
        any_address,
        title="Sorby",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        separate_input_output_schemas=False,
    )
    app.state.house = House(folder, author=author)
    for part in (pages, editor, media, work, uploads):
        app.include_router(part.router)
    _add_front(app, static)
    if password is not None:
        _add_login(app, keys)
    add_handlers(app)
    return app


class _Application(FastAPI):
    """FastAPI with the door around everything, its own answer to a crash included."""

    def __init__(
        self, keys: Keys, hosts: tuple[str, ...], any_address: bool, **options: Any
    ) -> None:
        super().__init__(**options)
        self._keys, self._hosts, self._any_address = keys, hosts, any_address

    def build_middleware_stack(self) -> ASGIApp:
        inner = super().build_middleware_stack()
        return Door(inner, keys=self._keys, hosts=self._hosts, any_address=self._any_address)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await run_in_threadpool(app.state.house.close)


def _add_front(app: FastAPI, static: Path) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def index() -> HTMLResponse:
        page = static / "index.html"
        return HTMLResponse(page.read_text(encoding="utf-8") if page.is_file() else _NOT_BUILT)

    app.mount("/assets", StaticFiles(directory=static / "assets", check_dir=False), name="assets")


def _add_login(app: FastAPI, keys: Keys) -> None:
    guard = _Patience()

    @app.post(LOGIN, response_class=HTMLResponse, include_in_schema=False)
    async def login(password: Annotated[str, Form(max_length=1000)]) -> Response:
        if not await guard.passes(keys, password):
            return HTMLResponse(_WRONG, status_code=401)
        answer = RedirectResponse("/", status_code=303)
        answer.headers["set-cookie"] = keys.set_cookie()
        return answer


class _Patience:
    """One attempt at a time, and a pause after each that fails."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def passes(self, keys: Keys, password: str) -> bool:
        async with self._lock:
            if keys.opens(password):
                return True
            await asyncio.sleep(_PATIENCE_S)
            return False
