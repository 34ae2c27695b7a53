"""Fields that are copies of one another, shifted or resized: they must not be counted twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import next_fast_len
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sorby.core.errors import SettingError
from sorby.core.records import Micrograph
from sorby.features.blocks import block_correlation, likeliest_shift
from sorby.features.fields import paired_fields
from sorby.features.thumbnails import evened, resized, thumbnail
from sorby.metrics.shifted import ShiftedViews

SAME_FIELD = 0.8
"""Correlation that half of the blocks of the common part must reach in copies."""

_COARSE, _CLOSER, _FINE = 64, 128, 256
_STEP = 2**0.125
_MOST_STEPS = 8
_NUDGES = (-1 / 3, 0.0, 1 / 3)
_SUSPECT = 5.0
_DOUBTFUL = 0.5
_SMALLEST_OVERLAP = 0.25
_FLAT = 0.05


def near_duplicate_fields(
    micrographs: Iterable[Micrograph],
    *,
    valid: Sequence[np.ndarray | None] | None = None,
    um_per_px: Sequence[float | None] | None = None,
) -> np.ndarray:
    """Group fields that are shifted, cropped or resized copies of one another.

    Two fields belong together if, at some shift and ratio of sizes from 1/2 to 2, at least a
    quarter of the smaller one is common and half of the blocks (4 x 4) of the common part
    correlate with 0.8 or more; and so do the friends of friends. Thumbnails with brightness
    and contrast evened out find the suspects: of 64 px at 17 ratios, of 128 px at equal pixels
    and at equal micrometres, wherever the best shift is 5 standard deviations above what
    unrelated textures give. Thumbnails of 256 px decide. Turned or mirrored copies are not found.

    Parameters
    ----------
    micrographs : iterable of Micrograph
        The fields, of any sizes. Taken one at a time; only thumbnails are kept.
    valid : sequence of (ndarray of shape (M, N) or None), optional
        Pixels that are sample, one mask or None for each field.
    um_per_px : sequence of (float or None), optional
        Edge of a pixel of each field, in µm; by default as the micrographs say.

    Returns
    -------
    ndarray of int64 of shape (n,)
        Numbered 0.. in the order of first appearance.

    Raises
    ------
    SettingError
        If masks or pixel sizes are not one for each field.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> noise = np.random.default_rng(0).normal(size=(200, 300))
    >>> wall = 128 + 400 * gaussian_filter(noise, 3)
    >>> views = [wall[:, :220], wall[::-1, :220], wall[:, 70:]]
    >>> near_duplicate_fields([Micrograph(view) for view in views]).tolist()
    [0, 1, 0]
    """
    fields = [
        _Field.of(micrograph, mask)
        for micrograph, mask, _ in paired_fields(micrographs, valid, 1.0)
    ]
    n = len(fields)
    if um_per_px is not None and len(um_per_px) != n:
        raise SettingError(f"{len(um_per_px)} pixel sizes for {n} fields: give one for each.")
    links = list(_links(fields, um_per_px or [field.um_per_px for field in fields]))
    first, second = np.array(links, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


@dataclass(frozen=True)
class _Field:
    """What is kept of a field: a thumbnail, its size before, and its scale."""

    fine: np.ndarray
    edge_px: int
    um_per_px: float | None

    @classmethod
    def of(cls, micrograph: Micrograph, valid: np.ndarray | None) -> _Field:
        edge = max(micrograph.pixels.shape)
        return cls(thumbnail(micrograph, valid, _FINE), edge, micrograph.um_per_px)

    def at(self, edge_px: float) -> np.ndarray:
        """Evened thumbnail with a longer edge of so many pixels."""
        return evened(resized(self.fine, edge_px / _FINE))


def _links(fields: Sequence[_Field], scales: Sequence[float | None]) -> Iterator[tuple[int, int]]:
    """Pairs of copies, each field linked to the first it is found to copy."""
    for first, second, steps in _suspects(fields, scales):
        if _are_copies(fields[first], fields[second], steps):
            yield first, second


def _suspects(
    fields: Sequence[_Field], scales: Sequence[float | None]
) -> Iterator[tuple[int, int, int]]:
    """Pairs alike at the coarse look, with the ratio of their scenes in steps."""
    n = len(fields)
    upper = np.triu(np.ones((n, n), bool), 1)
    looks = [(_COARSE, step, upper) for step in range(-_MOST_STEPS, _MOST_STEPS + 1)]
    for likely in _known_steps(fields, scales):
        looks += [(_CLOSER, int(s), upper & (likely == s)) for s in np.unique(likely[upper])]
    best, best_step = np.zeros((n, n)), np.zeros((n, n), int)
    for edge_px, step, asked in looks:
        alike = _look(fields, edge_px, step, asked)
        better = alike > best
        best[better], best_step[better] = alike[better], step
    for first, second in np.argwhere(best >= _SUSPECT):
        yield int(first), int(second), int(best_step[first, second])


def _known_steps(fields: Sequence[_Field], scales: Sequence[float | None]) -> list[np.ndarray]:
    """Steps at which pixels of each pair agree, and micrometres where they differ from that."""
    edges = np.array([float(field.edge_px) for field in fields])
    lengths = edges * np.array([np.nan if scale is None else scale for scale in scales], float)
    found = []
    for pitch in (np.log(edges), np.log(lengths)):
        steps = (pitch[None] - pitch[:, None]) / np.log(_STEP)
        known = np.abs(steps) <= 2 * _MOST_STEPS
        found.append(np.where(known, np.rint(steps), 0).astype(int))
    return found if (found[0] != found[1]).any() else found[:1]


def _edges(coarse: int, step: float) -> tuple[float, float]:
    """Longer edges at which two fields show their scene at one size."""
    return coarse * _STEP ** -max(step, 0.0), coarse * _STEP ** min(step, 0.0)


def _look(fields: Sequence[_Field], edge_px: int, step: int, asked: np.ndarray) -> np.ndarray:
    """Significance of the best shift of each pair that is asked for, else 0."""
    alike = np.zeros(asked.shape)
    if not asked.any():
        return alike
    first_edge, second_edge = _edges(edge_px, step)
    partners = list(_stacks(fields, second_edge, 2 * edge_px))
    for members, firsts in _stacks(fields, first_edge, 2 * edge_px):
        for others, seconds in partners:
            for place, number in enumerate(members):
                chosen = np.flatnonzero(asked[number, others])
                if len(chosen):
                    found = firsts.most_significant(place, seconds, chosen)[0]
                    alike[number, others[chosen]] = found
    return alike


def _stacks(
    fields: Sequence[_Field], edge_px: float, frame_px: int
) -> Iterator[tuple[np.ndarray, ShiftedViews]]:
    """Fields whose thumbnails have the same shape, together."""
    views = [field.at(edge_px) for field in fields]
    shapes = np.array([view.shape for view in views])
    tallest, widest = (
        np.max([np.array(f.fine.shape) for f in fields], axis=0) * frame_px // _FINE + 2
    )
    frame = next_fast_len(int(tallest)), next_fast_len(int(widest), real=True)
    for shape in np.unique(shapes, axis=0):
        members = np.flatnonzero((shapes == shape).all(axis=1))
        stack = np.stack([views[number] for number in members])
        yield members, _shifted(stack, frame)


def _shifted(views: np.ndarray, frame: tuple[int, int]) -> ShiftedViews:
    return ShiftedViews(views, frame=frame, smallest_overlap=_SMALLEST_OVERLAP, flat=_FLAT)


def _are_copies(first: _Field, second: _Field, step: int) -> bool:
    """A finer look at the ratio that the coarse one found, and a little beside it."""
    if np.array_equal(first.fine, second.fine):
        return bool(first.fine.std() > 0)
    if _agreement(first, second, _CLOSER, step) < _DOUBTFUL:
        return False
    agreements = (_agreement(first, second, _FINE, step + nudge) for nudge in _NUDGES)
    return any(agreement >= SAME_FIELD for agreement in agreements)


def _agreement(first: _Field, second: _Field, edge_px: int, step: float) -> float:
    """Median correlation of the blocks at the best shift; NaN where too little is common."""
    edges = _edges(edge_px, step)
    views = first.at(edges[0]), second.at(edges[1])
    shift = likeliest_shift(*views, smallest_overlap=_SMALLEST_OVERLAP)
    return block_correlation(*views, shift)
