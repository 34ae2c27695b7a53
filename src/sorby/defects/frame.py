"""Edge rules: which defects touch the edge of the sample, and what that does to counts and sizes.

The edge is that of the image and of every region labelled as not sample; a defect touches it if
one of its pixels shares a side with it.
"""

from __future__ import annotations

import math

import numpy as np

_SAMPLED_POSITIONS = 1 << 16
_LARGEST_EXACT_PX = 1 << 24


def touching(instances: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Sides on which each defect touches the edge of the sample.

    Parameters
    ----------
    instances : ndarray of shape (M, N)
        Defect numbers 1..n, 0 background.
    valid : ndarray of shape (M, N)
        True where the sample is.

    Returns
    -------
    ndarray of shape (n + 1, 4)
        bool, row 0 for the background: left, top, right, bottom.
    """
    touches = np.zeros((int(instances.max(initial=0)) + 1, 4), dtype=bool)
    outside = ~valid
    some_outside = bool(outside.any())
    for side, (edge, here, next_to_it) in enumerate(_SIDES):
        touches[instances[edge], side] = True
        if some_outside:
            touches[instances[here][outside[next_to_it]], side] = True
    touches[0] = False
    return touches


_ALL, _FIRST, _LAST = slice(None), slice(1, None), slice(None, -1)
_SIDES = (
    ((_ALL, slice(0, 1)), (_ALL, _FIRST), (_ALL, _LAST)),
    ((slice(0, 1), _ALL), (_FIRST, _ALL), (_LAST, _ALL)),
    ((_ALL, slice(-1, None)), (_ALL, _LAST), (_ALL, _FIRST)),
    ((slice(-1, None), _ALL), (_LAST, _ALL), (_FIRST, _ALL)),
)
"""Left, top, right, bottom: the image's edge; pixels with a neighbour there; that neighbour."""


def in_counting_frame(touches: np.ndarray) -> np.ndarray:
    """Whether each defect counts in the unbiased frame [1]_.

    A defect that touches the edge on its right or lower side is left out, one that touches only
    on its left or upper side counts: tiled over a plane, every defect would count once. One that
    ends just at the right or lower edge is left out though it does not cross it, which makes the
    number per area too low by one pixel in the width and one in the height (0.1 % at 2000 px).

    Parameters
    ----------
    touches : ndarray of shape (n, 4)
        Sides on which each defect touches: left, top, right, bottom.

    Returns
    -------
    ndarray of shape (n,)
        bool.

    References
    ----------
    .. [1] Gundersen, Journal of Microscopy 111 (1977) 219-223.
    """
    return np.logical_not(touches[:, 2:].any(axis=1))


def border_weight(sizes: np.ndarray, touches: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Weight 1/p that makes up for large defects touching the edge more often [1]_.

    p is the share of positions at which the defect's bounding box, with one pixel around it, lies
    inside the sample. It is exact in an image without ignored regions, where it is
    (Zx − Fx)(Zy − Fy)/(Zx Zy) in whole pixels; otherwise it is counted on a regular grid of about
    65 000 positions (on all of them in a smaller image), in images of more than 16 Mpx after
    joining pixels to blocks.

    Parameters
    ----------
    sizes : ndarray of shape (n, 2)
        Rows and columns of each bounding box.
    touches : ndarray of shape (n, 4)
        Sides on which each defect touches the edge.
    valid : ndarray of shape (M, N)
        True where the sample is.

    Returns
    -------
    ndarray of shape (n,)
        At least 1; NaN for defects that touch the edge, and where the box fits nowhere.

    References
    ----------
    .. [1] Lantuéjoul, "On the estimation of mean values in individual analysis of particles",
       Microscopica Acta Suppl. 4 (1980) 266-273.
    """
    weight = np.full(len(sizes), np.nan)
    inside = np.flatnonzero(~touches.any(axis=1))
    if inside.size:
        boxes, which = np.unique(sizes[inside] + 2, axis=0, return_inverse=True)
        share = _share_of_positions(boxes, valid)
        with np.errstate(divide="ignore"):
            weight[inside] = np.where(share > 0, 1 / share, np.nan)[which.ravel()]
    return weight


def _share_of_positions(boxes: np.ndarray, valid: np.ndarray) -> np.ndarray:
    if valid.all():
        return np.prod((np.array(valid.shape) - boxes + 1) / valid.shape, axis=1)
    valid, boxes = _coarsened(valid, boxes)
    outside = np.zeros(np.add(valid.shape, 1), dtype=np.int32)  # summed area table
    np.cumsum(~valid, axis=0, dtype=np.int32, out=outside[1:, 1:])
    np.cumsum(outside, axis=1, out=outside)
    step = max(1, round((valid.size / _SAMPLED_POSITIONS) ** 0.5))
    positions = [_positions_inside(outside, height, width, step) for height, width in boxes]
    return np.minimum(1, np.array(positions) * step**2 / np.count_nonzero(valid))


def _coarsened(valid: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sample and boxes in blocks of pixels, so that the table stays small; a block is all valid."""
    edge = math.ceil((valid.size / _LARGEST_EXACT_PX) ** 0.5)
    rows, columns = valid.shape[0] // edge, valid.shape[1] // edge
    if edge == 1 or not (rows and columns):
        return valid, boxes
    blocks = valid[: rows * edge, : columns * edge].reshape(rows, edge, columns, edge)
    whole = np.all(blocks, axis=(1, 3))
    return np.asarray(whole), np.rint((boxes + edge - 1) / edge).astype(np.int64)


def _positions_inside(outside: np.ndarray, height: int, width: int, step: int) -> int:
    """How many boxes, one at each ``step`` pixels, hold no pixel outside the sample."""
    start = step // 2
    upper, lower = outside[start:-height:step], outside[start + height :: step]
    upper, lower = upper[: len(lower)], lower[: len(upper)]
    left, right = slice(start, -width, step), slice(start + width, None, step)
    up_to_bottom = lower[:, right] - lower[:, left]
    up_to_top = upper[:, right] - upper[:, left]
    return int(np.count_nonzero(up_to_bottom == up_to_top))
