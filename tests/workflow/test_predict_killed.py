"""`sorby predict` on many images is killed: the same command goes on where it was."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sorby.io import write_micrograph
from sorby.project import Project
from sorby.workflow import new_project

N_FIELDS = 6


def command(folder):
    return [sys.executable, "-m", "sorby", "predict", str(folder), "--method", "flatfield_otsu"]


def stored(folder):
    """Hash of each mask that is kept; reading it proves that it is whole."""
    with Project.open(folder) as project:
        for mask in project.masks().values():
            project.read_mask(mask)
        return {name: (mask.version, mask.sha256) for name, mask in project.masks().items()}


@pytest.fixture
def folder(rng, tmp_path):
    for number in range(N_FIELDS):
        gray = rng.normal(190, 4, (600, 600))
        gray[100:140, 50 : 90 + number] = 50
        write_micrograph(tmp_path / "images" / f"{number}.png", gray.clip(0, 255).astype(np.uint8))
    new_project(tmp_path / "p", [tmp_path / "images"])
    return tmp_path / "p"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_killed_half_way_the_same_command_goes_on_and_redoes_nothing(folder):
    process = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 300
    while len(stored(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = stored(folder)
    assert 2 <= len(kept) < N_FIELDS
    done = subprocess.run(command(folder), capture_output=True, text=True, check=True)
    found = stored(folder)
    assert len(found) == N_FIELDS
    assert {name: found[name] for name in kept} == kept
    assert str(N_FIELDS - len(kept)) in done.stdout
