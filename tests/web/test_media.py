"""Tiles are the image, the mask and the overlays, pixel by pixel."""

import io
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from sorby.io import read_micrograph
from sorby.project import Project


def png(answer):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def labels(answer):
    assert answer.status_code == 200, answer.text
    shape = tuple(map(int, answer.headers["x-shape"].split(",")))
    return np.frombuffer(zlib.decompress(answer.content), np.uint8).reshape(shape)


def test_info_and_tile_are_the_image(page, study, lab):
    info = page.get("/api/fields/p0/info").json()
    assert (info["shape"], info["levels"], info["tile"]) == (list(lab.SHAPE), 1, 512)
    assert info["um_per_px"] == 1.5 and info["window"] == [0, 255]
    assert (info["pages"], info["page"]) == (1, 0)
    assert np.array_equal(png(page.get("/api/fields/p0/tile/0/0/0")), lab.metal(0)[0])
    etched = png(page.get("/api/fields/p0/tile/0/0/0?kind=etched"))
    assert np.array_equal(etched, lab.metal(0)[0] // 2)


def test_a_window_stretches_gray(page, lab):
    found = png(page.get("/api/fields/p0/tile/0/0/0?low=100&high=200"))
    wanted = np.clip((lab.metal(0)[0].astype(float) - 100) * 2.55, 0, 255)
    assert np.abs(found - wanted).max() <= 0.51


def test_tiles_are_kept_by_their_version_and_asked_again_without(page):
    version = page.get("/api/fields/p0/info").json()["version"]
    known = page.get(f"/api/fields/p0/tile/0/0/0?v={version}")
    assert "immutable" in known.headers["cache-control"]
    again = page.get("/api/fields/p0/tile/0/0/0", headers={"If-None-Match": f'"{version}"'})
    assert again.status_code == 304


def test_a_name_with_a_folder_in_it_is_found(page, lab):
    names = [row["name"] for row in page.get("/api/project").json()["fields"]]
    assert "a/p4" in names
    assert np.array_equal(png(page.get("/api/fields/a%2Fp4/tile/0/0/0")), lab.metal(4)[0])
    assert png(page.get("/api/fields/b/p4/thumb.webp")).ndim in (2, 3)


@pytest.mark.parametrize(
    "path", ["tile/3/0/0", "tile/0/1/0", "mask/0/0/1", "heat/confidence/9/0/0"]
)
def test_tiles_that_are_not_there_are_not_found(page, path):
    answer = page.get(f"/api/fields/p0/{path}")
    assert answer.status_code == 404 and answer.json()["code"] == "UnknownFieldError"


def test_mask_tile_is_the_persons_mask(page, lab):
    assert np.array_equal(labels(page.get("/api/fields/p0/mask/0/0/0")), lab.metal(0)[1])


def test_overlays_without_a_prediction_have_nothing_to_say(page, lab):
    for layer in ("confidence", "difference", "uncertainty"):
        found = labels(page.get(f"/api/fields/p0/heat/{layer}/0/0/0"))
        assert found.shape == lab.SHAPE and (found == 255).all()


def test_overlays_follow_the_prediction(page, study):
    page.get("/api/fields/p2/draft")  # a mask without labels is made at once
    with Project.open(study) as project:
        assert project.masks()["p2"].source == "model"
        called = project.read_mask(project.masks()["p2"])
    sure = labels(page.get("/api/fields/p2/heat/confidence/0/0/0"))
    assert (sure[called == 1] >= 126).all() and sure[called == 0].max() <= 128
    likely = labels(page.get("/api/fields/p2/heat/probability/0/0/0"))
    assert np.array_equal(likely >= 127, called == 1)  # where recut would cut at 0.5
    doubt = labels(page.get("/api/fields/p2/heat/uncertainty/0/0/0"))
    assert (doubt[sure == 254] == 0).all()


def test_16_bit_pages_are_shown_in_their_own_window(page, study, tmp_path):
    stack = np.random.default_rng(0).integers(1000, 3000, (2, 64, 64)).astype(np.uint16)
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, stack, photometric="minisblack")
    with path.open("rb") as stream:
        added = page.post("/api/images", files=[("files", ("stack.tif", stream, "image/tiff"))])
    assert added.json() == {"added": ["stack"], "refused": []}
    info = page.get("/api/fields/stack/info").json()
    assert (info["pages"], info["page"]) == (2, 0) and 1000 <= info["window"][0] < 1100
    grays = dict(info["grays"])  # what a window may begin and end with, darkest first
    for percent in (0, 0.5, 50, 99.5, 100):
        assert grays[percent] == pytest.approx(np.percentile(stack[0], percent), abs=0.01)
    assert [percent for percent, _ in info["grays"]] == sorted(grays)
    second = page.get("/api/fields/stack/info?page=1").json()
    assert second["page"] == 0 and dict(second["grays"])[50] == np.median(stack[1])
    shown = png(page.get("/api/fields/stack/tile/0/0/0?page=1&low=1000&high=3000"))
    assert np.abs(shown - (stack[1].astype(float) - 1000) * 255 / 2000).max() <= 0.51
    with Project.open(study) as project:
        field = next(f for f in project.fields() if f.name == "stack")
        assert np.array_equal(project.read_picture(field).pixels, read_micrograph(path).pixels)


def test_pages_are_told_how_far_an_image_is_prepared_also_where_that_fails(app, page, monkeypatch):
    told = []
    monkeypatch.setattr(app.state.house.hub, "publish", told.append)
    assert page.get("/api/fields/p3/tile/0/0/0").status_code == 200
    assert {event["type"] for event in told} == {"preparing"}
    assert {event["field"] for event in told} == {"p3"}
    shares = [event["done"] / event["total"] for event in told]
    assert shares == sorted(shares) and 0 < shares[0] < shares[-1] == 1
    told.clear()
    assert page.get("/api/fields/p3/tile/0/0/0").status_code == 200
    assert told == []  # it is there
    assert page.get("/api/fields/p3/info?page=7").status_code >= 400
    assert told[-1]["done"] == told[-1]["total"]
