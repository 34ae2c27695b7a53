"""Whether probabilities mean what they say, and whether doubt lies where the errors are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sorby.core.errors import SettingError


@dataclass(frozen=True)
class Reliability:
    """Pixels by their probability of defect, and how many of them are defect.

    Sums add up over fields; what is divided is divided once, at the end.

    Attributes
    ----------
    n_px : ndarray of int of shape (n_bins,)
        Pixels of each bin; the bins are of equal width, from 0 to 1.
    summed_probability : ndarray of shape (n_bins,)
        Sum of their probabilities.
    n_defect : ndarray of int of shape (n_bins,)
        Those that are defect in truth.
    """

    n_px: np.ndarray = field(repr=False)
    summed_probability: np.ndarray = field(repr=False)
    n_defect: np.ndarray = field(repr=False)

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(
            self.n_px + other.n_px,
            self.summed_probability + other.summed_probability,
            self.n_defect + other.n_defect,
        )

    @property
    def mean_probability(self) -> np.ndarray:
        """Mean probability of each bin; NaN where it is empty."""
        return _ratio(self.summed_probability, self.n_px)

    @property
    def defect_share(self) -> np.ndarray:
        """Share of each bin that is defect; NaN where it is empty."""
        return _ratio(self.n_defect, self.n_px)

    @property
    def expected_error(self) -> float:
        """Mean over the pixels of the distance between probability and share of their bin.

        NaN where there is no pixel.
        """
        total = self.n_px.sum()
        if not total:
            return float("nan")
        return float(np.abs(self.summed_probability - self.n_defect).sum() / total)


def reliability(probability: np.ndarray, is_defect: np.ndarray, *, n_bins: int = 15) -> Reliability:
    """Sort pixels by their probability of defect and count the defects among them.

    Parameters
    ----------
    probability : ndarray of shape (n,)
        Of defect, 0 to 1.
    is_defect : ndarray of bool of shape (n,)
        The truth.
    n_bins : int
        Bins of equal width; each holds its lower edge, the last also 1.

    Returns
    -------
    Reliability

    Raises
    ------
    SettingError
        If the shapes differ, a probability is not within 0 to 1, or there is no bin.

    References
    ----------
    .. [1] Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 2.

    Examples
    --------
    >>> found = reliability(np.array([0.1, 0.2, 0.9]), np.array([0, 1, 1], bool), n_bins=2)
    >>> found.n_px.tolist(), found.defect_share.tolist()
    ([2, 1], [0.5, 1.0])
    """
    probability, is_defect = np.asarray(probability, float), np.asarray(is_defect, bool)
    _check_alike("probabilities", probability, is_defect)
    if n_bins < 1:
        raise SettingError(f"n_bins is {n_bins}. Give at least one bin.")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise SettingError(
            f"Probabilities go from {probability.min():.3g} to {probability.max():.3g}. They must "
            "be within 0 to 1: leave out pixels that are NaN, and give probabilities, no logits."
        )
    number = np.minimum((probability * n_bins).astype(np.int64), n_bins - 1).ravel()
    n_defect = np.bincount(number[is_defect.ravel()], minlength=n_bins)
    summed = np.bincount(number, weights=probability.ravel(), minlength=n_bins)
    return Reliability(np.bincount(number, minlength=n_bins), summed, n_defect)


def expected_calibration_error(
    probability: np.ndarray, is_defect: np.ndarray, *, n_bins: int = 15
) -> float:
    """Mean distance between the probability of defect and the share that is defect.

    Of pixels in bins of equal width of the probability of *defect* (of the probability of the
    called class in [1]_). Where nearly all pixels are surely background they alone decide it:
    give those in doubt a number of their own.

    Parameters
    ----------
    probability, is_defect, n_bins
        As for `reliability`.

    Returns
    -------
    float
        0 (as good as its bins can tell) to 1; NaN without a pixel.

    References
    ----------
    .. [1] Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

    Examples
    --------
    >>> said = np.array([0.25, 0.25, 0.25, 0.25])
    >>> expected_calibration_error(said, np.array([1, 1, 0, 0], bool), n_bins=2)
    0.25
    """
    return reliability(probability, is_defect, n_bins=n_bins).expected_error


def caught(uncertainty: np.ndarray, is_wrong: np.ndarray, share: float) -> float:
    """Share of the wrong pixels that lie among the most uncertain ones.

    Parameters
    ----------
    uncertainty : ndarray of shape (n,)
        Of each pixel, of any scale.
    is_wrong : ndarray of bool of shape (n,)
        Whether the mask is wrong there.
    share : float
        Of the pixels that are looked at, above 0 and at most 1; at least one pixel is.

    Returns
    -------
    float
        0 to 1. Of pixels with the uncertainty at the cut, the expected part counts, as if they
        were looked at in random order; so a constant catches ``share``. NaN if none is wrong.

    Raises
    ------
    SettingError
        If the shapes differ or the share is none.

    Examples
    --------
    >>> caught(np.array([0.9, 0.5, 0.2, 0.1]), np.array([1, 0, 0, 1], bool), 0.25)
    0.5
    """
    uncertainty = np.asarray(uncertainty, float).ravel()
    is_wrong = np.asarray(is_wrong, bool).ravel()
    _check_alike("uncertainties", uncertainty, is_wrong)
    if not 0 < share <= 1:
        raise SettingError(f"share is {share}. Give a part of the pixels, as 0.01 for 1 %.")
    n_wrong = np.count_nonzero(is_wrong)
    if not n_wrong:
        return float("nan")
    n_looked = max(1, round(share * uncertainty.size))
    cut = np.partition(uncertainty, -n_looked)[-n_looked]
    is_above, is_tied = uncertainty > cut, uncertainty == cut
    part = (n_looked - np.count_nonzero(is_above)) / np.count_nonzero(is_tied)
    found = np.count_nonzero(is_above & is_wrong) + part * np.count_nonzero(is_tied & is_wrong)
    return float(found / n_wrong)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def _check_alike(what: str, values: np.ndarray, truth: np.ndarray) -> None:
    if values.shape != truth.shape:
        raise SettingError(
            f"There are {values.shape} {what} and {truth.shape} pixels of the truth. They must be "
            "the same pixels in the same order."
        )
