"""Refusal of values that cannot be physical."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sorby.core.errors import SettingError


def positive(name: str, values: ArrayLike) -> np.ndarray:
    """Return the values as float64 if all are positive and finite; NaN (unknown) may pass.

    Parameters
    ----------
    name : str
        What is checked, for the message.
    values : array_like
        Numbers.

    Returns
    -------
    ndarray
        The same numbers.

    Raises
    ------
    SettingError
        If a value is zero, negative or infinite.
    """
    array = np.asarray(values, dtype=float)
    bad = array[~np.isnan(array) & ~((array > 0) & np.isfinite(array))]
    if bad.size:
        raise SettingError(f"{name} is {bad.flat[0]:g}. It must be a positive number.")
    return array
