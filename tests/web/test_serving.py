"""``sorby app`` as a person starts it: a real server, a real port, Ctrl-C."""

import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from sorby.cli import main
from sorby.web.serving import _listening


def started(folder, *options):
    """A running server and the address that it printed."""
    server = subprocess.Popen(
        [sys.executable, "-m", "sorby", "app", folder, "--no-browser", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in server.stderr:
        found = re.search(r"(http://\S+)/\?token=(\S+)", line)
        if found:
            return server, found[1], found[2]
    raise AssertionError("no address was printed")


def client_of(base, token):
    client = httpx.Client(base_url=base, headers={"Origin": base, "X-Sorby": "1"}, timeout=30)
    for _ in range(100):
        try:
            assert client.get("/", params={"token": token}).status_code == 303
            return client
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def test_an_empty_folder_becomes_a_project_and_ctrl_c_ends_with_a_stream_open(tmp_path):
    folder = tmp_path / "fresh"
    server, base, token = started(folder)
    try:
        assert base.startswith("http://127.0.0.1:")
        client = client_of(base, token)
        assert client.get("/api/project").json()["fields"] == []
        with client.stream("GET", "/api/events") as events:
            lines = events.iter_lines()
            assert next(lines) == ": hello"
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 0
        assert (folder / "sorby.db").stat().st_mode & 0o777 == 0o600
        assert (folder / "app.secret").stat().st_mode & 0o777 == 0o600
    finally:
        server.kill()
        server.communicate()


def test_a_cookie_lets_in_again_after_a_restart_on_another_port(tmp_path):
    folder = tmp_path / "fresh"
    server, base, token = started(folder)
    client = client_of(base, token)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=20)
    server, base, _ = started(folder, "--port", "0")
    try:
        client.base_url = base
        client.headers["Origin"] = base
        for _ in range(100):
            try:
                assert client.get("/api/project").status_code == 200
                break
            except httpx.ConnectError:
                time.sleep(0.1)
    finally:
        server.kill()
        server.communicate()


def test_what_cannot_be_served_is_said(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    cases = [
        ([str(tmp_path)], 5, "not a Sorby project and not empty"),
        ([str(tmp_path / "notes.txt")], 5, "not a Sorby project"),
        ([str(tmp_path / "new"), "--host", "0.0.0.0"], 2, "--password-file"),
        ([str(tmp_path / "new"), "--port", "70000"], 2, "Give another --port"),
        ([str(tmp_path / "new"), "--password-file", str(tmp_path / "none")], 2, "cannot be read"),
    ]
    for words, code, said in cases:
        assert main(["app", *words, "--no-browser"]) == code, words
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("host", ["192.0.2.1", "example.invalid"])
def test_an_address_of_another_machine_is_refused_with_a_reason(tmp_path, capsys, host):
    password = tmp_path / "password"
    password.write_text("correct horse battery")
    password.chmod(0o600)
    words = ["app", str(tmp_path / "new"), "--host", host, "--password-file", str(password)]
    assert main([*words, "--no-browser"]) == 2
    assert "cannot be served" in capsys.readouterr().err


def test_small_answers_are_sent_at_once():
    with _listening("127.0.0.1", 0) as listener:
        client = socket.create_connection(listener.getsockname())
        taken, _ = listener.accept()
        with client, taken:
            # asyncio turns Nagle's algorithm off on sockets that name TCP, and on no others
            assert taken.proto == socket.IPPROTO_TCP
