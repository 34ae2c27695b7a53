"""A process that corrects a mask is killed at random moments: nothing acknowledged is lost."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "crash.py"


@pytest.fixture
def crash():
    spec = importlib.util.spec_from_file_location("crash", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_20_kills_lose_no_acknowledged_gesture(crash, tmp_path):
    crash.make_project(tmp_path)
    found = crash.run(tmp_path / "project", 20, seed=1)
    assert found["acknowledged"] > 50
    assert (found["lost"], found["differs"], found["does not open"]) == (0, 0, 0)


def test_the_examination_notices_what_is_lost(crash, tmp_path):
    crash.make_project(tmp_path)
    folder = tmp_path / "project"
    said = crash.kill_once(folder, 0, 0.5)
    assert crash.examine(folder, {*said, "a gesture that nobody wrote"})["lost"] == 1
    mask = crash.painted_again(folder)
    assert mask.shape == crash.SHAPE and np.isin(mask, (0, 1, 255)).all()
