"""Training on drawn fields: it finds what is labelled, and validates on what it did not see."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from sorby.core.errors import ModelError, SettingError
from sorby.core.records import Micrograph, ModelCard, PixelSize
from sorby.learn.checkpoint import save_checkpoint
from sorby.metrics import defect_f1
from sorby.segment import SEGMENTERS, compare, mask_from_probability
from sorby.segment.planes import PlaneCache
from sorby.segment.presets import preset
from sorby.segment.training import LabelledField, train
from sorby.segment.validation import THRESHOLDS, nearest_to_a_half

SETTINGS = replace(preset("fast"), crop_px=64, n_steps=16, warm_steps=4)
BRIEF = replace(SETTINGS, n_steps=2, batch=2, crop_px=32)
SHAPE = (96, 96)


def disc(row, column, radius, shape=SHAPE):
    rows, columns = np.indices(shape)
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def labelled(seed, mask, *, dark=None, group="by seed", um_per_px=None, **options):
    """Field whose dark places are those of the mask, or others."""
    rng = np.random.default_rng(seed)
    sharp = np.where(mask > 0 if dark is None else dark, 60.0, 180.0)
    gray = ndimage.gaussian_filter(sharp, 0.8) + rng.normal(0, 8, mask.shape)
    size = None if um_per_px is None else PixelSize(um_per_px, "given")
    micrograph = Micrograph(gray.clip(0, 255).astype(np.uint8), f"field {seed}", size)
    group = f"specimen {seed}" if group == "by seed" else group
    return LabelledField(micrograph, mask.astype(np.uint8), group=group, **options)


def discs(seed, **options):
    rng = np.random.default_rng(100 + seed)
    mask = np.zeros(SHAPE, np.uint8)
    for _ in range(6):
        mask |= disc(*rng.uniform(8, 88, 2), rng.uniform(3, 8)).astype(np.uint8)
    return labelled(seed, mask, **options)


def specks(seed, **options):
    """Large discs are labelled, dark specks that look the same but for their size are not."""
    rng = np.random.default_rng(100 + seed)
    mask = np.zeros(SHAPE, np.uint8)
    for _ in range(6):
        mask |= disc(*rng.uniform(10, 86, 2), rng.uniform(7, 9)).astype(np.uint8)
    dark, away = mask > 0, ndimage.distance_transform_edt(mask == 0)
    for row, column in rng.integers(5, 91, (40, 2)):
        if away[row, column] > 6:
            dark |= disc(row, column, 2.5)
    return labelled(seed, mask, dark=dark, **options)


def two_classes(seed):
    rng = np.random.default_rng(100 + seed)
    mask, (rows, columns) = np.zeros(SHAPE, np.uint8), np.indices(SHAPE)
    for number in range(8):
        row, column = rng.uniform(10, 86, 2)
        bar = (abs(rows - row) <= 1.5) & (abs(columns - column) <= 12)
        mask[disc(row, column, 6) if number % 2 else bar] = 1 if number % 2 else 2
    return labelled(seed, mask)


def fitted(fields, *, seed=0, classes=("defect",), settings=SETTINGS, **options):
    rng = np.random.default_rng(seed)
    return train(fields, classes=classes, settings=settings, rng=rng, **options)


def called(segmenter, field):
    return mask_from_probability(segmenter(field.micrograph), threshold=segmenter.threshold)


@pytest.fixture(scope="module")
def three():
    return [discs(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def trained(three):
    return fitted(three)


def state_of(segmenter):
    return {key: value.clone() for key, value in segmenter.network.state_dict().items()}


def losses_of(record):
    return [entry["train_loss"] for entry in record.curve if "train_loss" in entry]


def are_equal(first, second):
    return all(torch.equal(first[key], second[key]) for key in first | second)


# ---------------------------------------------------------------------- it learns


def test_a_short_training_on_three_fields_finds_the_discs_of_a_fourth(trained):
    segmenter, record = trained
    fourth = discs(9)
    assert defect_f1(called(segmenter, fourth), fourth.mask) > 0.95
    assert record.score > 0.95


def test_training_learns_what_the_labels_say_where_the_first_guess_is_wrong():
    settings = replace(SETTINGS, n_steps=60, batch=4)
    segmenter, _ = fitted([specks(s) for s in range(3)], settings=settings)
    fourth = specks(9)
    guess = mask_from_probability(SEGMENTERS["flatfield_otsu"](fourth.micrograph))
    assert defect_f1(guess, fourth.mask) < 0.88
    assert defect_f1(called(segmenter, fourth), fourth.mask) > 0.93


def test_two_classes_of_one_gray_are_told_apart_by_shape():
    segmenter, record = fitted(
        [two_classes(s) for s in range(3)],
        classes=("pore", "crack"),
        settings=replace(SETTINGS, n_steps=60, batch=4),
    )
    fourth = two_classes(9)
    found = compare(called(segmenter, fourth), fourth.mask, n_classes=2)
    assert all(one.defect_f1 > 0.85 for one in found.classes)
    assert segmenter(fourth.micrograph).shape == (*SHAPE, 2)
    assert 60 < record.curve[-1]["step"] <= 120  # as many steps for each class


def test_the_paper_preset_trains_too(three):
    settings = replace(preset("paper"), crop_px=32, batch=2, crops_per_field=3, n_epochs=2)
    segmenter, record = fitted(three, settings=settings)
    assert [entry["step"] for entry in record.curve if "valid_f1" in entry] == [0, 3, 6]
    assert (segmenter.channels, segmenter.um_per_px) == (("minmax",), None)
    assert segmenter(three[0].micrograph).shape == (*SHAPE, 1)


# ---------------------------------------------------------------------- the record


def test_the_record_says_what_was_trained_on_and_how_it_went(trained, three):
    segmenter, record = trained
    names = [field.micrograph.name for field in three]
    assert sorted(record.trained_on + record.validated_on) == names
    assert len(record.validated_on) == 1
    assert len(record.notes) == (record.best_step == 0)  # no step better than the start: said
    assert not record.is_warm
    assert record.best_step in [e["step"] for e in record.curve if "valid_f1" in e]
    assert segmenter.classes == ("defect",)
    assert segmenter.threshold in THRESHOLDS


def test_the_score_is_that_of_the_returned_model_on_the_validation_field(trained, three):
    segmenter, record = trained
    held = next(field for field in three if field.micrograph.name == record.validated_on[0])
    found = compare(called(segmenter, held), held.mask)
    assert record.score == pytest.approx(found.macro_f1, abs=1e-4)


def test_every_step_is_told():
    told = []
    fitted(
        [discs(0), discs(1)],
        settings=BRIEF,
        on_step=lambda done, total, **values: told.append((done, total, sorted(values))),
    )
    assert told == [(1, 2, ["loss"]), (2, 2, ["loss", "valid_f1"])]  # a look ends it


# ---------------------------------------------------------------------- same seed, same model


def test_same_seed_same_weights_and_another_seed_others():
    fields = [discs(seed) for seed in range(3)]
    (first, one), (again, two) = fitted(fields, settings=BRIEF), fitted(fields, settings=BRIEF)
    assert are_equal(state_of(first), state_of(again))
    assert (first.threshold, one.score, one.curve) == (again.threshold, two.score, two.curve)
    other, _ = fitted(fields, settings=BRIEF, seed=1)
    assert not are_equal(state_of(first), state_of(other))


def test_torchs_own_seed_and_a_cache_of_planes_have_no_say():
    fields = [discs(seed) for seed in range(3)]
    expected = state_of(fitted(fields, settings=BRIEF)[0])
    cache = PlaneCache()
    for torch_seed in (1, 2):
        torch.manual_seed(torch_seed)
        assert are_equal(state_of(fitted(fields, settings=BRIEF, planes=cache)[0]), expected)


def test_fields_are_left_as_they_were():
    fields = [discs(0), discs(1, valid=np.random.default_rng(0).random(SHAPE) < 0.9)]
    before = [(f.micrograph.pixels.copy(), f.mask.copy()) for f in fields]
    fitted(fields, settings=BRIEF)
    for field, (pixels, mask) in zip(fields, before, strict=True):
        assert np.array_equal(field.micrograph.pixels, pixels)
        assert np.array_equal(field.mask, mask)


# ---------------------------------------------------------------------- what counts


def corner(value, mask):
    mask = mask.copy()
    mask[:40, :40] = value
    return mask


def test_labels_of_invalid_pixels_have_no_say():
    valid = ~corner(True, np.zeros(SHAPE, bool))
    runs = [
        fitted(
            [replace(f, mask=corner(value, f.mask), valid=valid) for f in map(discs, range(3))],
            settings=BRIEF,
        )
        for value in (255, 0, 1)
    ]
    assert are_equal(state_of(runs[0][0]), state_of(runs[1][0]))
    assert are_equal(state_of(runs[0][0]), state_of(runs[2][0]))
    assert runs[0][1].curve == runs[1][1].curve == runs[2][1].curve


def test_labels_of_255_are_not_taken_for_background_or_defect():
    ignored, sound, defect = (
        losses_of(
            fitted(
                [replace(f, mask=corner(value, f.mask)) for f in map(discs, range(3))],
                settings=BRIEF,
            )[1]
        )
        for value in (255, 0, 1)
    )
    assert ignored != sound
    assert ignored != defect


def test_a_defect_that_is_not_valid_is_none():
    mask = corner(1, np.zeros(SHAPE, np.uint8))
    with pytest.raises(SettingError, match="holds a defect"):
        fitted([labelled(0, mask, valid=mask == 0)])


@pytest.mark.parametrize("value", [0, 255])
def test_what_is_outside_is_left_out_if_the_labels_say_so(value):
    def with_resin(seed):
        field = discs(seed)
        pixels, mask = field.micrograph.pixels.copy(), field.mask.copy()
        pixels[:, :12], mask[:, :12] = 4, value
        return replace(field, micrograph=replace(field.micrograph, pixels=pixels), mask=mask)

    segmenter, _ = fitted([with_resin(seed) for seed in range(3)], settings=BRIEF)
    found = segmenter(with_resin(9).micrograph)[..., 0]
    assert np.isnan(found[:, :10]).all() == (value == 255)
    assert np.isfinite(found[:, 20:]).all()


# ---------------------------------------------------------------------- validation


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_not_split_and_validation_is_not_trained_on(seed):
    fields = [discs(number, group="ABC"[number // 2]) for number in range(6)]
    _, record = fitted(fields, seed=seed, settings=BRIEF)
    trained_on, validated_on = (
        {field.group for field in fields if field.micrograph.name in names}
        for names in (record.trained_on, record.validated_on)
    )
    assert not trained_on & validated_on
    assert trained_on | validated_on == set("ABC")
    assert set(record.trained_on) & set(record.validated_on) == set()
    assert not [note for note in record.notes if "No step of the training" not in note]


def test_fields_of_one_specimen_are_held_out_singly_with_a_note():
    _, record = fitted([discs(n, group="A") for n in range(3)], settings=BRIEF)
    assert len(record.validated_on) == 1
    assert not set(record.trained_on) & set(record.validated_on)
    assert "one specimen" in record.notes[0]


def test_a_single_field_is_enough_with_a_note():
    segmenter, record = fitted([discs(0)])
    fourth = discs(9)
    assert record.trained_on == record.validated_on == ("field 0",)
    assert "Only one labelled field" in record.notes[0]
    assert defect_f1(called(segmenter, fourth), fourth.mask) > 0.9


@pytest.mark.parametrize("columns", [slice(0, 24), slice(76, 96)], ids=["left", "right"])
def test_a_single_field_whose_defects_are_all_on_one_side_has_some_on_both_of_its_parts(columns):
    mask = np.zeros(SHAPE, np.uint8)
    for row in (15, 45, 75):
        mask |= disc(row, columns.start + 8, 6).astype(np.uint8)
    _, record = fitted([labelled(0, mask)], settings=replace(SETTINGS, check_every=4))
    looks = [entry["valid_f1"] for entry in record.curve if "valid_f1" in entry]
    assert 0.6 < record.score < 1  # 0.5 if none were found, 1 at once if there were none to find
    assert len(looks) > 1


def test_fields_without_defects_do_not_choose_the_weights():
    empty = labelled(5, np.zeros(SHAPE, np.uint8), dark=disc(40, 40, 2.5))
    _, record = fitted([discs(0), empty], settings=BRIEF)
    assert record.validated_on == ("field 0",)
    assert record.trained_on == ("field 0", "field 5")
    _, record = fitted([discs(0, group="A"), discs(1, group="A"), empty], settings=BRIEF)
    assert set(record.validated_on) < {"field 0", "field 1"}
    assert "field 5" in record.trained_on
    assert "one specimen" in record.notes[0]


def test_the_threshold_is_the_one_nearest_to_a_half_of_those_that_score_best():
    by_threshold = np.full(len(THRESHOLDS), 0.80)
    by_threshold[np.isclose(THRESHOLDS, 0.3)] = 0.900
    by_threshold[np.isclose(THRESHOLDS, 0.4)] = 0.885  # as good as the best
    by_threshold[np.isclose(THRESHOLDS, 0.45)] = 0.875  # not as good
    assert nearest_to_a_half(by_threshold) == (0.4, 0.885)
    assert nearest_to_a_half(np.ones(len(THRESHOLDS)))[0] == 0.5


# ---------------------------------------------------------------------- scale


@pytest.mark.parametrize(
    ("scales", "expected"),
    [((0.5, 1.0, 2.0), 1.0), ((None, 0.7, None), 0.7), ((None, None, None), None)],
)
def test_the_scale_of_the_model_is_the_median_of_those_known(scales, expected):
    fields = [discs(n, um_per_px=scale) for n, scale in enumerate(scales)]
    assert fitted(fields, settings=BRIEF)[0].um_per_px == expected
    without = replace(BRIEF, resamples=False)
    assert fitted(fields, settings=without)[0].um_per_px is None


# ---------------------------------------------------------------------- warm start


@pytest.fixture(scope="module")
def start():
    return fitted([discs(n, um_per_px=0.5) for n in range(3)], settings=BRIEF)[0]


def test_a_warm_start_goes_on_from_the_weights_at_the_scale_of_the_earlier_model(start):
    fields = [discs(n, um_per_px=1.0) for n in range(3, 6)]
    before = state_of(start)
    still = replace(BRIEF, warm_rates=((0.0, 0.0), (1.0, 0.0)), warm_steps=1)
    segmenter, record = fitted(fields, settings=still, start=start)
    assert record.is_warm
    assert segmenter.um_per_px == 0.5
    learnt = {key for key, _ in segmenter.network.named_parameters()}
    after = state_of(segmenter)
    assert are_equal({k: before[k] for k in learnt}, {k: after[k] for k in learnt})


def test_a_warm_start_takes_its_own_number_of_steps_and_leaves_the_earlier_model_alone(start):
    before = state_of(start)
    settings = replace(BRIEF, warm_steps=3)
    _, record = fitted([discs(n) for n in range(3)], settings=settings, start=start)
    assert len(losses_of(record)) == 3
    assert are_equal(state_of(start), before)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": ("classical",)},
        {"network_name": "paper"},
    ],
)
def test_a_model_of_other_channels_or_network_is_not_started_from(start, change):
    fields = [discs(n, um_per_px=1.0) for n in range(3)]
    segmenter, record = fitted(fields, settings=BRIEF, start=replace(start, **change))
    assert not record.is_warm
    assert segmenter.um_per_px == 1.0
    assert are_equal(state_of(segmenter), state_of(fitted(fields, settings=BRIEF)[0]))


def test_a_single_class_is_defect_whatever_its_name(start):
    fields = [discs(n) for n in range(3)]
    named, record = fitted(fields, settings=BRIEF, start=replace(start, classes=("pore",)))
    assert record.is_warm
    assert are_equal(state_of(named), state_of(fitted(fields, settings=BRIEF, start=start)[0]))


def test_of_a_model_with_other_classes_all_but_the_head_is_taken_over(start):
    fields = [discs(n) for n in range(3)]
    still = replace(BRIEF, learning_rates=((0.0, 0.0), (1.0, 0.0)), n_steps=1)
    other = replace(start, classes=("pore", "crack"))
    torch.nn.init.ones_(start.network.head.weight)
    segmenter, record = fitted(fields, settings=still, start=other)
    assert record.is_warm
    before, after = state_of(start), state_of(segmenter)
    learnt = {key for key, _ in segmenter.network.named_parameters()}
    body = {key for key in learnt if not key.startswith("head.")}
    assert are_equal({k: before[k] for k in body}, {k: after[k] for k in body})
    assert not after["head.weight"].any(), "the new head starts from the guess"


def test_a_start_without_a_scale_takes_the_scale_of_the_fields(start):
    fields = [discs(n, um_per_px=1.0) for n in range(3)]
    segmenter, _ = fitted(fields, settings=BRIEF, start=replace(start, um_per_px=None))
    assert segmenter.um_per_px == 1.0


# ---------------------------------------------------------------------- refusals


def test_a_mask_of_another_size_is_refused_with_both_sizes():
    field = discs(0)
    with pytest.raises(SettingError, match=r"'field 0' is \(95, 96\) and its image \(96, 96\)"):
        fitted([replace(field, mask=field.mask[1:])])


def test_a_valid_mask_of_another_size_is_refused():
    with pytest.raises(SettingError, match=r"\(3, 3\)"):
        fitted([discs(0, valid=np.ones((3, 3), bool))])


def test_values_that_are_no_class_are_refused_with_the_classes_that_there_are():
    field = discs(0)
    with pytest.raises(SettingError, match=r"'field 0' holds the values \[7\].*\(pore, crack\)"):
        fitted([replace(field, mask=field.mask * 7)], classes=("pore", "crack"))


@pytest.mark.parametrize("value", [0, 255])
def test_fields_without_any_defect_are_refused(value):
    blank = labelled(0, np.full(SHAPE, value, np.uint8), dark=disc(9, 9, 3))
    with pytest.raises(SettingError, match="None of the 2 labelled fields holds a defect"):
        fitted([blank, blank])
    with pytest.raises(SettingError, match="None of the 0 labelled fields"):
        fitted([])


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, {"a": np.zeros(2)}, ModelCard("a", "defect type", ("a",)))
    with pytest.raises(ModelError, match="belongs to another training"):
        fitted([discs(0), discs(1)], settings=BRIEF, checkpoint=path)
