"""Planes on the disk hold what an array holds."""

import numpy as np
import pytest

from sorby.core.errors import ProjectError
from sorby.core.planes import ComputedPlane, DiskPlane, bands_of, filled, spans

BOXES = [np.s_[0:7, 0:11], np.s_[2:5, 3:9], np.s_[6:7, 10:11], np.s_[3:3, 2:4], np.s_[1:6]]


@pytest.mark.parametrize("where", BOXES)
@pytest.mark.parametrize("shape", [(7, 11), (7, 11, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_plane_on_the_disk_gives_what_an_array_gives(rng, tmp_path, where, shape, dtype):
    array = (rng.random(shape) * 200).astype(dtype)
    plane = filled(DiskPlane(shape, dtype, tmp_path), [array[:3], array[3:]])
    assert (plane.shape, plane.ndim, plane.size) == (array.shape, array.ndim, array.size)
    assert np.array_equal(plane[where], array[where])
    new = (rng.random(array[where].shape) * 200).astype(dtype)
    plane[where], array[where] = new, new
    assert np.array_equal(plane[:], array)
    plane[where] = 7
    array[where] = 7
    assert np.array_equal(plane[:], array)


def test_it_is_zero_at_first_and_leaves_nothing_on_the_disk(tmp_path):
    plane = DiskPlane((4, 5), np.float32, tmp_path / "new")
    assert not plane[:].any()
    assert list((tmp_path / "new").iterdir()) == []


def test_one_of_one_class_is_the_same_numbers(tmp_path):
    plane = DiskPlane((4, 5), np.float32, tmp_path)
    plane[1:2] = 3
    assert np.array_equal(plane.stacked()[0:4][..., 0], plane[:])
    assert plane.stacked().shape == (4, 5, 1)


def test_a_full_disk_is_told_with_what_to_do(tmp_path, monkeypatch):
    plane = DiskPlane((4, 5), np.float32, tmp_path)

    def full(*words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sorby.core.planes._empty", full)
    with pytest.raises(ProjectError, match=r"No space left on device\. Free some space"):
        plane[0:1] = 1


def test_a_computed_plane_is_asked_for_boxes_inside_the_image():
    asked = []

    def compute(rows, columns):
        asked.append((rows, columns))
        return np.zeros((1, 1))

    plane = ComputedPlane((4, 5, 2), np.float32, compute)
    _ = plane[2:9], plane[:, 1:3]
    assert asked == [(np.s_[2:4], np.s_[0:5]), (np.s_[0:4], np.s_[1:3])]
    assert (len(plane), plane.ndim, plane.size) == (4, 3, 40)


def test_bands_cover_all_rows_once(monkeypatch):
    monkeypatch.setattr("sorby.core.planes.BAND_PX", 50)
    rows = [n for band in bands_of((23, 10), multiple=2) for n in range(band.start, band.stop)]
    assert rows == list(range(23))
    assert spans(np.s_[-3:], (10, 4)) == (slice(7, 10), slice(0, 4))
