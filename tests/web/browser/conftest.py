"""A browser, a project whose truth is known, and the page's server as its users start it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Error, sync_playwright
from scipy import ndimage

import sorby.web
from sorby.io import write_micrograph
from sorby.workflow import new_project

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SHAPE = (240, 320)
CENTRES = [(row, column) for row in (45, 120, 195) for column in (45, 120, 195, 270)]
RADII = [4 + place / 2 for place in range(12)]
FAINT = (82, 158)
WINDOW = {"width": 1280, "height": 800}
PATIENCE_MS = 20_000


def plate(seed):
    """Gray values of metal with twelve black pores, one faint one, and noise of its own."""
    rows, columns = np.indices(SHAPE)
    level = np.full(SHAPE, 190.0)
    for (row, column), radius in zip(CENTRES, RADII, strict=True):
        level[np.hypot(rows - row, columns - column) <= radius] = 50
    level[np.hypot(rows - FAINT[0], columns - FAINT[1]) <= 6] = 160
    noise = np.random.default_rng(seed).normal(0, 3, SHAPE)
    return (ndimage.gaussian_filter(level, 0.7) + noise).clip(0, 255).astype(np.uint8)


# -------------------------------------------------------------------------- browser and server


def _without(reason):
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium or Chrome; without one these tests are skipped, under CI they fail."""
    if not (Path(sorby.web.__file__).parent / "static" / "index.html").is_file():
        _without("the page is not built. Build it first: python dev.py web")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        where = {"executable_path": path} if path else {"channel": "chrome"}
        try:
            browser = playwright.chromium.launch(args=["--no-sandbox"], **where)
        except Error as error:
            _without(f"no Chromium was found. apt-get install chromium; {error.message[:300]}")
        yield browser
        browser.close()


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """`sorby app` of one project, in a process of its own."""

    def __init__(self, folder, home):
        self.folder, self.home, self.port = folder, home, _free_port()
        self.output = folder.parent / "server.txt"
        self.start()

    def start(self):
        """Start it, at the same port each time."""
        words = ["app", str(self.folder), "--port", str(self.port), "--no-browser"]
        environment = os.environ | {
            "HOME": str(self.home),
            "USER": "tester",
            "OMP_NUM_THREADS": "1",
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sorby", *words],
                stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
            )  # fmt: skip
        self.address = self._address()
        self.origin = f"{urlsplit(self.address).scheme}://{urlsplit(self.address).netloc}"

    def _address(self):
        for _ in range(1200):
            said = self.output.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+/\S*token=\S+", said)
            if found:
                return found[0]
            assert self.process.poll() is None, said
            time.sleep(0.05)
        pytest.fail(f"sorby app gave no address in a minute:\n{said}")

    def kill(self):
        """End it and its children as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def make_study(home, n_plates):
    """A project of plates with two classes; plates 0 and 1 have an etched twin."""
    names = [f"plate{number:02}" for number in range(n_plates)]
    for number, name in enumerate(names):
        write_micrograph(home / "images" / f"{name}.png", plate(number))
        if number < 2:
            write_micrograph(home / "etched" / f"{name}.png", 255 - plate(number))
    (home / "fields.csv").write_text(
        "image,specimen,split,um_per_px,laser_power_w,scan_speed_mm_s\n"
        + "".join(f"{n},S{k // 4},pool,0.5,{160 + 20 * (k % 3)},800\n" for k, n in enumerate(names))
    )
    new_project(
        home / "study",
        [home / "images"],
        etched=[home / "etched"],
        fields_table=home / "fields.csv",
        classes=["pore", "crack"],
        copy=True,
    )
    return home / "study"


@pytest.fixture(scope="session")
def study_once(tmp_path_factory):
    """Forty plates: each test of the editor takes one that nobody has touched."""
    return make_study(tmp_path_factory.mktemp("plates"), 40)


@pytest.fixture(scope="module")
def server(study_once, tmp_path_factory, browser):
    """A server of this module, with a copy of the project."""
    home = tmp_path_factory.mktemp("app")
    shutil.copytree(study_once, home / "study")
    server = Server(home / "study", home)
    yield server
    server.kill()


# -------------------------------------------------------------------------- pages that are watched


class Watch:
    """What a page must not do: complain, break, or talk to other machines."""

    def __init__(self, context):
        self.begin()
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("request", self._on_request)

    def begin(self):
        """Forget what was seen and expected."""
        self.complaints, self.expected = [], []

    def expect(self, *patterns):
        """Complaints that belong to what a test does on purpose."""
        self.expected += patterns

    def _on_console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _on_request(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("blob", "data") and address.hostname != "127.0.0.1":
            self.complaints.append(f"left the machine: {request.url}")

    def unexpected(self):
        return [one for one in self.complaints if not any(re.search(p, one) for p in self.expected)]


@pytest.fixture(scope="module")
def window(browser, server):
    """A window of this module's own, which has entered by the printed address."""
    window = browser.new_context(viewport=WINDOW)
    window.set_default_timeout(PATIENCE_MS)
    window.watch = Watch(window)
    page = window.new_page()
    page.goto(server.address)
    page.get_by_role("navigation", name="Pages").wait_for()
    yield window
    window.close()


@pytest.fixture
def watch(window):
    """Fails its test if the window's pages complain."""
    window.watch.begin()
    yield window.watch
    assert window.watch.unexpected() == []


@pytest.fixture
def page(window, watch):
    """The window's first tab."""
    return window.pages[0]


@pytest.fixture
def tab(window, watch):
    """Another tab beside it, without a page yet."""
    tab = window.new_page()
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def fresh_names(server):
    """Names of plates that no test of this module has touched."""
    return iter([f"plate{number:02}" for number in range(2, 40)])


@pytest.fixture
def screen(page, server, fresh_names):
    """The editor with a plate that nobody has corrected yet, and Verify in hand."""
    yield Screen(page, server, next(fresh_names)).open()
    for key in ("Escape", "1", "v"):  # what a person has chosen stays from image to image
        page.keyboard.press(key)


# -------------------------------------------------------------------------- the editor


class Screen:
    """The correction screen, pointed at in pixels of the image."""

    def __init__(self, page, server, name):
        self.page, self.server, self.name = page, server, name
        self.shape = SHAPE

    def open(self):
        """Open it in this tab, without loading the page again if it is there."""
        self.page.goto(f"{self.server.origin}/#/correct/{quote(self.name, safe='')}")
        self.ready()
        return self

    def reload(self):
        self.page.reload()
        self.ready()

    def ready(self):
        """Wait until draft and mask are there and the image is shown whole."""
        self.page.locator(".correct-top h1", has_text=self.name).wait_for()
        self.page.locator(".correct-bottom b").first.wait_for()
        self.page.locator(".correct-card, .correct-nothing").first.wait_for()
        self.stage = self.page.get_by_role("application")
        self.stage.focus()
        self.press("0")
        mask = f"/api/fields/{quote(self.name, safe='')}/mask/"
        come = (
            "(mask) => performance.getEntriesByType('resource').some((e) => e.name.includes(mask))"
        )
        self.page.wait_for_function(come, arg=mask)  # an entry is made once the answer has come
        self.settle()

    # ---------------------------------------------------------------- pointing

    def at(self, row, column):
        """Place on the screen of the centre of a pixel, while the whole image is shown."""
        frame = self.stage.bounding_box()
        width, height = round(frame["width"]), round(frame["height"])
        scale = min((width - 48) / self.shape[1], (height - 48) / self.shape[0])
        x = width / 2 + (column + 0.5 - self.shape[1] / 2) * scale
        y = height / 2 + (row + 0.5 - self.shape[0] / 2) * scale
        return frame["x"] + x, frame["y"] + y

    def click(self, row, column, *held, **options):
        """Click, with keys held."""
        for key in held:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.at(row, column), **options)
        for key in held:
            self.page.keyboard.up(key)

    def drag(self, *points, held=(), steps=4):
        """Draw along points of the image."""
        for key in held:
            self.page.keyboard.down(key)
        self.page.mouse.move(*self.at(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point), steps=steps)
        self.page.mouse.up()
        for key in held:
            self.page.keyboard.up(key)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def tool(self, key):
        """Take a tool by its key."""
        self.press("0", key)

    def radius(self, px):
        """Set the brush's size."""
        slider = self.page.get_by_role("slider", name="Size")
        place = np.log2(px / 0.5) / np.log2(512 / 0.5)
        slider.fill(f"{place:.2f}")
        return float(self.page.locator("label:has-text('Size') output").inner_text().split()[0])

    # ---------------------------------------------------------------- what is there

    @contextmanager
    def gesture(self, kind):
        """Make a gesture of a kind inside the block; yields the response that answers it."""

        def is_it(response):
            request = response.request
            return response.url.endswith("/gestures") and request.post_data_json["kind"] == kind

        with self.page.expect_response(is_it) as response:
            yield response
        self.settle()

    def settle(self):
        """Wait until all that was done is on the disk."""
        frames = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
        self.page.evaluate(frames)
        self.page.locator(".correct-saved", has_text="journal ok").wait_for()

    def seen(self, row, column):
        """Mean colour on the screen of the pixels around a place, as (red, green, blue)."""
        x, y = self.at(row, column)
        clip = {"x": round(x) - 2, "y": round(y) - 2, "width": 5, "height": 5}
        return _png(self.page.screenshot(clip=clip))[..., :3].mean(axis=(0, 1))

    def mask(self):
        """The working mask, from the page's export."""
        response = self.page.request.get(self._api("export.png"))
        assert response.ok, response.text()
        return _png(response.body())

    def draft(self):
        """What the server knows of the image."""
        return self.page.request.get(self._api("draft"), headers={"X-Tab": "test"}).json()

    def defect(self, row, column):
        """The defect at a place, as the server describes it; None where there is none."""
        draft = self.draft()
        found = [d for d in [*draft["defects"], *draft["ghosts"]] if _holds(d["box"], row, column)]
        return found[0] if found else None

    def _api(self, rest):
        return f"{self.server.origin}/api/fields/{quote(self.name, safe='')}/{rest}"


def _holds(box, row, column):
    return box[0] <= row < box[2] and box[1] <= column < box[3]


def _png(content):
    from io import BytesIO

    from PIL import Image

    return np.array(Image.open(BytesIO(content)))


@pytest.fixture(scope="session")
def truth():
    """What the plates show."""

    class Truth:
        shape, centres, radii, faint = SHAPE, CENTRES, RADII, FAINT
        Screen = Screen
        plate, make_study = staticmethod(plate), staticmethod(make_study)

        @staticmethod
        def disc(row, column, radius):
            rows, columns = np.indices(SHAPE)
            return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2

    return Truth
