"""The paper's network: its released weights give its scores, and no other file gets in."""

import os
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.nn import functional

from sorby.core.errors import ModelError, SettingError
from sorby.learn.legacy import build, load_paper_weights, paper_normalised
from sorby.metrics import defect_f1, macro_f1


@pytest.fixture
def network():
    torch.manual_seed(0)
    fresh = build()
    for module in fresh.modules():  # running statistics as if trained
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    return fresh.eval()


@pytest.fixture
def path(tmp_path, network):
    path = tmp_path / "seg_model.pth"
    torch.save(network.state_dict(), path)
    return path


def plainly(network, image):
    """The published order of operations: enlarge first, then convolve 1x1."""

    def up(block, low):
        large = functional.interpolate(low, scale_factor=2, mode="bilinear")
        return functional.conv2d(large, block.conv.weight, block.conv.bias)

    c1 = network.c1(image)
    c2 = network.c2(functional.max_pool2d(c1, 2))
    c3 = network.c3(functional.max_pool2d(c2, 2))
    low = network.bn(functional.max_pool2d(c3, 2))
    low = network.c4(torch.cat([c3, up(network.upsample_block1, low)], 1))
    low = network.c5(torch.cat([c2, up(network.upsample_block2, low)], 1))
    low = network.c6(torch.cat([c1, up(network.upsample_block3, low)], 1))
    return network.px(low)


@torch.no_grad()
def test_convolving_before_enlarging_changes_nothing(network):
    image = torch.rand(2, 1, 48, 64)
    torch.testing.assert_close(network(image), plainly(network, image), atol=1e-5, rtol=0)
    last = image.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(network(last), plainly(network, image), atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (30, 41), (8, 16)])
def test_an_image_of_any_size_gets_logits_of_its_size(size):
    assert build(3, 4).eval()(torch.rand(1, 3, *size)).shape == (1, 5, *size)


@torch.no_grad()
def test_padding_equals_an_image_whose_edge_is_repeated(network):
    image = torch.rand(1, 1, 30, 41)
    padded = functional.pad(image, (0, 7, 0, 2), mode="replicate")
    torch.testing.assert_close(network(image), network(padded)[..., :30, :41])


def test_gradients_reach_every_weight():
    network = build()
    network(torch.rand(2, 1, 32, 32)).square().mean().backward()
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize("channels", [0, -1, 255])
def test_impossible_channels_are_refused(channels):
    with pytest.raises(SettingError, match="input channels"):
        build(in_channels=channels)
    with pytest.raises(SettingError, match="classes"):
        build(n_classes=channels)


def test_gray_values_run_from_0_to_1(rng):
    for pixels in (rng.integers(3, 60000, (9, 5)).astype(np.uint16), rng.normal(size=(4, 4))):
        before = pixels.copy()
        scaled = paper_normalised(pixels)
        assert scaled.dtype == np.float32
        assert (scaled.min(), scaled.max()) == (0, 1)
        np.testing.assert_array_equal(pixels, before)
    assert not paper_normalised(np.full((3, 3), 7)).any()
    signed = paper_normalised(np.array([[-128, 127]], np.int8))
    assert signed.tolist() == [[0, 1]]


@pytest.mark.parametrize("pixels", [np.zeros((0, 3)), np.zeros((2, 2, 3)), np.array([[0, np.nan]])])
def test_images_without_a_range_are_refused(pixels):
    with pytest.raises(SettingError, match="finite"):
        paper_normalised(pixels)


def test_weights_come_back_unchanged(path, network):
    loaded = load_paper_weights(path)
    again = build()
    again.load_state_dict(loaded)
    for key, value in network.state_dict().items():
        torch.testing.assert_close(loaded[key], value, rtol=0, atol=0)


class Bomb:
    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return (os.mkdir, (str(self.place),))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_calls_something_is_refused_and_not_executed(path, tmp_path, zipped, network):
    place = tmp_path / "executed"
    state = {**network.state_dict(), "px.bias": Bomb(place)}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match=r"seg_model\.pth is not a plain file of weights"):
        load_paper_weights(path)
    assert not place.exists()


def test_no_second_attempt_is_made_without_the_restricted_reader(path, monkeypatch):
    asked = []

    def load(*args, **options):
        asked.append(options)
        raise RuntimeError("no")

    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(ModelError):
        load_paper_weights(path)
    assert asked == [{"map_location": "cpu", "weights_only": True}]


def test_what_is_no_file_of_weights_is_refused(path, tmp_path):
    whole = path.read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"seg_model\.pth"):
            load_paper_weights(path)
    with pytest.raises(ModelError, match=r"none\.pth is not a file"):
        load_paper_weights(tmp_path / "none.pth")


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("seg_model/bomb", bytes(65 * 1024**2))
    assert path.stat().st_size < 10e6
    with pytest.raises(ModelError, match="MB are read"):
        load_paper_weights(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: list(state.values()), "holds a list"),
        (lambda state: {"weights": dict(state)}, "another network"),
        (lambda state: {k: v for k, v in state.items() if k != "px.bias"}, "px.bias"),
        (lambda state: {**state, "extra": torch.zeros(1)}, "extra"),
        (lambda state: {**state, 3: torch.zeros(1)}, "foreign"),
        (lambda state: {**state, "px.bias": 0.5}, "px.bias.*float"),
        (lambda state: {**state, "px.bias": torch.zeros(1).to_sparse()}, "dense"),
        (lambda state: {**state, "px.bias": torch.zeros(2)}, "shape"),
        (lambda state: {**state, "px.bias": torch.zeros(1, dtype=torch.int64)}, "int64"),
        (lambda state: {**state, "px.bias": torch.tensor([float("nan")])}, "finite"),
        (lambda state: {**state, "px.bias": torch.tensor([float("inf")])}, "finite"),
        (lambda state: {**state, "c1.block.2.running_var": -torch.ones(16)}, "variance"),
    ],
)
def test_weights_of_another_network_are_refused(path, network, change, said):
    torch.save(change(network.state_dict()), path)
    with pytest.raises(ModelError, match=rf"seg_model\.pth.*{said}|{said}.*seg_model\.pth"):
        load_paper_weights(path)


@pytest.fixture(scope="module")
def released(shared_data):
    network = build()
    network.load_state_dict(load_paper_weights(shared_data / "paper_seg_model.pth"))
    return network.eval()


@torch.inference_mode()
def scores(network, folder, scale):
    """Mean defect-F1 and macro-F1 over the fields, boxes of scale bars left out."""
    bars, rows = pd.read_csv(folder / "bars.csv"), []
    for name in pd.read_csv(folder / "index.csv")["name"]:
        with Image.open(folder / "images" / f"{name}.png") as image:
            gray = image.convert("L")
        with Image.open(folder / "masks" / f"{name}.png") as image:
            truth = np.asarray(image.convert("L")) > 0
        valid = np.ones(truth.shape, bool)
        for box in bars[bars["name"] == name].itertuples():
            valid[box.y0 : box.y1, box.x0 : box.x1] = False
        size = (round(gray.width * scale), round(gray.height * scale))
        large = torch.from_numpy(paper_normalised(np.asarray(gray.resize(size, Image.BICUBIC))))
        chance = torch.sigmoid(network(large[None, None]))
        mask = functional.interpolate(chance, truth.shape, mode="area")[0, 0].numpy() > 0.5
        rows.append((defect_f1(mask, truth, valid=valid), macro_f1(mask, truth, valid=valid)))
    return np.mean(rows, axis=0)


@pytest.mark.shared
@pytest.mark.parametrize(("scale", "expected"), [(1, (0.430, 0.712)), (3, (0.588, 0.792))])
def test_the_released_weights_give_the_scores_on_record(released, shared_data, scale, expected):
    np.testing.assert_allclose(
        scores(released, shared_data / "polished_am", scale), expected, atol=0.02
    )
