"""Shared fixtures: where the real data lies, and a generator."""

import os
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data; skips without it, fails under SORBY_REQUIRE_SHARED=1."""
    if not SHARED.is_dir():
        reason = f"the real data is not beside the repository (looked for {SHARED})"
        if os.environ.get("SORBY_REQUIRE_SHARED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
