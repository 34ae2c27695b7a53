"""How quick the correction screen is: measured in Chromium, printed beside the goals.

    python benchmarks/editor.py [--no-large] [--check]

Makes a project of generated micrographs of 4096 x 4096 px with 3,000 pores each, serves it with
`sorby app`, and works on it in the system's Chromium as a person would: strokes, undo, clicks,
keys, opening, the next image. Then a tiled TIFF of 20,000 x 20,000 px is opened, for the memory
that the server and the processes it starts take, together; --no-large leaves that out. Times are
those of the page's own marks (from the event of the pointer to the painted pixel, or from the end
of a gesture to its answer) and of its frames. Other programs make them longer: the load of the
machine is printed. With --check, exit 1 if a goal is missed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

SIDE, N_PORES = 4096, 3000
LARGE_SIDE, TILE = 20_000, 512
WINDOW = {"width": 1280, "height": 800}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
N_STROKES, N_VERDICTS = 30, 60
SAMPLE_S = 0.1

# Each event of a kind until the frame that shows its effect is painted; longest gap between frames.
WATCH = """
(() => {
  const seen = (window.benchmark = { paints: {}, gaps: [] });
  const on = (kind) => addEventListener(kind, (event) => {
    const start = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (seen.paints[kind] ??= []).push(performance.now() - start);
      channel.port2.postMessage(0);
    });
  }, { capture: true });
  ["pointerup", "pointermove", "keydown"].forEach(on);
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    seen.gaps.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
})();
"""


# ---------------------------------------------------------------------- what is opened


def micrograph(seed: int, side: int = SIDE, n_pores: int = N_PORES) -> np.ndarray:
    """Gray values of metal with round pores of 4 to 20 px."""
    rng = np.random.default_rng(seed)
    gray = rng.normal(190, 4, (side, side)).astype(np.float32)
    per_row = int(np.ceil(np.sqrt(n_pores)))
    pitch = side / per_row
    for place in range(n_pores):
        row, column = (
            (np.array(divmod(place, per_row)) + rng.uniform(0.4, 0.6, 2)) * pitch
        ).astype(int)
        radius = int(rng.integers(4, 21))
        rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
        inside = rows**2 + columns**2 <= radius**2
        part = gray[row - radius : row + radius + 1, column - radius : column + radius + 1]
        part[inside[: part.shape[0], : part.shape[1]]] = 55
    return gray.clip(0, 255).astype(np.uint8)


def large_tiff(path: Path) -> None:
    """A tiled TIFF larger than Pillow opens: one micrograph again and again."""
    import tifffile

    block = micrograph(9, 4 * TILE, 700)
    n = -(-LARGE_SIDE // TILE)

    def tiles():  # type: ignore[no-untyped-def]
        for row in range(n):
            for column in range(n):
                r, c = TILE * (row % 4), TILE * (column % 4)
                yield block[r : r + TILE, c : c + TILE]

    tifffile.imwrite(
        path, tiles(), shape=(LARGE_SIDE, LARGE_SIDE), dtype=np.uint8, tile=(TILE, TILE),
        compression="deflate", photometric="minisblack",
    )  # fmt: skip


def make_project(folder: Path, images: Path) -> None:
    sorby("new", folder, "--polished", images)


def sorby(*words: object) -> None:
    subprocess.run(
        [sys.executable, "-m", "sorby", *map(str, words)], check=True, capture_output=True
    )


# ---------------------------------------------------------------------- server and browser


class Server:
    """`sorby app` of one project."""

    def __init__(self, folder: Path) -> None:
        output = folder.parent / "server.txt"
        with output.open("w") as stream:
            words = ["app", str(folder), "--port", "0", "--no-browser"]
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sorby", *words], stdout=stream, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        while not (found := re.search(r"http://\S+token=\S+", output.read_text())):
            if self.process.poll() is not None:
                raise SystemExit(output.read_text())
            time.sleep(0.05)
        self._peak_bytes, self._ended = 0, threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        self.address = found[0]
        self.origin = found[0].split("/?")[0]

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            self._peak_bytes = max(self._peak_bytes, resident_bytes(self.process.pid))

    def peak_gb(self) -> float:
        """Largest memory of the server and the processes it started, together, of all samples."""
        return self._peak_bytes / 1024**3

    def cpu_ms(self) -> float:
        """Time of the processor that the server has taken so far, in ms."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it; nothing has to be saved."""
        self._ended.set()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def resident_bytes(pid: int) -> int:
    """Memory of a process and all that came of it; what they share counts in each."""
    parents, pages = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            parents[int(place.name)] = int(
                (place / "stat").read_text().rsplit(")", 1)[1].split()[1]
            )
            pages[int(place.name)] = int((place / "statm").read_text().split()[1])
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(pages.get(one, 0) for one in family) * os.sysconf("SC_PAGE_SIZE")


def start_browser(playwright: Any) -> Browser:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    where = {"executable_path": path} if path else {"channel": "chrome"}
    return playwright.chromium.launch(args=["--no-sandbox"], **where)


def enter(browser: Browser, server: Server) -> Page:
    """A page that the server knows, on the list of images."""
    page = browser.new_context(viewport=WINDOW).new_page()
    page.set_default_timeout(600_000)
    page.add_init_script(WATCH)
    page.goto(server.address)
    page.locator(".card").first.wait_for()
    return page


def open_image(page: Page, name: str) -> dict[str, float]:
    """Go to an image; ms from then to its first pixels, to full sharpness and to its mask."""
    page.evaluate("performance.clearMeasures()")
    start = page.evaluate(f"location.hash = '#/correct/{name}', performance.now()")
    page.locator(".correct-top h1", has_text=name).wait_for()
    ends = page.wait_for_function(
        """() => {
            const found = ["first-paint", "sharp"].map((stage) =>
                performance.getEntriesByName(`sorby:open:${stage}`).at(-1));
            return found.every(Boolean) ? found.map((one) => one.startTime + one.duration) : null;
        }"""
    ).json_value()
    page.locator(".correct-card").first.wait_for()
    settled(page)
    return {"first": ends[0] - start, "sharp": ends[1] - start}


def settled(page: Page) -> None:
    """Until no gesture waits and the page rests."""
    frames = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
    page.evaluate(frames)
    page.locator(".correct-saved", has_text="journal ok").wait_for()


# ---------------------------------------------------------------------- what is measured


def marks(page: Page, name: str) -> np.ndarray:
    """Durations of the page's marks of a name, in ms; they are forgotten then."""
    script = """(name) => {
        const found = performance.getEntriesByName(name).map((one) => one.duration);
        performance.clearMeasures(name);
        return found;
    }"""
    return np.array(page.evaluate(script, name))


def paints(page: Page, kind: str) -> np.ndarray:
    """Times from events of a kind to the painted frame, in ms; they are forgotten then."""
    script = (
        "(kind) => { const all = benchmark.paints[kind] ?? []; benchmark.paints = {}; return all }"
    )
    return np.array(page.evaluate(script, kind))


def stroke(page: Page, rng: np.random.Generator, *, n_moves: int = 24) -> None:
    """A curved stroke over the stage, a move every 8 ms or as quick as the browser takes them."""
    frame = page.get_by_role("application").bounding_box()
    assert frame
    x, y = rng.uniform((0.3, 0.3), (0.7, 0.7)) * (frame["width"], frame["height"])
    page.mouse.move(frame["x"] + x, frame["y"] + y)
    page.mouse.down()
    angle = rng.uniform(0, 2 * np.pi)
    for _ in range(n_moves):
        angle += rng.normal(0, 0.4)
        x, y = x + 9 * np.cos(angle), y + 9 * np.sin(angle)
        page.mouse.move(frame["x"] + x, frame["y"] + y)
    page.mouse.up()


def measure_brush(page: Page, radius: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Strokes of a radius, at one image pixel a screen pixel, each undone."""
    place = np.log2(radius / 0.5) / np.log2(512 / 0.5)
    page.keyboard.press("b")
    page.get_by_role("slider", name="Size").fill(f"{place:.2f}")
    page.get_by_role("application").focus()
    page.keyboard.press("9")
    settled(page)
    page.evaluate("performance.clearMeasures(); benchmark.gaps = []")
    for _ in range(N_STROKES):
        stroke(page, rng)
        settled(page)
        page.keyboard.press("Control+z")
        settled(page)
    return {
        "move": marks(page, "sorby:stroke"),
        "gap": np.array(page.evaluate("benchmark.gaps")),
        "durable": marks(page, "sorby:durable:brush"),
        "undo": marks(page, "sorby:durable:undo"),
    }


def measure_verdicts(page: Page, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Hover and click on defects of the whole image, then delete by key, to the painted frame."""
    page.keyboard.press("v")
    page.keyboard.press("0")
    settled(page)
    frame = page.get_by_role("application").bounding_box()
    assert frame
    found = {}
    paints(page, "pointermove")
    for _ in range(N_VERDICTS):
        page.mouse.move(*_somewhere(frame, rng))
    found["hover"] = paints(page, "pointermove")
    for _ in range(N_VERDICTS):
        page.mouse.click(*_somewhere(frame, rng))
    settled(page)
    found["select"] = paints(page, "pointerup")
    page.keyboard.press("Tab")
    settled(page)
    paints(page, "keydown")
    for _ in range(N_VERDICTS):
        page.keyboard.press("x")
        page.evaluate("() => new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")
    found["delete"] = paints(page, "keydown")
    settled(page)
    return found


def _somewhere(frame: Any, rng: np.random.Generator) -> tuple[float, float]:
    x, y = rng.uniform((0.25, 0.1), (0.75, 0.9)) * (frame["width"], frame["height"])
    return frame["x"] + x, frame["y"] + y


def measure_everyday(folder: Path, browser: Browser) -> list[tuple[str, float, float]]:
    """Rows of the table for the image of 4096 px: what, measured, goal; ms."""
    from sorby.io import write_micrograph

    for number in range(3):
        write_micrograph(folder / "images" / f"field{number}.png", micrograph(number))
    make_project(folder / "project", folder / "images")
    sorby("predict", folder / "project")
    server = Server(folder / "project")
    try:
        page = enter(browser, server)
        first = open_image(page, "field0")
        rng = np.random.default_rng(0)
        before = server.cpu_ms()
        small = measure_brush(page, 64, rng)
        cpu = (server.cpu_ms() - before) / (2 * N_STROKES)
        wide = measure_brush(page, 512, rng)
        verdicts = measure_verdicts(page, rng)
        page.wait_for_timeout(4000)  # a person looks; meanwhile the next image is fetched
        following = open_image(page, "field1")
        peak = server.peak_gb()
    finally:
        server.close()
    gaps = np.concatenate([small["gap"], wide["gap"]])
    return [
        ("open to first paint, ms", first["first"], 1000),
        ("open to sharp, ms", first["sharp"], 2000),
        ("next image, prefetched, to first paint, ms", following["first"], 300),
        ("pointer move to painted pixel, radius 64, p95 ms", p95(small["move"]), 16),
        ("pointer move to painted pixel, radius 512, p95 ms", p95(wide["move"]), 33),
        ("longest frame while painting, ms", float(gaps.max()), 100),
        ("stroke durable on disk, radius 64, p95 ms", p95(small["durable"]), 50),
        ("stroke durable on disk, radius 512, p95 ms", p95(wide["durable"]), 50),
        ("undo, radius 64, p95 ms", p95(small["undo"]), 50),
        ("undo, radius 512, p95 ms", p95(wide["undo"]), 50),
        ("server's processor time a gesture, radius 64, ms", cpu, np.inf),
        ("select, to the painted frame, p95 ms", p95(verdicts["select"]), 50),
        ("hover, to the painted frame, p95 ms", p95(verdicts["hover"]), 50),
        ("delete, to the painted frame, p95 ms", p95(verdicts["delete"]), 50),
        ("peak memory with children, 4096 x 4096, GB", peak, 2),
    ]


def p95(values: np.ndarray) -> float:
    return float(np.percentile(values, 95)) if values.size else float("nan")


def measure_large(folder: Path, browser: Browser) -> list[tuple[str, float, float]]:
    """Rows for the image of 20,000 px: opened, looked at closely, painted on."""
    (folder / "images").mkdir(parents=True)
    large_tiff(folder / "images" / "large.tif")
    make_project(folder / "project", folder / "images")
    server = Server(folder / "project")
    try:
        page = enter(browser, server)
        opened = open_image(page, "large")
        page.keyboard.press("b")
        page.keyboard.press("9")
        settled(page)
        for _ in range(5):
            stroke(page, np.random.default_rng(1))
            settled(page)
        durable = marks(page, "sorby:durable:brush")
        peak = server.peak_gb()
    finally:
        server.close()
    return [
        ("20,000 x 20,000: gesture durable, p95 ms", p95(durable), 50),
        ("20,000 x 20,000: first open to sharp, s (no goal)", opened["sharp"] / 1000, np.inf),
        ("20,000 x 20,000: peak memory with children, GB", peak, 2),
    ]


def main(words: list[str]) -> int:
    if not {"--no-large", "--check"}.issuperset(words):
        print(__doc__)
        return 2
    load = os.getloadavg()[0]
    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser = start_browser(playwright)
        rows += measure_everyday(Path(name) / "everyday", browser)
        if "--no-large" not in words:
            rows += measure_large(Path(name) / "large", browser)
        browser.close()
    goals = [row for row in rows if np.isfinite(row[2])]
    missed = [row for row in goals if not row[1] <= row[2]]
    print(f"{'':52}{'measured':>10}{'goal':>8}")
    for what, value, goal in rows:
        limit = "" if np.isinf(goal) else f"{goal:8g}"
        print(f"{what:52}{value:10.1f}{limit}{'' if value <= goal else '  missed'}")
    n_cores = os.cpu_count()
    print(
        f"load of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after; {n_cores} cores"
    )
    print(f"goals met: {len(goals) - len(missed)} of {len(goals)}")
    return 1 if missed and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
