"""Patches with known truth: discs are pores, flat cusped voids are lack of fusion."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage


def drawn_patch(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Dark disc or flat void in the centre of grainy metal."""
    row, column = np.mgrid[:128, :128] - 63.5 + rng.normal(0, 2, (2, 1, 1))
    size = rng.uniform(5, 12)
    if kind == "porosity":
        void = np.hypot(row, column) < size
    else:
        void = np.abs(row) < 0.35 * size * (1.3 + np.cos(column / size * 2))
        void &= np.abs(column) < 2.2 * size
    metal = rng.uniform(120, 220) + 60 * ndimage.gaussian_filter(rng.normal(size=(128, 128)), 2)
    gray = ndimage.gaussian_filter(np.where(void, rng.uniform(5, 40), metal), 0.8)
    return np.clip(gray + rng.normal(0, 2, gray.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def drawn():
    """40 patches and their labels, alternating."""
    rng = np.random.default_rng(7)
    labels = np.array(["porosity", "lack_of_fusion"] * 20)
    return np.stack([drawn_patch(label, rng) for label in labels]), labels


@pytest.fixture(scope="session")
def wall():
    """Large piece of texture, from which overlapping views are cut."""
    rng = np.random.default_rng(3)
    fine, coarse = (ndimage.gaussian_filter(rng.normal(size=(400, 400)), s) for s in (1.5, 8))
    gray = 128 + 40 * fine / fine.std() + 25 * coarse / coarse.std()
    return np.clip(gray, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def etched(shared_data):
    """The paper's etched patches, (197, 128, 128), and their labels."""
    folder = shared_data / "etched_patches"
    table = pd.read_csv(folder / "labels.csv")
    images = [np.asarray(Image.open(folder / "images" / name)) for name in table["file"]]
    return np.stack(images), table["label"].to_numpy(str)
