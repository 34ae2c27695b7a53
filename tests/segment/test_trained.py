"""A trained segmenter: seamless tiles, files that hold what they say, no odd pixel decides."""

import json
import pickle
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import save
from scipy import ndimage

from sorby.core.errors import ModelError
from sorby.core.records import Micrograph, ModelCard, PixelSize
from sorby.learn import NETWORKS, load_checkpoint, save_checkpoint
from sorby.learn.legacy import paper_normalised
from sorby.metrics import defect_f1
from sorby.segment import mask_from_probability
from sorby.segment.planes import PlaneCache, field_planes
from sorby.segment.presets import preset
from sorby.segment.trained import (
    TASK,
    class_probability,
    load_segmenter,
    ready,
    save_segmenter,
)
from sorby.segment.training import LabelledField, train

CARD = ModelCard("pores", "to be set", ("defect",), scores={"macro_f1": 0.9}, settings={"seed": 3})


def drawn(shape, discs, seed=0, noise=8.0):
    """Gray field (uint8) of dark discs, and the truth."""
    rows, columns = np.indices(shape)
    truth = np.zeros(shape, np.uint8)
    for row, column, radius in discs:
        truth[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = 1
    gray = ndimage.gaussian_filter(np.where(truth, 60.0, 180.0), 0.8)
    gray += np.random.default_rng(seed).normal(0, noise, shape)
    return gray.clip(0, 255).astype(np.uint8), truth


def scattered(shape, n, seed):
    rng = np.random.default_rng(seed)
    return [
        (rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(3, 8)) for _ in range(n)
    ]


@pytest.fixture(scope="module")
def segmenter():
    """Trained shortly on three fields of small discs at 1 µm/px."""
    fields = []
    for seed in range(3):
        gray, truth = drawn((96, 96), scattered((96, 96), 6, seed), seed)
        micrograph = Micrograph(gray, f"{seed}", PixelSize(1.0, "given"))
        fields.append(LabelledField(micrograph, truth, group=seed))
    settings = replace(preset("fast"), crop_px=64, n_steps=60)
    rng = np.random.default_rng(0)
    trained, record = train(fields, classes=("defect",), settings=settings, rng=rng)
    assert record.best_step > 0  # it is not the first guess
    return trained


@pytest.fixture(scope="module")
def large():
    return drawn((700, 900), scattered((700, 900), 60, 7), 7)


@pytest.fixture(scope="module")
def whole(segmenter, large):
    return segmenter(Micrograph(large[0]), tile_px=4096)


def masked(segmenter, pixels, **options):
    probability = segmenter(Micrograph(pixels), **options)
    return mask_from_probability(probability, threshold=segmenter.threshold)


# ---------------------------------------------------------------------- prediction


def test_is_float32_from_0_to_1_of_the_size_of_the_field_and_finds_its_discs(
    segmenter, large, whole
):
    assert whole.dtype == np.float32
    assert whole.shape == (700, 900, 1)
    assert 0 <= whole.min() <= whole.max() <= 1
    assert defect_f1(whole[..., 0] >= segmenter.threshold, large[1]) > 0.95


def test_tiles_are_seamless(segmenter, large, whole):
    tiled = segmenter(Micrograph(large[0]), tile_px=256)
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def wide_awake(name, n_classes):
    """Network whose every layer is active, so that what is far away has its full say."""
    torch.manual_seed(0)
    network = NETWORKS[name](in_channels=2, n_classes=n_classes)
    with torch.no_grad():
        for _ in range(30):
            network.train()(torch.rand(2, 2, 64, 64))
    return ready(network)


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("n_classes", [1, 3])
def test_tiles_are_seamless_for_a_network_that_looks_as_far_as_it_can(name, n_classes):
    network = wide_awake(name, n_classes)
    planes = np.random.default_rng(0).random((2, 90, 700), dtype=np.float32)
    expected = class_probability(network, planes, tile_px=4096)
    assert expected.shape == (n_classes, 90, 700)
    assert expected.std() > 0.03
    np.testing.assert_allclose(class_probability(network, planes, tile_px=100), expected, atol=1e-4)


def test_a_tile_smaller_than_the_stride_is_as_large_as_it():
    network = wide_awake("fast", 1)
    planes = np.random.default_rng(0).random((2, 40, 70), dtype=np.float32)
    expected = class_probability(network, planes)
    np.testing.assert_allclose(class_probability(network, planes, tile_px=1), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (5, 70), (33, 31)])
def test_fields_of_any_size_are_predicted(segmenter, shape):
    found = segmenter(Micrograph(np.full(shape, 128, np.uint8)))
    assert found.shape == (*shape, 1)
    assert not (found >= 0.5).any()


def test_same_field_same_answer_with_or_without_a_cache_and_the_input_stays(segmenter):
    gray, _ = drawn((90, 130), [(40, 50, 9)])
    before, cache = gray.copy(), PlaneCache()
    first = segmenter(Micrograph(gray))
    for _ in range(2):
        assert np.array_equal(segmenter(Micrograph(gray), planes=cache), first)
    assert np.array_equal(gray, before)


def test_invalid_pixels_have_probability_0_and_no_say(segmenter):
    gray, _ = drawn((96, 130), [(40, 50, 9), (60, 110, 9)])
    valid = np.ones(gray.shape, bool)
    valid[:, 90:] = False
    found = segmenter(Micrograph(gray), valid=valid)
    assert not found[~valid].any()
    assert (found[35:45, 45:55] > 0.5).all()
    disturbed = np.where(valid, gray, np.random.default_rng(1).integers(0, 256, gray.shape))
    again = segmenter(Micrograph(disturbed.astype(np.uint8)), valid=valid)
    assert np.array_equal(again, found)


HOT = {
    "uint8": (lambda gray: gray, 255),
    "uint16": (lambda gray: gray.astype(np.uint16) * 257, 65535),
    "12 bits": (lambda gray: gray.astype(np.uint16) * 16, 65535),
}


@pytest.mark.parametrize("depth", HOT)
@pytest.mark.parametrize("place", [(20, 20), (40, 100), (0, 0), (60, 64)])
def test_one_hot_pixel_changes_no_pixel_of_the_mask(segmenter, depth, place):
    convert, value = HOT[depth]
    gray, truth = drawn((96, 130), [(60, 64, 12), (20, 100, 5)])
    pixels = convert(gray)
    expected = masked(segmenter, pixels)
    assert defect_f1(expected, truth) > 0.9
    hot = pixels.copy()
    hot[place] = value
    assert np.array_equal(masked(segmenter, hot), expected)


def test_the_depth_of_the_file_changes_no_pixel_of_the_mask(segmenter):
    gray, _ = drawn((96, 130), [(60, 64, 12), (20, 100, 5)])
    expected = masked(segmenter, gray)
    for convert in (lambda g: g.astype(np.uint16) * 257, lambda g: g / 255):
        assert np.array_equal(masked(segmenter, convert(gray)), expected)


def test_a_pore_far_larger_than_the_network_sees_has_no_hole_though_it_learnt_on_small_discs(
    segmenter,
):
    gray, truth = drawn((800, 800), [(400, 400, 250)])
    found = masked(segmenter, gray) == 1
    assert found[ndimage.binary_erosion(truth, iterations=3)].all()
    assert not found[~ndimage.binary_dilation(truth, iterations=3)].any()


def test_fields_are_brought_to_the_scale_of_the_model_and_back(segmenter):
    gray, truth = drawn((240, 320), [(100, 120, 25), (180, 240, 15)])
    assert segmenter.um_per_px == 1.0
    micrograph = Micrograph(gray, pixel_size=PixelSize(0.25, "given"))
    found = segmenter(micrograph)
    assert found.shape == (240, 320, 1)
    assert defect_f1(found[..., 0] >= segmenter.threshold, truth) > 0.93
    planes = field_planes(micrograph, None, channels=segmenter.channels, um_per_px=1.0)
    assert planes.values.shape[1:] == (60, 80)


# ---------------------------------------------------------------------- files


@pytest.fixture
def path(tmp_path, segmenter):
    path = tmp_path / "model.safetensors"
    save_segmenter(path, segmenter, CARD)
    return path


def test_a_segmenter_comes_back_as_it_was_saved(path, segmenter):
    loaded, card = load_segmenter(path)
    gray, _ = drawn((96, 130), [(60, 64, 12), (20, 100, 5)])
    assert np.array_equal(loaded(Micrograph(gray)), segmenter(Micrograph(gray)))
    kept = ("network_name", "channels", "classes", "um_per_px", "threshold", "finds_outside")
    assert [getattr(loaded, name) for name in kept] == [getattr(segmenter, name) for name in kept]
    assert not loaded.network.training
    assert (card.name, card.task, card.scores) == ("pores", TASK, {"macro_f1": 0.9})
    assert card.settings["seed"] == 3


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_segmenter_of_several_classes_comes_back_too(tmp_path, segmenter, name):
    torch.manual_seed(0)
    network = ready(NETWORKS[name](in_channels=3, n_classes=3))
    several = replace(
        segmenter,
        network=network,
        network_name=name,
        classes=("pore", "crack", "µ <b>"),
        um_per_px=None,
        finds_outside=False,
    )
    save_segmenter(tmp_path / "m.safetensors", several, CARD)
    loaded, _ = load_segmenter(tmp_path / "m.safetensors")
    gray, _ = drawn((64, 64), [(30, 30, 9)])
    found = loaded(Micrograph(gray))
    assert found.shape == (64, 64, 3)
    assert np.array_equal(found, several(Micrograph(gray)))
    assert loaded.classes == several.classes


def test_saving_the_same_segmenter_gives_the_same_bytes(path, tmp_path, segmenter):
    save_segmenter(tmp_path / "again.safetensors", load_segmenter(path)[0], CARD)
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def rewritten(path, change_about=None, change_arrays=None):
    """The file with another description or other weights, written without Sorby's checks."""
    arrays, card = load_checkpoint(path)
    settings = json.loads(json.dumps(card.settings))
    if change_about:
        change_about(settings["segmenter"])
    if change_arrays:
        change_arrays(arrays)
    text = json.dumps(asdict(replace(card, settings=settings)))
    path.write_bytes(save(arrays, metadata={"sorby_card": text}))


def put(**values):
    return lambda about: about.update(values)


@pytest.mark.parametrize(
    "change",
    [
        put(threshold=2),
        put(threshold=0),
        put(threshold=1),
        put(threshold=-0.5),
        put(threshold=float("nan")),
        put(threshold="high"),
        put(threshold=None),
        put(threshold=10**400),
        put(um_per_px=0),
        put(um_per_px=-1.0),
        put(um_per_px=float("nan")),
        put(um_per_px=float("inf")),
        put(um_per_px="fine"),
        put(um_per_px=[1.0]),
        put(classes=[]),
        put(classes=["defect", "crack"]),
        put(classes=5),
        put(channels=[]),
        put(channels=["gray"]),
        put(channels="gray"),
        put(channels=["gray", "darkness", "colour"]),
        put(channels=None),
        put(network_name="no such network"),
        put(network_name="os:system"),
        put(network_name="paper"),
        put(network_name=None),
        *(
            lambda about, key=key: about.pop(key)
            for key in (
                "network_name",
                "channels",
                "classes",
                "um_per_px",
                "threshold",
                "finds_outside",
            )
        ),
        lambda about: about.clear(),
    ],
)
def test_a_description_that_was_tampered_with_is_refused(path, change):
    rewritten(path, change)
    with pytest.raises(ModelError, match=r"model\.safetensors does not fit"):
        load_segmenter(path)


def with_first(name, change):
    def edit(arrays):
        key = next(key for key in sorted(arrays) if key.endswith(name))
        arrays[key] = change(arrays[key])

    return edit


@pytest.mark.parametrize(
    "change",
    [
        with_first("weight", lambda a: a * np.float32("nan")),
        with_first("bias", lambda a: a + np.float32("inf")),
        with_first("running_var", lambda a: -1 - a),
        with_first("weight", lambda a: a[:-1]),
        with_first("weight", lambda a: a[..., None]),
        with_first("bias", lambda a: np.zeros(0, np.float32)),
        lambda arrays: arrays.pop("head.bias"),
        lambda arrays: arrays.update(extra=np.zeros(3, np.float32)),
        lambda arrays: arrays.clear(),
    ],
)
def test_weights_that_do_not_fit_are_refused(path, change):
    rewritten(path, change_arrays=change)
    with pytest.raises(ModelError, match=r"model\.safetensors does not fit"):
        load_segmenter(path)


def test_a_model_for_something_else_is_refused_with_what_it_is_for(tmp_path):
    path = tmp_path / "types.safetensors"
    card = ModelCard("types", "defect type", ("keyhole", "lack of fusion"))
    save_checkpoint(path, {"weights": np.eye(2)}, card)
    with pytest.raises(ModelError, match="'defect type', not for defect segmentation"):
        load_segmenter(path)


@pytest.mark.parametrize("segmenter_entry", [None, 3, [], "text"])
def test_a_card_without_a_description_is_refused(tmp_path, segmenter_entry):
    path = tmp_path / "m.safetensors"
    settings = {} if segmenter_entry is None else {"segmenter": segmenter_entry}
    save_checkpoint(path, {"a": np.eye(2)}, ModelCard("m", TASK, ("a",), settings=settings))
    with pytest.raises(ModelError, match=r"m\.safetensors"):
        load_segmenter(path)


class Bomb:
    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        import os

        return (os.mkdir, (str(self.place),))


@pytest.mark.parametrize("name", ["model.safetensors", "model.pth", "model.pkl"])
def test_a_pickle_is_refused_and_not_executed_whatever_its_name(tmp_path, name):
    place, path = tmp_path / "executed", tmp_path / name
    path.write_bytes(pickle.dumps({"px.bias": Bomb(place)}, protocol=2))
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        load_segmenter(path)
    assert not place.exists()


def test_text_a_cut_file_a_folder_and_nothing_are_refused(path, tmp_path):
    whole = path.read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.safetensors"):
            load_segmenter(path)
    for missing in (tmp_path, tmp_path / "none.safetensors", tmp_path / "none.pth"):
        with pytest.raises(ModelError):
            load_segmenter(missing)


# ---------------------------------------------------------------------- the paper's weights


def test_weights_in_the_form_of_the_paper_are_shown_the_image_from_0_to_1(tmp_path):
    torch.manual_seed(0)
    network = NETWORKS["paper"](in_channels=1, n_classes=1).eval()
    path = tmp_path / "seg_model.pth"
    torch.save(network.state_dict(), path)
    segmenter, card = load_segmenter(path)
    gray, _ = drawn((50, 70), [(20, 30, 9)])
    found = segmenter(Micrograph(gray, pixel_size=PixelSize(0.3, "given")))
    with torch.inference_mode():
        image = torch.from_numpy(np.pad(paper_normalised(gray), ((0, 6), (0, 2)), "symmetric"))
        expected = torch.sigmoid(network(image[None, None]))[0, 0, :50, :70].numpy()
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5)
    assert (card.task, card.name, segmenter.classes) == (TASK, "seg_model.pth", ("defect",))


@pytest.mark.shared
def test_the_papers_own_weights_find_its_defects(shared_data):
    segmenter, _ = load_segmenter(shared_data / "paper_seg_model.pth")
    folder = shared_data / "polished_am"
    name = sorted(path.stem for path in (folder / "images").glob("*.png"))[0]
    with Image.open(folder / "images" / f"{name}.png") as image:
        gray = np.asarray(image.convert("L"))[:400, :400]
    found = segmenter(Micrograph(gray))
    assert found.shape == (*gray.shape, 1)
    assert np.isfinite(found).all()
    dark = found[..., 0][gray < np.percentile(gray, 1)].mean()
    assert dark > 2 * found.mean()
