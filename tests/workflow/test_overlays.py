"""Overlays of large fields lie on the disk: the same levels, value by value."""

import numpy as np
import pytest

from sorby.core import planes
from sorby.core.planes import DiskPlane
from sorby.io import write_micrograph
from sorby.io.pyramids import tile_of
from sorby.project import Project, history, probability_of
from sorby.workflow import new_project, overlays, predict

LAYERS = ("confidence", "uncertainty", "difference")
SHAPE = (1301, 700)


@pytest.fixture
def study(rng, tmp_path):
    """A field with a mask by one model and another by the next."""
    gray = rng.normal(190, 4, SHAPE)
    gray[300:340, 100:170] = gray[900:1300, 650:] = 50
    write_micrograph(tmp_path / "images" / "a.png", gray.clip(0, 255).astype(np.uint8))
    new_project(tmp_path / "p", [tmp_path / "images"])
    predict(tmp_path / "p", method="flatfield_otsu")
    with Project.open(tmp_path / "p") as project:
        (field,) = project.fields()
        stored = project.masks()["a"]
        mask, probability = project.read_mask(stored), probability_of(stored)
        mask[310:320, 100:120] = 0
        mask[10:14, 10:14] = 1
        with project.transaction():
            project.add_mask(
                field, mask, source="model", method="other", author="t", probability=probability
            )
            project.record(history.new_record("predict", outputs={"a mask": "0"}))
    return tmp_path / "p"


@pytest.mark.parametrize("layer", LAYERS)
def test_levels_on_the_disk_are_those_in_memory(study, monkeypatch, layer):
    _, whole = overlays.overlay_levels(study, "a", layer)
    monkeypatch.setattr(overlays, "WHOLE_PX", 1000)
    monkeypatch.setattr(overlays, "_BAND_ROWS", 100)
    monkeypatch.setattr(planes, "BAND_PX", 70_000)
    key, found = overlays.overlay_levels(study, "a", layer)
    assert [level.shape for level in found] == [(1301, 700), (651, 350), (326, 175)]
    for one, other in zip(found, whole, strict=True):
        assert isinstance(one, DiskPlane)
        assert np.array_equal(one[:], other)
    assert np.array_equal(tile_of(found, 0, 2, 1), whole[0][1024:, 512:])
    assert overlays.overlay_levels(study, "a", layer, (key, found))[1] is found
    assert len(np.unique(whole[0])) > 2


def test_where_no_model_spoke_there_is_nothing_to_say(tmp_path, monkeypatch):
    write_micrograph(tmp_path / "images" / "a.png", np.full((60, 50), 190, np.uint8))
    new_project(tmp_path / "p", [tmp_path / "images"])
    for limit in (1, 10_000):
        monkeypatch.setattr(overlays, "WHOLE_PX", limit)
        for layer in LAYERS:
            _, (level,) = overlays.overlay_levels(tmp_path / "p", "a", layer)
            assert (level[:] == 255).all()
