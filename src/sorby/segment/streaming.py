"""Large fields through a network: only a tile of what it sees is ever held."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sorby.core.planes import NewPlane, Plane
from sorby.core.tiling import windows
from sorby.learn.runtime import Engine
from sorby.segment.planes import FieldView
from sorby.segment.scaling import Stretch, stretched

HALO_PX = 192
"""What the network sees around a tile: more than any of its pixels depends on."""


def streamed_probability(
    view: FieldView,
    run: Engine,
    *,
    n_classes: int,
    stride: int,
    tile_px: int,
    finds_outside: bool,
    new_plane: NewPlane,
) -> Any:
    """Probability of each defect class at the field's scale.

    Parameters
    ----------
    view : FieldView
        The field.
    run : callable
        Engine of the network, see `sorby.learn.runtime`.
    n_classes : int
        Defect classes.
    stride : int
        Of the network.
    tile_px : int
        Edge of the tiles, in px of the field or of the model's scale, whichever is finer.
    finds_outside : bool
        Whether resin and outside are left out.
    new_plane : callable
        Makes the plane that is returned.

    Returns
    -------
    ndarray of shape (M, N, classes), float32
        0 to 1; 0 where nothing is valid, NaN where no sample is seen.
    """
    found = new_plane((*view.shape, n_classes), np.float32)
    down, along = (Stretch(axis.n_out, axis.n_in) for axis in view.axes)
    size = max(stride, int(tile_px / max(view.factor, 1)) // stride * stride)
    for window in windows(view.shape, size=size):
        rows, columns = window.core
        source = down.source(rows), along.source(columns)
        each = _at_scale_of_model(view, run, source, stride)
        part = np.stack([stretched(one, (down, rows), (along, columns)) for one in each], axis=-1)
        part = part.clip(0, 1)
        _leave_out(part, view, window.core, finds_outside=finds_outside)
        found[window.core] = part
    return found


def probability_of(logits: np.ndarray) -> np.ndarray:
    """Probability of each defect class, (classes, M, N), of logits (1 or classes + 1, M, N)."""
    scores = torch.from_numpy(logits)
    each = torch.sigmoid(scores) if len(logits) == 1 else torch.softmax(scores, dim=0)[1:]
    return each.numpy()


def _at_scale_of_model(
    view: FieldView, run: Engine, core: tuple[slice, slice], stride: int
) -> np.ndarray:
    """Probability (classes, m, n) of a window, from all that it depends on."""
    seen, inner, missing, wanted = [], [], [], []
    for span, axis in zip(core, view.axes, strict=True):
        end = -(-axis.n_out // stride) * stride
        start = max(0, (span.start - HALO_PX) // stride * stride)
        stop = min(end, -(-(span.stop + HALO_PX) // stride) * stride)
        seen.append(slice(start, min(stop, axis.n_out)))
        missing.append((0, stop - seen[-1].stop))
        first, last = span.start // stride * stride, -(-span.stop // stride) * stride
        inner.append(slice(first - start, last - start))
        wanted.append(slice(span.start - first, span.stop - first))
    planes = np.pad(view.block(*seen), ((0, 0), *missing), "symmetric")
    return probability_of(run(planes[None], tuple(inner))[0][:, *wanted])


def _leave_out(
    part: np.ndarray, view: FieldView, core: tuple[slice, slice], *, finds_outside: bool
) -> None:
    """Write 0 where a window is not valid, NaN where no sample is seen."""
    valid: Plane | None = view.valid
    if valid is not None:
        part[~np.asarray(valid[core], bool)] = 0
    if finds_outside:
        part[view.outside(*core)] = np.nan
    if view.pixels.dtype.kind == "f":
        part[~np.isfinite(view.pixels[core])] = 0
