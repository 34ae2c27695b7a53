"""Presets: the paper's recipe in numbers, and schedules that follow from the settings."""

from dataclasses import FrozenInstanceError, asdict, replace

import pytest

from sorby.core.errors import SettingError
from sorby.learn import LOSSES, NETWORKS
from sorby.segment.planes import _CHANNELS
from sorby.segment.presets import PRESETS, preset


@pytest.fixture(params=list(PRESETS))
def settings(request):
    return preset(request.param)


def test_every_preset_names_what_exists(settings):
    assert settings.network in NETWORKS
    assert settings.loss in LOSSES
    assert set(settings.channels) <= set(_CHANNELS)
    network = NETWORKS[settings.network](in_channels=len(settings.channels), n_classes=1)
    assert settings.crop_px % network.stride == 0


def test_the_network_that_corrects_a_guess_is_shown_one():
    assert preset("fast").channels[-1] == "classical"


def test_settings_cannot_be_changed_in_place(settings):
    with pytest.raises(FrozenInstanceError):
        settings.batch = 1


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(SettingError, match=r"'quick' is not a preset.*fast, best, paper"):
        preset("quick")


def test_rates_rise_before_they_fall_and_go_from_the_first_step_to_the_last():
    for corners in (preset("fast").learning_rates, preset("fast").warm_rates):
        shares, rates = zip(*corners, strict=True)
        assert (shares[0], shares[-1]) == (0, 1)
        assert rates[0] < max(rates) > rates[-1]


def test_a_warm_start_takes_fewer_and_smaller_steps():
    settings = preset("fast")
    cold, warm = (settings.schedule(4, 1, warm=is_warm) for is_warm in (False, True))
    assert (cold.n_steps, warm.n_steps) == (settings.n_steps, settings.warm_steps)
    assert warm.n_steps < cold.n_steps
    assert max(warm.rate(s) for s in range(80)) < max(cold.rate(s) for s in range(120))


def test_the_best_preset_differs_from_the_fast_one_in_its_length_alone():
    fast, best = asdict(preset("fast")), asdict(preset("best"))
    changed = {name for name, value in fast.items() if best[name] != value}
    assert changed == {"n_steps", "warm_steps", "patience"}
    assert all(best[name] > fast[name] for name in changed)


def test_steps_are_those_of_each_class_and_do_not_depend_on_the_number_of_fields():
    settings = preset("fast")
    assert settings.schedule(1, 3, warm=False).n_steps == 3 * settings.n_steps
    assert settings.schedule(50, 1, warm=False) == settings.schedule(1, 1, warm=False)


def test_the_paper_trains_200_epochs_of_500_crops_a_field_in_batches_of_16():
    schedule = preset("paper").schedule(24, 1, warm=False)
    epoch = 24 * 500 // 16
    assert (schedule.n_steps, schedule.check_every, schedule.batch) == (200 * epoch, epoch, 16)
    one = preset("paper").schedule(1, 1, warm=False)
    assert one.check_every == 32  # 500 crops are 31.25 batches


def test_the_papers_rates_are_1e_3_for_20_epochs_1e_4_for_20_and_then_1e_5():
    schedule = preset("paper").schedule(16, 1, warm=False)
    rates = {epoch: schedule.rate(epoch * schedule.check_every) for epoch in (0, 19, 21, 39, 41)}
    assert rates == pytest.approx({0: 1e-3, 19: 1e-3, 21: 1e-4, 39: 1e-4, 41: 1e-5})
    assert schedule.rate(schedule.n_steps - 1) == 1e-5
    assert (schedule.decay, schedule.average) == (0, 0)  # Adam, and the weights themselves


def test_the_paper_takes_images_as_they_are():
    settings = preset("paper")
    assert (settings.channels, settings.resamples, settings.on_defects) == (("minmax",), False, 0)
    assert (settings.crop_px, settings.loss) == (256, "bce")


def test_the_schedule_carries_what_the_settings_say():
    settings = replace(preset("fast"), decay=0.3, average=0.7, patience=9, batch=5, check_every=7)
    schedule = settings.schedule(2, 1, warm=False)
    assert (schedule.decay, schedule.average, schedule.patience) == (0.3, 0.7, 9)
    assert (schedule.batch, schedule.check_every) == (5, 7)
