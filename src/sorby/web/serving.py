"""Start the page's server, print its address, end it cleanly."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from sorby import workflow
from sorby.core.errors import SettingError
from sorby.web.app import create_app
from sorby.web.security import LOOPBACK, password_from, secret_of

PORT = 8765
"""Tried first, and the next ones where it is taken: what the browser keeps belongs to a port."""

N_PORTS = 20
EVERYWHERE = ("0.0.0.0", "::")
SECRET = "app.secret"


class _Server(uvicorn.Server):
    """Ends the streams of events first: a server waits for its open answers before it ends."""

    def __init__(self, config: uvicorn.Config, before_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_end = before_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_end()
        await super().shutdown(sockets)


def serve(
    folder: Path,
    *,
    say: Callable[[str], None],
    port: int | None = None,
    host: str = "127.0.0.1",
    password_file: Path | None = None,
    opens_browser: bool = True,
) -> None:
    """Serve the page of a project until it is stopped.

    Parameters
    ----------
    folder : Path
        The project; a folder that is empty or not there becomes one.
    say : callable
        Told what a person reads: the address, and how to end.
    port : int, optional
        8765 or the next free one unless told.
    host : str
        Address to listen on. Any but loopback needs a password.
    password_file : Path, optional
        File with the password, for its owner alone.
    opens_browser : bool
        Open the address in the browser.

    Raises
    ------
    SettingError
        If other machines could reach the page without a password, or the address is taken.
    ProjectError
        If the folder is no project and holds something else.
    """
    if host not in LOOPBACK and password_file is None:
        raise SettingError(
            f"With --host {host} other machines reach the page. Put a password into a file that "
            "only you can read, and give it: --password-file FILE"
        )
    password = password_from(password_file) if password_file else None
    is_new = workflow.open_or_create(folder)
    token = secrets.token_urlsafe(32)
    with _listening(host, port) as listener:
        app = create_app(
            folder,
            token=token,
            secret=secret_of(Path(folder) / SECRET),
            password=password,
            hosts={*LOOPBACK, host.lower(), socket.gethostname().lower()},
            any_address=host in EVERYWHERE,
        )
        address = f"{_url(host, listener.getsockname()[1])}/?token={token}"
        say(_words(Path(folder), address, host, is_new=is_new))
        if opens_browser:
            threading.Timer(0.5, webbrowser.open, [address]).start()
        house = app.state.house
        config = uvicorn.Config(
            app, log_level="warning", server_header=False, ws="none", timeout_graceful_shutdown=5
        )
        with suppress(KeyboardInterrupt):  # it has ended by then, and cleanly
            _Server(config, house.hub.close).run(sockets=[listener])


def _listening(host: str, port: int | None) -> socket.socket:
    """Socket on the wanted port, or on the first one that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in [port] if port is not None else range(PORT, PORT + N_PORTS):
        # The protocol is named: of a socket without one, asyncio leaves Nagle's algorithm on, and
        # the body of a small answer waits 40 ms behind its head.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # elsewhere it would let two servers share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, number))
            listener.listen()  # whoever follows the address at once waits instead of failing
        except (OSError, OverflowError) as error:
            listener.close()
            reason = error
        else:
            return listener
    taken = f"port {port}" if port is not None else f"any port from {PORT} to {PORT + N_PORTS - 1}"
    raise SettingError(
        f"The page cannot be served on {host}, {taken}: {reason}. Give another --port, or --host."
    )


def _url(host: str, port: int) -> str:
    name = socket.gethostname() if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def _words(folder: Path, address: str, host: str, *, is_new: bool) -> str:
    lines = [f"{folder} is a new, empty project: add images on the page."] if is_new else []
    lines += [f"Sorby's page of {folder}:", "", f"  {address}", ""]
    lines.append("The address lets one browser in, for good. Ctrl-C ends; nothing has to be saved.")
    if host not in LOOPBACK:
        lines.append(
            "Other machines can reach it with the password. What passes between them is not "
            "encrypted: use it in a network that you trust."
        )
    return "\n".join(lines)
