"""Answers as JSON holds them."""

from __future__ import annotations

import math
from typing import Any


def plain(value: Any) -> Any:
    """Value that JSON can hold.

    Parameters
    ----------
    value : object
        Dicts, sequences, numbers, numpy's included.

    Returns
    -------
    object
        NaN and infinity become None, numpy's arrays and numbers Python's, keys and whatever else
        there is (paths) text.

    Examples
    --------
    >>> plain({"sd": float("nan"), 1: (True, 2)})
    {'sd': None, '1': [True, 2]}
    """
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)
