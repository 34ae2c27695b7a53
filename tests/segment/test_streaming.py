"""A network on large fields: tile by tile from planes on the disk, the same as at once."""

import numpy as np
import pytest
import torch

from sorby.core.planes import DiskPlane, on_disk
from sorby.core.records import Micrograph, PixelSize
from sorby.learn import NETWORKS
from sorby.segment import trained
from sorby.segment.planes import FieldView, field_planes
from sorby.segment.scaling import Stretch, resized_to, stretched
from sorby.segment.streaming import HALO_PX
from sorby.segment.trained import TrainedSegmenter, ready

CHANNELS = ("gray", "darkness", "classical")


def wide_awake(name, channels, n_classes):
    """Network whose every layer is active, so that what is far away has its full say."""
    torch.manual_seed(0)
    network = NETWORKS[name](in_channels=len(channels), n_classes=n_classes)
    with torch.no_grad():
        for _ in range(20):
            network.train()(torch.rand(2, len(channels), 64, 64))
    classes = tuple(f"class {number}" for number in range(n_classes))
    return TrainedSegmenter(ready(network), name, channels, classes, None, 0.5, True)


@pytest.fixture
def field(rng):
    """Gray field with pores, resin along a side, and a bar that is not valid."""
    rows, columns = np.indices((650, 530))
    gray = rng.normal(190, 5, rows.shape)
    for row in range(30, 650, 90):
        for column in range(60, 530, 77):
            gray[(rows - row) ** 2 + (columns - column) ** 2 <= (3 + row % 11) ** 2] = 50
    gray[:, :40] = 12
    valid = np.ones(gray.shape, bool)
    valid[600:630, 300:500] = False
    return gray.clip(0, 255).astype(np.uint8), valid


CASES = {
    "fast": ("fast", CHANNELS, 1),
    "three classes": ("fast", CHANNELS, 3),
    "the paper's": ("paper", ("minmax",), 1),
}


@pytest.mark.parametrize("case", CASES)
def test_tiles_on_disk_equal_the_whole_to_1e_4(field, tmp_path, case):
    segmenter = wide_awake(*CASES[case])
    gray, valid = field
    whole = segmenter(Micrograph(gray), valid=valid, tile_px=4096)
    planes = {plane: DiskPlane(plane_of.shape, plane_of.dtype, tmp_path) for plane, plane_of in
              (("gray", gray), ("valid", valid))}  # fmt: skip
    planes["gray"][:], planes["valid"][:] = gray, valid
    found = segmenter(
        Micrograph(planes["gray"]), valid=planes["valid"], tile_px=192, new_plane=on_disk(tmp_path)
    )
    assert isinstance(found, DiskPlane)
    assert found.shape == whole.shape
    assert np.isnan(whole).any()
    np.testing.assert_allclose(found[:], whole, atol=1e-4)
    assert not found[600:630, 300:500].any()


@pytest.mark.parametrize("um_per_px", [0.3, 0.5, 1.4])
def test_tiles_at_the_scale_of_the_model_equal_the_whole_to_1e_4(field, um_per_px):
    segmenter = wide_awake(*CASES["fast"])
    segmenter = TrainedSegmenter(
        segmenter.network, "fast", CHANNELS, segmenter.classes, 1.0, 0.5, True
    )
    micrograph = Micrograph(field[0], pixel_size=PixelSize(um_per_px, "given"))
    whole = segmenter(micrograph, tile_px=8192)
    found = segmenter(micrograph, tile_px=256, new_plane=np.zeros)
    np.testing.assert_allclose(found, whole, atol=1e-4)


def test_values_that_are_not_finite_have_probability_0_in_tiles_too(field):
    segmenter = wide_awake(*CASES["fast"])
    gray = field[0].astype(np.float32)
    gray[300:302, 200:300] = np.nan
    found = segmenter(Micrograph(gray), new_plane=np.zeros)
    assert not found[300:302, 200:300].any()
    np.testing.assert_allclose(found, segmenter(Micrograph(gray)), atol=1e-4)


def test_large_fields_are_seen_tile_by_tile_unless_their_planes_are_kept(field, monkeypatch):
    segmenter = wide_awake(*CASES["fast"])
    whole = segmenter(Micrograph(field[0]))
    monkeypatch.setattr(trained, "AT_ONCE_PX", 1000)
    monkeypatch.setattr(trained, "field_planes", None)
    np.testing.assert_allclose(segmenter(Micrograph(field[0])), whole, atol=1e-4)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_halo_reaches_as_far_as_any_pixel_of_the_network(name):
    network = wide_awake(name, ("gray", "darkness"), 1).network
    image = torch.rand(1, 2, 512, 512, requires_grad=True)
    logits = network(image)[0, 0]
    for row in (255, 256, 271, 272):
        (gradient,) = torch.autograd.grad(logits[row, 260], image, retain_graph=True)
        seen = np.flatnonzero(gradient.abs().sum((0, 1, 3)).numpy())
        assert max(row - seen[0], seen[-1] - row) <= HALO_PX


@pytest.mark.parametrize("um_per_px", [None, 0.4, 3.0])
def test_a_window_of_what_a_network_sees_is_the_part_of_the_whole(field, um_per_px):
    pixel_size = None if um_per_px is None else PixelSize(um_per_px, "given")
    micrograph = Micrograph(field[0], pixel_size=pixel_size)
    options = {"channels": (*CHANNELS, "minmax"), "um_per_px": 1.0}
    whole = field_planes(micrograph, field[1], **options).values
    view = FieldView(micrograph, field[1], **options, tile_px=100)
    rows, columns = slice(50, 171), slice(0, 123)
    np.testing.assert_allclose(view.block(rows, columns), whole[:, rows, columns], atol=1e-5)


@pytest.mark.parametrize("n_in", [1, 2, 37, 400])
@pytest.mark.parametrize("n_out", [1, 5, 100, 399, 1301])
def test_an_axis_is_stretched_in_spans_as_torch_does_it_at_once(rng, n_in, n_out):
    values = rng.random((1, n_in, 3), dtype=np.float32)
    expected = resized_to(values, (n_out, 3))[0]
    axis, stay = Stretch(n_in, n_out), (Stretch(3, 3), slice(0, 3))
    for start in range(0, n_out, 70):
        span = slice(start, min(start + 70, n_out))
        found = stretched(values[0, axis.source(span)], (axis, span), stay)
        np.testing.assert_allclose(found, expected[span], atol=1e-5)
