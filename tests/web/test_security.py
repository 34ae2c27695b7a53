"""The door: every route that there is refuses whoever does not belong here."""

import asyncio
import json
import os
import socket
import stat
import threading
import time

import pytest
from starlette.routing import Mount

from sorby.core.errors import SettingError
from sorby.web.app import create_app
from sorby.web.security import Keys, password_from, secret_of

READING = {"GET", "HEAD"}
NAMES = {
    "name": "p0",
    "level": "0",
    "row": "0",
    "column": "0",
    "number": "1",
    "layer": "confidence",
}


def routes(app):
    """(method, path with names filled in) of every route, found in the application itself."""
    found = []

    def walk(these):
        for route in these:
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            if isinstance(route, Mount):
                found.append(("GET", f"{route.path}/main.js"))
            elif hasattr(route, "methods"):
                path = route.path
                for name, value in NAMES.items():
                    path = path.replace(f"{{{name}:path}}", value).replace(f"{{{name}}}", value)
                assert "{" not in path, path
                found.extend((method, path) for method in sorted(route.methods))
            elif inner is not None:
                walk(inner.routes)
            else:
                raise AssertionError(f"a route of an unknown kind: {route!r}")

    walk(app.routes)
    return found


@pytest.fixture
def every(app):
    found = routes(app)
    assert len(found) >= 25  # the enumeration itself works
    described = {
        (method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item
    }
    assert len(described) <= len(found)
    return [one for one in found if one[1] != "/"]


def refused(answer, *statuses):
    assert answer.status_code in statuses, answer.text
    if answer.request.method != "HEAD":
        assert set(answer.json()) == {"error", "code"}


def test_no_token_and_a_wrong_one_are_refused_everywhere(stranger, every, app, lab):
    for method, path in every:
        refused(stranger.request(method, path), 401)
    name = Keys(lab.SECRET, token=None).cookie_name
    for wrong in ("0" * 64, "", "x" * 10_000):
        stranger.cookies.clear()
        stranger.cookies.set(name, wrong, domain="127.0.0.1")
        for method, path in every:
            refused(stranger.request(method, path), 401)


FOREIGN_ORIGINS = [
    "http://evil.example",
    "null",
    "http://127.0.0.1:8765.evil.example",
    "http://127.0.0.1:9999",
    "https://127.0.0.1:8765",
    "http://127.0.0.1:8765@evil.example",
    "http://evil.example#http://127.0.0.1:8765",
    "http://localhost:8765",
]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_foreign_origin_is_refused_everywhere(page, every, origin):
    for method, path in [*every, ("GET", "/"), ("POST", "/login")]:
        refused(page.request(method, path, headers={"Origin": origin}), 403)


FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8765",
    "127.0.0.1.evil.example",
    "127.0.0.1:8765@evil.example",
    "localhost.evil.example:8765",
    "10.0.0.7:8765",
    "[::2]:8765",
    "127.0.0.1:port",
    "",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_is_refused_everywhere(page, every, host):
    for method, path in [*every, ("GET", "/"), ("POST", "/login")]:
        answer = page.request(method, path, headers={"Host": host, "Origin": f"http://{host}"})
        refused(answer, 403)


def test_every_change_needs_origin_header_and_length(page, every):
    for method, path in every:
        if method in READING:
            continue
        del page.headers["Origin"]
        refused(page.request(method, path, json={}), 403)
        page.headers["Origin"] = str(page.base_url).rstrip("/")
        refused(page.request(method, path, json={}, headers={"X-Sorby": ""}), 403)
        refused(page.request(method, path, content=iter([b"{}"])), 411)
        refused(page.request(method, path, headers={"Content-Length": "9" * 15}), 413)


def test_no_change_by_get(page, every, study):
    """What can be read changes no table of the project but the draft that it opens."""
    before = state_of(study)
    changing = {path for method, path in every if method not in READING}
    for path in changing - {path for method, path in every if method == "GET"}:
        assert page.get(path).status_code in (404, 405)
    for method, path in every:
        if method == "GET" and not path.endswith(("/events", "/draft")):
            page.get(path)
    assert state_of(study) == before


def state_of(study):
    from sorby.project import Project

    with Project.open(study) as project:
        return project.fingerprint(), project.history(), project.masks(), project.fields()


def test_cross_site_requests_are_refused_whatever_their_origin(page, every):
    del page.headers["Origin"]
    for site in ("cross-site", "same-site"):
        for method, path in every:
            refused(page.request(method, path, headers={"Sec-Fetch-Site": site}), 403)


def test_a_websocket_is_closed(app):
    sent = []

    async def knock():
        async def send(message):
            sent.append(message)

        scope = {"type": "websocket", "path": "/api/events", "headers": [], "query_string": b""}
        stack = app.build_middleware_stack()
        await stack(scope, None, send)

    asyncio.run(knock())
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_launch_token_works_once_and_becomes_a_cookie(stranger):
    assert stranger.get("/").status_code == 401
    assert stranger.get("/?token=another").status_code == 401
    entered = stranger.get("/?token=a+launch+token")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    assert stranger.get("/").status_code == 200
    assert stranger.get("/api/project").status_code == 200
    stranger.cookies.clear()
    assert stranger.get("/?token=a+launch+token").status_code == 401


def test_a_cookie_outlives_the_server_and_not_another_project(study, page, lab):
    again = create_app(study, secret=lab.SECRET)
    other = create_app(study, secret=b"1" * 64)
    try:
        for application, status in ((again, 200), (other, 401)):
            client = lab.browser(application, known=False)
            client.cookies.update(page.cookies)
            assert client.get("/api/jobs").status_code == status
    finally:
        again.state.house.close()
        other.state.house.close()


def test_every_answer_is_protected(page, stranger, every):
    for client in (page, stranger):
        for path in ("/", "/api/project", "/api/nothing", "/assets/none.js", "/api/report.html"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "unsafe" not in policy and "default-src 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in headers
    policy = page.get("/").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "script-src 'self'" in policy


def test_a_crash_is_protected_and_says_nothing_of_its_inside(page, monkeypatch):
    def crash(self):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("sorby.workflow.jobs.Jobs.all", crash)
    answer = page.get("/api/jobs")
    refused(answer, 500)
    assert "secret" not in answer.text and "content-security-policy" in answer.headers


def test_no_page_of_fastapi_is_served_and_the_description_only_behind_the_door(page, stranger):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert page.get(path).status_code == 404
    assert page.get("/api/openapi.json").status_code == 200
    assert stranger.get("/api/openapi.json").status_code == 401


def test_a_password_lets_others_in_and_a_wrong_one_does_not(study, lab, monkeypatch):
    monkeypatch.setattr("sorby.web.app._PATIENCE_S", 0.0)
    application = create_app(study, secret=lab.SECRET, password="correct horse")
    try:
        client = lab.browser(application, known=False)
        asked = client.get("/")
        assert asked.status_code == 401 and "password" in asked.text
        assert client.post("/login", data={"password": "wrong"}).status_code == 401
        assert client.get("/api/jobs").status_code == 401
        entered = client.post("/login", data={"password": "correct horse"})
        assert entered.status_code == 303
        assert client.get("/api/jobs").status_code == 200
        without = Keys(lab.SECRET, token=None)
        assert client.cookies[without.cookie_name] != without.cookie  # changed with the password
    finally:
        application.state.house.close()


def test_where_there_is_no_password_nobody_logs_in(stranger):
    assert stranger.post("/login", data={"password": ""}).status_code == 404


def test_the_secret_and_the_project_are_for_their_owner_alone(tmp_path, study):
    path = tmp_path / "app.secret"
    first = secret_of(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret_of(path) == first and len(first) == 64
    path.chmod(0o644)
    secret_of(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("short")
    with pytest.raises(SettingError, match="Delete it"):
        secret_of(path)
    assert stat.S_IMODE((study / "sorby.db").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_a_password_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "password"
    path.write_text("correct horse\n")
    path.chmod(0o644)
    with pytest.raises(SettingError, match="chmod 600"):
        password_from(path)
    path.chmod(0o600)
    assert password_from(path) == "correct horse"
    path.write_text("short\n")
    with pytest.raises(SettingError, match="at least 10"):
        password_from(path)
    with pytest.raises(SettingError, match="cannot be read"):
        password_from(tmp_path / "none")


def test_nothing_connects_outwards(page, monkeypatch):
    """A socket that is opened to another machine fails the test."""
    tried = []
    real = socket.socket.connect

    def connect(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
            tried.append(address)
            raise OSError("no network in this test")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    for path in ("/", "/api/project", "/api/embedding", "/api/results", "/api/fields/p0/draft"):
        assert page.get(path).status_code == 200, path
    assert tried == []


def listened(app, page, told, **request):
    """Answer of the endless stream, which ends with the hub once it has told an event."""

    def tell():
        hub = app.state.house.hub
        while not hub._listeners:
            time.sleep(0.01)
        hub.publish(told)
        hub.close()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    answer = page.get("/api/events", **request)
    teller.join(10)
    return answer


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"params": {"field": "<script>", "\0": "9" * 400}},
        {"headers": {"Last-Event-ID": "9" * 4000, "Accept": "text/html"}},
    ],
)
def test_events_are_what_they_say_whatever_is_asked_with_them(app, page, study, request_):
    before = state_of(study)
    hostile = 'a\n\ndata: {"type": "project"}\n\n<script>alert(1)</script>\r\u2028'
    answer = listened(app, page, {"type": "draft", "field": hostile}, **request_)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-security-policy" in answer.headers
    events = [part for part in answer.text.split("\n\n") if part.startswith("data: ")]
    assert [json.loads(event[6:])["field"] for event in events] == [hostile]  # a name adds none
    assert state_of(study) == before


def test_a_stream_of_events_ends_with_its_door(stranger, page, app):
    for client, headers, status in (
        (stranger, {}, 401),
        (page, {"Origin": "http://evil.example"}, 403),
        (page, {"Host": "evil.example"}, 403),
        (page, {"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        refused(client.get("/api/events", headers=headers), status)
    assert app.state.house.hub._listeners == {}
