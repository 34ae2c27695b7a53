"""A small project behind the page's server, asked in process as a browser asks it."""

import shutil

import numpy as np
import pytest
from fastapi.testclient import TestClient
from scipy import ndimage

from sorby.io import write_mask, write_micrograph
from sorby.web.app import create_app
from sorby.web.security import Keys
from sorby.workflow import import_masks, new_project

HOST = "127.0.0.1:8765"
ORIGIN = f"http://{HOST}"
SECRET = b"0" * 64
SHAPE = (96, 112)


def metal(seed, shape=SHAPE):
    """Gray values and mask of a field: four dark discs in noisy metal."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    mask = np.zeros(shape, np.uint8)
    for _ in range(4):
        row, column = (rng.integers(10, length - 10) for length in shape)
        mask[np.hypot(rows - row, columns - column) <= rng.integers(5, 9)] = 1
    level = np.where(mask == 1, 60.0, 190.0)
    pixels = ndimage.gaussian_filter(level, 0.8) + rng.normal(0, 4, shape)
    return pixels.clip(0, 255).astype(np.uint8), mask


@pytest.fixture(scope="session")
def study_once(tmp_path_factory):
    """Six fields, one with an etched twin, two named with a folder; two with a person's mask."""
    home = tmp_path_factory.mktemp("web")
    names = ["p0", "p1", "p2", "p3", "a/p4", "b/p4"]
    for number, name in enumerate(names):
        pixels, mask = metal(number)
        write_micrograph(home / "images" / f"{name}.png", pixels)
        write_mask(home / "truth" / f"{name}.png", mask)
    write_micrograph(home / "etched" / "p0.png", metal(0)[0] // 2)
    (home / "fields.csv").write_text(
        "image,specimen,split,um_per_px,laser_power_w,scan_speed_mm_s\n"
        + "p0,S0,pool,1.5,200,800\np1,S1,pool,1.5,200,800\np2,S2,pool,1.5,200,800\n"
        + "p3,S3,test,1.5,200,800\n"
    )
    new_project(
        home / "study",
        [home / "images", home / "images" / "a", home / "images" / "b"],
        etched=[home / "etched"],
        fields_table=home / "fields.csv",
        copy=True,
    )
    import_masks(home / "study", [home / "truth" / "p0.png", home / "truth" / "p1.png"])
    return home / "study"


@pytest.fixture
def study(study_once, tmp_path):
    """Own copy of the project."""
    shutil.copytree(study_once, tmp_path / "study")
    return tmp_path / "study"


def browser(app, *, known=True, **options):
    """A client whose requests look like those of the page itself."""
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False, **options)
    client.headers.update({"Origin": ORIGIN, "X-Sorby": "1"})
    if known:
        keys = Keys(SECRET, token=None)
        client.cookies.set(keys.cookie_name, keys.cookie, domain="127.0.0.1")
    return client


@pytest.fixture
def app(study):
    application = create_app(study, secret=SECRET, token="a launch token", author="tester")
    yield application
    application.state.house.close()


@pytest.fixture
def page(app):
    return browser(app, raise_server_exceptions=False)


@pytest.fixture
def stranger(app):
    return browser(app, known=False, raise_server_exceptions=False)


@pytest.fixture(scope="session")
def lab():
    class Lab:
        HOST, ORIGIN, SECRET, SHAPE = HOST, ORIGIN, SECRET, SHAPE
        metal = staticmethod(metal)
        browser = staticmethod(browser)

    return Lab
