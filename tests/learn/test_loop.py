"""The training loop: it does what a plain loop does, keeps the best, and can be killed."""

import json
import shutil
import struct
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from sorby.core.errors import ModelError
from sorby.learn import LOSSES, NETWORKS, load_checkpoint
from sorby.learn.loop import Check, Schedule, fit, initialise
from sorby.learn.sampling import Crops, Example, Variation

LOSS = LOSSES["bce_dice"]
SCHEDULE = Schedule(
    n_steps=9,
    batch=2,
    learning_rates=((0.0, 1e-3), (0.5, 1e-2), (1.0, 1e-4)),
    decay=1e-2,
    average=0.9,
    check_every=2,
)


class Small(nn.Module):
    """Two convolutions and a batch normalisation: weights, buffers and a counter."""

    stride = 1

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, image):
        return self.last(torch.relu(self.norm(self.first(image))))


def small(seed=0):
    network = Small()
    initialise(network, np.random.default_rng(seed))
    return network


@pytest.fixture(scope="module")
def example():
    rows, columns = np.indices((64, 64))
    labels = ((rows - 30) ** 2 + (columns - 20) ** 2 <= 64).astype(np.uint8)
    gray = labels + np.random.default_rng(0).normal(0, 0.3, labels.shape)
    return Example("disc", gray[None].astype(np.float32), labels)


@pytest.fixture
def crops(example):
    def make(seed=1):
        variation = Variation(turn_deg=10, zoom=1.1, noise=0.1)
        return Crops([example], crop_px=32, variation=variation, rng=np.random.default_rng(seed))

    return make


def weight_of(network):
    """A score that depends on the weights and on nothing else."""
    total = sum(float(weight.double().sum()) for weight in network.parameters())
    return Check(score=float(np.sin(50 * total)), loss=total)


class Script:
    """Scores in the order written; what the network was at each look."""

    def __init__(self, *scores):
        self.scores, self.seen = list(scores), []

    def __call__(self, network):
        self.seen.append({key: value.clone() for key, value in network.state_dict().items()})
        return Check(score=self.scores[len(self.seen) - 1], loss=1.0)


def are_equal(first, second):
    return set(first) == set(second) and all(torch.equal(first[key], second[key]) for key in first)


def plainly(network, crops, schedule):
    """Reference: torch's own AdamW in the plainest loop; weights and their running average."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=1.0, weight_decay=schedule.decay)
    average = {key: value.clone().double() for key, value in network.state_dict().items()}
    for step in range(schedule.n_steps):
        planes, labels = crops.batch(schedule.batch)
        optimiser.param_groups[0]["lr"] = schedule.rate(step)
        network.train()
        optimiser.zero_grad()
        LOSS(network(planes), labels).backward()
        optimiser.step()
        share = min(schedule.average, (1 + step) / (10 + step))
        for key, value in network.state_dict().items():
            average[key] = share * average[key] + (1 - share) * value.double()
    return network.state_dict(), average


def test_without_average_the_result_is_that_of_a_plain_loop(crops):
    schedule = replace(SCHEDULE, average=0.0, check_every=100)
    expected, _ = plainly(small(), crops(), schedule)
    found = fit(small(), crops(), loss=LOSS, schedule=schedule, check=Script(0.0, 1.0)).state
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=1e-4, atol=1e-6)


def test_the_average_is_the_running_mean_that_starts_short(crops):
    schedule = replace(SCHEDULE, average=0.4, check_every=100)
    raw, expected = plainly(small(), crops(), schedule)
    found = fit(small(), crops(), loss=LOSS, schedule=schedule, check=Script(0.0, 1.0)).state
    for name in ("first.weight", "norm.running_var", "last.bias"):
        torch.testing.assert_close(found[name].double(), expected[name], rtol=1e-4, atol=1e-6)
        assert not torch.allclose(found[name], raw[name], rtol=1e-3, atol=1e-6)


def test_it_learns_to_find_the_disc(crops, example):
    schedule = Schedule(n_steps=40, batch=4, learning_rates=((0, 0.05), (1, 0.01)), check_every=40)
    network = small()
    trained = fit(network, crops(), loss=LOSS, schedule=schedule, check=Script(0.0, 1.0))
    network.load_state_dict(trained.state)
    with torch.inference_mode():
        called = network.eval()(torch.from_numpy(example.planes)[None])[0, 0] > 0
    assert (called.numpy() == example.labels).mean() > 0.97
    losses = [entry["train_loss"] for entry in trained.progress.curve[1:]]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_the_rate_goes_in_straight_lines_from_corner_to_corner():
    schedule = Schedule(n_steps=101, batch=1, learning_rates=((0, 1.0), (0.25, 3.0), (1, 0.0)))
    assert schedule.rate(0) == 1
    assert schedule.rate(10) == pytest.approx(1.8)
    assert schedule.rate(25) == 3
    assert schedule.rate(50) == pytest.approx(2.0)
    assert schedule.rate(100) == 0
    assert Schedule(1, 1, ((0, 0.5), (1, 0.1))).rate(0) == 0.5


def test_the_best_weights_are_returned_not_the_last_and_of_equals_the_first(crops):
    script = Script(0.0, 0.1, 0.9, 0.3, 0.9, 0.2)
    trained = fit(small(), crops(), loss=LOSS, schedule=SCHEDULE, check=script)
    assert len(script.seen) == 6  # before the first step, after 2, 4, 6, 8 and the last
    assert are_equal(trained.state, script.seen[2])
    assert not are_equal(trained.state, script.seen[-1])
    assert (trained.progress.best_step, trained.progress.best_score) == (4, 0.9)


def test_the_weights_it_starts_from_are_kept_where_none_are_better(crops):
    expected = small().state_dict()
    script = Script(0.9, 0.1, 0.9, 0.3, 0.2, 0.2)
    trained = fit(small(), crops(), loss=LOSS, schedule=SCHEDULE, check=script)
    assert are_equal(trained.state, expected)
    assert (trained.progress.best_step, trained.progress.step) == (0, 9)


def test_training_stops_after_as_many_looks_without_a_better_score_as_patience(crops):
    script = Script(0.4, 0.5, 0.6, 0.6, 0.1, 0.7, 0.7, 0.7, 0.7, 0.9)
    schedule = replace(SCHEDULE, check_every=1, patience=3)
    progress = fit(small(), crops(), loss=LOSS, schedule=schedule, check=script).progress
    assert (progress.step, progress.best_step, progress.stale) == (8, 5, 3)


def test_a_look_is_in_evaluation_mode_and_leaves_training_as_it_was(crops):
    modes = []

    def look(network):
        modes.append((network.training, torch.is_inference_mode_enabled()))
        return Check(1.0, 1.0)

    runs = [
        fit(
            network := small(),
            crops(),
            loss=LOSS,
            schedule=replace(SCHEDULE, check_every=every),
            check=look,
        )
        and network.state_dict()
        for every in (1, 100)
    ]
    assert set(modes) == {(False, True)}
    assert are_equal(*runs)


def test_the_curve_has_an_entry_a_step_and_says_what_was_seen_at_each_look(crops):
    told = []

    def on_step(done, total, **values):
        told.append((done, total, values["loss"]))

    script = Script(0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    trained = fit(small(), crops(), loss=LOSS, schedule=SCHEDULE, check=script, on_step=on_step)
    curve = trained.progress.curve
    assert [entry["step"] for entry in curve] == list(range(10))
    assert {entry["step"]: entry["valid_f1"] for entry in curve if "valid_f1" in entry} == {
        0: 0.0,
        2: 0.1,
        4: 0.2,
        6: 0.3,
        8: 0.4,
        9: 0.5,
    }
    assert told == [(int(entry["step"]), 9, entry["train_loss"]) for entry in curve[1:]]


# ---------------------------------------------------------------------- killed and gone on


def stop_at(step):
    def on_step(done, total, **values):
        if done == step:
            raise KeyboardInterrupt

    return on_step


def without_time(progress):
    return replace(progress, seconds=0.0)


@pytest.mark.parametrize("step", [1, 3, 4, 8])
def test_interrupted_and_gone_on_equals_uninterrupted_to_the_bit(crops, tmp_path, step):
    options = {"loss": LOSS, "schedule": SCHEDULE, "check": weight_of}
    whole = small()
    expected = fit(whole, crops(), **options)
    path = tmp_path / "checkpoint.safetensors"
    options |= {"checkpoint": path, "every_s": 0.0}
    with pytest.raises(KeyboardInterrupt):
        fit(small(), crops(), on_step=stop_at(step), **options)
    again = small(seed=9)  # all that counts comes from the file
    found = fit(again, crops(seed=9), **options)
    assert are_equal(found.state, expected.state)
    assert are_equal(again.state_dict(), whole.state_dict())
    assert without_time(found.progress) == without_time(expected.progress)
    assert found.progress.best_step not in (0, 9)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_network_can_be_interrupted(example, tmp_path, name):
    schedule = replace(SCHEDULE, n_steps=4)

    def run(**options):
        network = NETWORKS[name](in_channels=1, n_classes=1)
        initialise(network, np.random.default_rng(0))
        source = Crops([example], crop_px=64, rng=np.random.default_rng(1))
        return fit(network, source, loss=LOSS, schedule=schedule, check=weight_of, **options)

    expected = run()
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=path, every_s=0.0, on_step=stop_at(3))
    assert are_equal(run(checkpoint=path).state, expected.state)


def test_killed_between_checkpoints_it_goes_on_from_the_last_one(crops, tmp_path):
    options = {"loss": LOSS, "schedule": SCHEDULE, "check": weight_of}
    expected = fit(small(), crops(), **options)
    path, older = tmp_path / "checkpoint.safetensors", tmp_path / "older.safetensors"

    def on_step(done, total, **values):
        if done == 3:
            shutil.copy(path, older)
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(small(), crops(), checkpoint=path, every_s=0.0, on_step=on_step, **options)
    found = fit(small(), crops(), checkpoint=older, **options)
    assert are_equal(found.state, expected.state)


def test_a_finished_training_is_not_done_again(crops, tmp_path):
    options = {"loss": LOSS, "schedule": SCHEDULE, "check": weight_of}
    options |= {"checkpoint": tmp_path / "checkpoint.safetensors", "every_s": 0.0}
    expected = fit(small(), crops(), **options)
    found = fit(small(), crops(), on_step=stop_at(1), **options)
    assert are_equal(found.state, expected.state)


@pytest.fixture
def interrupted(crops, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    options = {"loss": LOSS, "schedule": SCHEDULE, "check": weight_of}
    with pytest.raises(KeyboardInterrupt):
        fit(small(), crops(), checkpoint=path, every_s=0.0, on_step=stop_at(3), **options)
    return path


@pytest.mark.parametrize(
    "change", [{"n_steps": 10}, {"batch": 3}, {"decay": 0.0}, {"learning_rates": ((0.0, 1e-3),)}]
)
def test_a_checkpoint_of_another_schedule_is_refused(crops, interrupted, change):
    other = replace(SCHEDULE, **change)
    with pytest.raises(ModelError, match="belongs to another training"):
        fit(small(), crops(), loss=LOSS, schedule=other, check=weight_of, checkpoint=interrupted)


def test_a_checkpoint_of_another_network_is_refused(example, interrupted):
    network = NETWORKS["fast"](in_channels=1, n_classes=1)
    source = Crops([example], crop_px=32, rng=np.random.default_rng(0))
    options = {"loss": LOSS, "schedule": SCHEDULE, "check": weight_of}
    with pytest.raises(ModelError, match="belongs to another training"):
        fit(network, source, checkpoint=interrupted, **options)


def test_a_damaged_checkpoint_is_refused_by_name(crops, interrupted):
    interrupted.write_bytes(interrupted.read_bytes()[:-40])
    options = {"loss": LOSS, "schedule": SCHEDULE, "check": weight_of}
    with pytest.raises(ModelError, match=r"checkpoint\.safetensors"):
        fit(small(), crops(), checkpoint=interrupted, **options)


def test_a_checkpoint_is_a_safetensors_file_of_numbers_and_json(interrupted):
    content = interrupted.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    card = json.loads(header.pop("__metadata__")["sorby_card"])
    assert card["settings"]["progress"]["step"] == 3
    ends = [entry["data_offsets"][1] for entry in header.values()]
    assert max(ends) == len(content) - 8 - length  # raw numbers to the last byte, nothing behind
    arrays, _ = load_checkpoint(interrupted)
    kinds = {name.partition("/")[0] for name in arrays}
    assert kinds == {"network", "average", "best", "moments"}


def test_no_checkpoint_is_written_where_none_is_asked_for(crops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit(small(), crops(), loss=LOSS, schedule=SCHEDULE, check=weight_of, every_s=0.0)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_training_with_its_step(crops, value):
    calls = []

    def loss(logits, labels):
        calls.append(1)
        return logits.mean() * (value if len(calls) == 3 else 1.0)

    with pytest.raises(ModelError, match=r"became -?(nan|inf) at step 3"):
        fit(small(), crops(), loss=loss, schedule=SCHEDULE, check=weight_of)


# ---------------------------------------------------------------------- first weights


def test_first_weights_come_from_the_generator_and_leave_torchs_own_state_alone():
    torch.manual_seed(0)
    first = small(seed=3).state_dict()
    torch.manual_seed(1)
    network = Small()
    state = torch.random.get_rng_state()
    initialise(network, np.random.default_rng(3))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert are_equal(network.state_dict(), first)
    assert not are_equal(small(seed=4).state_dict(), first)


def test_first_weights_are_kaiming_normal_and_first_biases_zero():
    network = nn.Sequential(nn.Conv2d(32, 64, 3), nn.Conv2d(64, 64, 1))
    initialise(network, np.random.default_rng(0))
    assert network[0].weight.std().item() == pytest.approx((2 / (32 * 9)) ** 0.5, rel=0.05)
    assert network[1].weight.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.05)
    assert not network[0].bias.any()


def test_a_stop_keeps_the_best_weights_and_can_be_gone_on_from(crops, tmp_path):
    """Stopped at step 3, the answer has its best weights; resumed, it is the whole training."""
    path = tmp_path / "checkpoint.safetensors"
    steps = []

    def run(network, **options):
        return fit(
            network, crops(), loss=LOSS, schedule=SCHEDULE, check=weight_of, every_s=1e9, **options
        )

    whole = run(small())
    stopped = run(
        small(),
        checkpoint=path,
        on_step=lambda done, total, **values: steps.append((done, values)),
        should_stop=lambda: len(steps) >= 2,
    )
    assert not stopped.is_whole and whole.is_whole
    assert stopped.progress.step == 3 and len(steps) == 3
    assert "valid_f1" in stopped.progress.curve[-1]  # the last weights were looked at, too
    assert stopped.progress.best_score == max(e.get("valid_f1", -1) for e in stopped.progress.curve)
    resumed = run(small(), checkpoint=path)
    assert resumed.is_whole
    assert resumed.progress.curve == whole.progress.curve
    assert all(torch.equal(value, resumed.state[key]) for key, value in whole.state.items())


def test_looks_are_told_with_their_score(crops):
    told = []
    fit(
        small(),
        crops(),
        loss=LOSS,
        schedule=SCHEDULE,
        check=weight_of,
        on_step=lambda done, total, **values: told.append((done, "valid_f1" in values)),
    )
    looked = [done for done, has_score in told if has_score]
    assert looked == [d for d, _ in told if d % SCHEDULE.check_every == 0 or d == SCHEDULE.n_steps]
