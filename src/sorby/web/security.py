"""The door: one ASGI middleware, first in the chain, that decides who is served at all."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import os
import secrets
import stat
import threading
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sorby.core.errors import SettingError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN = "/login"

MAX_BODY_BYTES = 16 * 1024**2
MAX_LOGIN_BYTES = 4096
MAX_UPLOAD_BYTES = 4 * 1024**3
UPLOADS = "/api/images"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # "no-referrer" would make browsers send "Origin: null" with the log-in form.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Keys:
    """What proves that a browser belongs to the person at this machine.

    Parameters
    ----------
    secret : bytes
        Of this project on this machine; cookies are made from it, so they survive a restart.
    token : str or None
        Launch token, good for one exchange against a cookie.
    password : str or None
        Needed where other machines can reach the page.
    """

    def __init__(self, secret: bytes, *, token: str | None, password: str | None = None) -> None:
        said = b"sorby page" + hashlib.sha256((password or "").encode()).digest()
        self.cookie = hmac.new(secret, said, hashlib.sha256).hexdigest()
        self.cookie_name = f"sorby_{hashlib.sha256(secret).hexdigest()[:12]}"
        self.has_password = password is not None
        self._token, self._password = token, password
        self._lock = threading.Lock()

    def spend(self, token: str) -> bool:
        """Whether a launch token is the right one; it is good for nothing afterwards."""
        with self._lock:
            if self._token is None or not _same(token, self._token):
                return False
            self._token = None
            return True

    def opens(self, password: str) -> bool:
        """Whether a password is the right one."""
        return self._password is not None and _same(password, self._password)

    def knows(self, cookie: str) -> bool:
        """Whether a cookie is one that this project gave."""
        return _same(cookie, self.cookie)

    def set_cookie(self) -> str:
        """Header that gives a browser its cookie."""
        return (
            f"{self.cookie_name}={self.cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
        )


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


def secret_of(path: Path) -> bytes:
    """Secret in a file that only its owner can read; made where there is none.

    Raises
    ------
    SettingError
        If the file holds no secret.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        path.chmod(0o600)
    else:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
    text = path.read_text().strip()
    if len(text) < 64:
        raise SettingError(f"{path} holds no secret. Delete it; a new one is made at the start.")
    return text.encode()


def password_from(path: Path) -> str:
    """Password in a file that nobody else can read.

    Raises
    ------
    SettingError
        If the file is missing, open to others, or the password is shorter than 10 characters.
    """
    try:
        is_open = os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077
        password = path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The password file {path} cannot be read: {error}.") from error
    if is_open:
        raise SettingError(f"Others can read the password file {path}. First: chmod 600 {path}")
    if len(password) < 10:
        raise SettingError(
            f"The password in {path} has {len(password)} characters. Give it at least 10."
        )
    return password


class Door:
    """Middleware: Host, Origin, cookie and header are checked before anything else runs.

    Parameters
    ----------
    app : ASGI application
        What lies behind.
    keys : Keys
        Who may come in.
    hosts : iterable of str
        Names under which the page may be asked for, without port.
    any_address : bool
        Whether any IP address may stand in the Host header (the server listens on all of them).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys,
        hosts: Iterable[str] = LOOPBACK,
        any_address: bool = False,
    ) -> None:
        self._app, self._keys = app, keys
        self._hosts, self._any_address = frozenset(hosts), any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            send = _guarded(send)
            refusal = self._refusal(scope)
            if refusal is not None:
                await _answer(send, *refusal)
            elif not await self._entered(scope, send):
                await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        """Status, code and words for a request that is refused, or None."""
        headers = _headers(scope)
        host = headers.get("host", [""])
        if len(host) != 1 or not self._is_ours(host[0]):
            return 403, "ForeignHost", "This address is not one that Sorby serves."
        origin = headers.get("origin", [])
        reads = scope["method"] in READING
        if origin and origin != [f"{scope['scheme']}://{host[0]}"]:
            return 403, "ForeignOrigin", "The request comes from another page."
        if not reads and not origin:
            return 403, "ForeignOrigin", "A request that changes something has to say its origin."
        if headers.get("sec-fetch-site", ["none"])[0] in ("cross-site", "same-site") and not (
            reads and scope["path"] == "/"
        ):
            return 403, "ForeignOrigin", "The request comes from another page."
        if scope["path"] == LOGIN and not reads:
            return _refused_length(headers, MAX_LOGIN_BYTES)
        if scope["path"] == "/":
            return None
        if not self._has_cookie(headers):
            return (
                401,
                "NotLoggedIn",
                ("This browser is not known here. Open the address that  sorby app  printed."),
            )
        return None if reads else _refused_change(scope["path"], headers)

    def _is_ours(self, host: str) -> bool:
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        name, port = (name, port) if name else (port, "")
        if port and not (port.isascii() and port.isdigit()):
            return False
        bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
        if bare.lower() in self._hosts:
            return True
        return self._any_address and _is_address(bare)

    def _has_cookie(self, headers: dict[str, list[str]]) -> bool:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load("; ".join(headers.get("cookie", [])))
        except CookieError:
            return False
        kept = jar.get(self._keys.cookie_name)
        return kept is not None and self._keys.knows(kept.value)

    async def _entered(self, scope: Scope, send: Send) -> bool:
        """Answer at the door itself: a token becomes a cookie, a stranger is told what to do."""
        if scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
            return False
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if token and self._keys.spend(token):
            await _redirect(send, self._keys.set_cookie())
        elif self._has_cookie(_headers(scope)):
            if not token:
                return False
            await _redirect(send)
        else:
            await _page(send, _LOGIN_PAGE if self._keys.has_password else _STRANGER_PAGE)
        return True


def _refused_change(path: str, headers: dict[str, list[str]]) -> tuple[int, str, str] | None:
    if headers.get("x-sorby") != ["1"]:
        return 403, "ForeignOrigin", "A request that changes something needs the header X-Sorby: 1."
    return _refused_length(headers, MAX_UPLOAD_BYTES if path == UPLOADS else MAX_BODY_BYTES)


def _refused_length(headers: dict[str, list[str]], limit: int) -> tuple[int, str, str] | None:
    length = headers.get("content-length", [""])[0]
    if not (length.isascii() and length.isdigit()):
        return 411, "NoLength", "A request that changes something has to say its length."
    if int(length[:20]) > limit:
        return 413, "TooLarge", f"{length[:20]} bytes were sent; at most {limit:,} are taken."
    return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _guarded(send: Send) -> Send:
    """The same, with the headers that protect on every answer."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            extra = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in own]
            if b"cache-control" not in own:
                extra.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sent


async def _answer(send: Send, status: int, code: str, words: str) -> None:
    body = json.dumps({"error": words, "code": code}).encode()
    await _respond(send, status, [(b"content-type", b"application/json")], body)


async def _page(send: Send, page: str) -> None:
    await _respond(send, 401, [(b"content-type", b"text/html; charset=utf-8")], page.encode())


async def _redirect(send: Send, cookie: str = "") -> None:
    headers = [(b"location", b"/")]
    await _respond(
        send, 303, [*headers, *([(b"set-cookie", cookie.encode())] if cookie else [])], b""
    )


async def _respond(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


_HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sorby</title>'
_STRANGER_PAGE = (
    f"{_HEAD}<h1>Sorby</h1><p>This browser is not known here. Open the address that "
    "<code>sorby app</code> printed in its window; it works once, and lets this browser in for "
    "good. Start <code>sorby app</code> again for a new one.</p></html>"
)
_LOGIN_PAGE = (
    f'{_HEAD}<h1>Sorby</h1><form method="post" action="{LOGIN}"><label>Password '
    '<input type="password" name="password" autocomplete="current-password" autofocus></label> '
    "<button>Enter</button></form></html>"
)
