"""Randomness: seeds become generators once, and generators are passed on."""

from __future__ import annotations

import numpy as np

from sorby.core.errors import SettingError


def generator(seed: int) -> np.random.Generator:
    """Random generator of a seed.

    Parameters
    ----------
    seed : int
        Not negative. The same seed gives the same results on the same machine.

    Returns
    -------
    numpy.random.Generator
        Pass it on; children come from its ``spawn``.

    Raises
    ------
    SettingError
        If the seed is negative.
    """
    if seed < 0:
        raise SettingError(f"The seed is {seed}. It must be 0 or a positive whole number.")
    return np.random.default_rng(seed)
