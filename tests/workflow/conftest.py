"""Small projects for the learning loop: dark discs in noisy metal, every mask known."""

import dataclasses
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from sorby.io import write_mask, write_micrograph
from sorby.project import Project
from sorby.segment import presets
from sorby.workflow import import_masks, new_project, select, train_project
from sorby.workflow.embedding import embed_fields
from sorby.workflow.splitting import lock_test_fields

SHAPE = (96, 112)


def metal(seed, *, n_discs=4, gray=60, value=1, shape=SHAPE):
    """Gray values and mask of a field: discs of 5 to 8 px radius, blur, structure and noise.

    The mask holds 2 px more around each disc: a habit of this person, which no method without
    labels can know and a network learns.
    """
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    dark, mask = np.zeros(shape, bool), np.zeros(shape, np.uint8)
    for _ in range(n_discs):
        row, column = (rng.integers(10, length - 10) for length in shape)
        radius = rng.integers(5, 9)
        distance = np.hypot(rows - row, columns - column)
        dark |= distance <= radius
        mask[distance <= radius + 2] = value
    structure = 60 * ndimage.gaussian_filter(rng.normal(size=shape), 3)
    level = np.where(dark, float(gray), 190.0) + structure
    pixels = ndimage.gaussian_filter(level, 0.8) + rng.normal(0, 4, shape)
    return pixels.clip(0, 255).astype(np.uint8), mask


@dataclass
class Sample:
    """A field as a user has it: image, true mask and what the fields table says."""

    name: str
    pixels: np.ndarray
    mask: np.ndarray
    specimen: str = ""
    split: str = ""
    um_per_px: str = ""


@dataclass
class Study:
    """A project in its folder, and a folder with the true mask of each of its fields."""

    folder: Path
    truth: Path
    made: dict = field(default_factory=dict)

    def open(self):
        return Project.open(self.folder)

    def label(self, *names):
        """Give fields their true masks, as a person does."""
        return import_masks(self.folder, [self.truth / f"{name}.png" for name in names])

    def picks(self):
        with self.open() as project:
            return list(project.rounds.picks()["image"])

    def masks(self):
        with self.open() as project:
            return project.masks()

    def pixels_of(self, stored):
        with self.open() as project:
            return project.read_mask(stored)

    def fields(self):
        with self.open() as project:
            return {one.name: one for one in project.fields()}

    def model(self, number=None):
        with self.open() as project:
            return project.models.get(number) if number else project.models.current()

    def steps(self, name):
        with self.open() as project:
            return [step for step in project.history() if step.step == name]


def write_study(home, samples, *, labelled=(), **options):
    """Write images, table and true masks, and make the project of them."""
    lines = ["image,specimen,split,um_per_px"]
    for one in samples:
        write_micrograph(home / "images" / f"{one.name}.png", one.pixels)
        write_mask(home / "truth" / f"{one.name}.png", one.mask)
        lines.append(f"{one.name},{one.specimen},{one.split},{one.um_per_px}")
    (home / "fields.csv").write_text("\n".join(lines) + "\n")
    made = new_project(
        home / "study",
        [home / "images"],
        fields_table=home / "fields.csv",
        masks=[home / "truth" / f"{name}.png" for name in labelled],
        copy=True,
        **options,
    )
    return Study(home / "study", home / "truth", made)


def pool_and_test(n_pool=8, n_test=4, *, test_seed=100):
    """Fields to learn from and fields for tests, two of each specimen."""
    pool = [Sample(f"p{n}", *metal(n), f"S{n // 2}", "pool") for n in range(n_pool)]
    test = [Sample(f"t{n}", *metal(test_seed + n), f"T{n // 2}", "test") for n in range(n_test)]
    return [*pool, *test]


def quick_presets():
    """The preset fast with few steps, each five times as long, on small crops."""
    fast = presets.PRESETS["fast"]
    return presets.PRESETS | {
        "fast": dataclasses.replace(
            fast,
            learning_rates=tuple((share, 5 * rate) for share, rate in fast.learning_rates),
            warm_rates=tuple((share, 5 * rate) for share, rate in fast.warm_rates),
            n_steps=8,
            warm_steps=8,
            crop_px=64,
            batch=2,
            check_every=2,
        )
    }


@contextmanager
def shortened():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(presets, "PRESETS", quick_presets())
        yield


@pytest.fixture(scope="session")
def short_trainings():
    """Context in which trainings take a second, for fixtures that outlive a test."""
    return shortened


@pytest.fixture
def quick(monkeypatch):
    """Trainings of this test take a second."""
    monkeypatch.setattr(presets, "PRESETS", quick_presets())


@pytest.fixture(scope="session")
def labs():
    """What the tests of the learning loop build their projects with."""

    class Labs:
        metal = staticmethod(metal)
        Sample = Sample
        Study = Study
        write_study = staticmethod(write_study)
        pool_and_test = staticmethod(pool_and_test)

    return Labs


@pytest.fixture(scope="session")
def fresh_once(tmp_path_factory):
    """Eight pool and four test fields, looked at once; nothing is chosen or labelled yet."""
    study = write_study(tmp_path_factory.mktemp("fresh"), pool_and_test())
    with study.open() as project:
        study.made["lock"] = lock_test_fields(project)
        embed_fields(project, project.fields())
    return study


@pytest.fixture(scope="session")
def taught_once(fresh_once, tmp_path_factory):
    """Four fields were chosen and labelled, the test fields too, and one model was trained."""
    home = tmp_path_factory.mktemp("taught")
    shutil.copytree(fresh_once.folder, home / "study")
    study = Study(home / "study", fresh_once.truth)
    study.label("t0", "t1", "t2", "t3")
    study.label(*(pick["image"] for pick in select(study.folder, n_select=4)["picks"]))
    with shortened():
        study.made = train_project(study.folder)
    return study


def _copied(study, home):
    shutil.copytree(study.folder, home / "study")
    return Study(home / "study", study.truth, study.made)


@pytest.fixture
def fresh(fresh_once, tmp_path):
    """Own copy of the project in which nothing is chosen or labelled."""
    return _copied(fresh_once, tmp_path)


@pytest.fixture
def taught(taught_once, tmp_path):
    """Own copy of the project with one model."""
    return _copied(taught_once, tmp_path)
