"""Novelty, coverage and drift against clouds whose truth is known."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import binom

from sorby.core.errors import SettingError
from sorby.select import novelty as module
from sorby.select.novelty import (
    LEAST_LABELLED,
    NOVEL_P,
    batch_drift,
    coverage,
    novelty,
)

N_SEEDS = 400


def by_definition(new, known, k):
    """p of one image: every member of the set scored against all others."""
    both = np.concatenate([new[None], known])
    distance = cdist(both, both)
    np.fill_diagonal(distance, np.inf)
    score = np.sort(distance, axis=1)[:, :k].mean(axis=1)
    return (score >= score[0] * (1 - 1e-9)).mean()


def within(n_hits, n, share):
    """Whether a count is one that a binomial shows all but once in a million times."""
    low, high = binom.ppf([5e-7, 1 - 5e-7], n, share)
    return low <= n_hits <= high


def test_p_is_that_of_the_definition(rng):
    known, new = rng.normal(size=(25, 6)), rng.normal(size=(9, 6)) * 1.5
    truth = [by_definition(one, known, 5) for one in new]
    assert novelty(new, known).p == pytest.approx(truth)
    assert novelty(new, known, k=1).p == pytest.approx(
        [by_definition(one, known, 1) for one in new]
    )


@pytest.mark.parametrize("n_labelled", [19, 39, 100])
def test_share_called_novel_is_the_level_where_all_come_from_one_cloud(n_labelled):
    p = np.empty(N_SEEDS)
    for seed in range(N_SEEDS):  # one image a seed: independent trials
        cloud = np.random.default_rng(seed).normal(size=(n_labelled + 1, 10))
        p[seed] = novelty(cloud[:1], cloud[1:]).p[0]
    for level in (0.05, 0.25, 0.5, 0.9):
        exact = np.floor(level * (n_labelled + 1)) / (n_labelled + 1)
        assert within((p <= level + 1e-12).sum(), N_SEEDS, exact)


def test_shape_of_the_cloud_does_not_matter():
    p = np.empty(N_SEEDS)
    for seed in range(N_SEEDS):
        rng = np.random.default_rng(seed)
        cloud = rng.standard_t(2, size=(40, 4)) * [1, 5, 20, 0.1] + rng.integers(3, size=(40, 1))
        p[seed] = novelty(cloud[:1], cloud[1:]).p[0]
    assert within((p <= 0.05 + 1e-12).sum(), N_SEEDS, 0.05)


def test_shifted_cloud_is_novel_and_its_batch_has_drifted(rng):
    known = rng.normal(size=(40, 10))
    shifted = rng.normal(size=(30, 10)) + 3
    found = novelty(shifted, known)
    assert found.is_novel().all()
    assert found.p == pytest.approx(1 / 41)
    assert batch_drift(shifted, known, rng=rng) == 0.001
    assert coverage(shifted, known).share_beyond == 1


def test_small_shift_of_all_is_drift_though_no_image_is_novel(rng):
    """Drift is of the batch, novelty of the image: that is why both are asked."""
    known, shifted = rng.normal(size=(200, 10)), rng.normal(size=(200, 10)) + 0.5
    assert batch_drift(shifted, known, rng=rng) <= 0.01
    assert novelty(shifted, known).is_novel().mean() < 0.3


def test_drift_of_equal_sources_is_uniform():
    p = np.empty(N_SEEDS)
    for seed in range(N_SEEDS):
        rng = np.random.default_rng(seed)
        p[seed] = batch_drift(rng.normal(size=(10, 5)), rng.normal(size=(14, 5)), rng=rng)
    for level in (0.01, 0.05, 0.5):
        assert within((p <= level + 1e-12).sum(), N_SEEDS, level)


def test_same_seed_same_p_and_large_batches_are_drawn_from(rng):
    known, new = rng.normal(size=(1200, 3)), rng.normal(size=(700, 3)) + 0.3
    twice = [batch_drift(new, known, rng=np.random.default_rng(3)) for _ in range(2)]
    assert twice == [0.001, 0.001]


def test_identical_images_have_not_drifted_and_are_not_novel(rng):
    same = np.ones((20, 4))
    assert batch_drift(same[:10], same, rng=rng) == 1
    assert novelty(same[:3], same).p.tolist() == [1, 1, 1]


@pytest.mark.parametrize("n_labelled", [1, 2, 4, LEAST_LABELLED - 1])
def test_few_labelled_images_are_not_enough(rng, n_labelled):
    far = rng.normal(size=(12, 3)) + 50
    found = novelty(far, rng.normal(size=(n_labelled, 3)))
    assert not found.is_enough
    assert np.isnan(found.p).all()
    assert not found.is_novel().any()
    assert np.isfinite(found.distance).all()
    assert np.isnan(coverage(far, rng.normal(size=(n_labelled, 3))).share_beyond)


def test_fewest_labelled_images_that_are_enough_can_call_novel(rng):
    assert 1 / (LEAST_LABELLED + 1) <= NOVEL_P < 1 / LEAST_LABELLED
    assert novelty([[50.0] * 3], rng.normal(size=(LEAST_LABELLED, 3))).is_novel().all()


def test_few_images_are_no_batch(rng):
    known = rng.normal(size=(30, 3))
    assert np.isnan(batch_drift(known[:9] + 9, known, rng=rng))
    assert np.isnan(batch_drift(known, known[:9], rng=rng))


def test_coverage_is_worked_out_on_a_line():
    labelled = np.arange(20.0)[:, None] * 2
    found = coverage([[0.5], [1.0], [38.0], [48.0]], labelled)
    assert found.own_q95 == 2
    assert found.share_beyond == 0.25
    assert found.q95 == pytest.approx(np.quantile([0.5, 1, 0, 10], 0.95))


def test_chunks_change_nothing(rng, monkeypatch):
    known, new = rng.normal(size=(30, 4)), rng.normal(size=(50, 4))
    whole, wide = novelty(new, known), coverage(new, known)
    monkeypatch.setattr(module, "_CHUNK", 70)
    assert np.array_equal(novelty(new, known).p, whole.p)
    assert np.array_equal(novelty(new, known).distance, whole.distance)
    assert coverage(new, known) == wide


@pytest.mark.parametrize("function", [novelty, coverage])
def test_tables_that_do_not_fit_are_refused(function):
    for new, known in (
        (np.zeros((2, 3)), np.zeros((4, 2))),
        (np.zeros(3), np.zeros((4, 3))),
        (np.zeros((2, 3)), np.zeros((0, 3))),
    ):
        with pytest.raises(SettingError, match="cannot be compared"):
            function(new, known)


def test_no_image_to_cover_and_no_neighbour_are_refused():
    with pytest.raises(SettingError, match="Every image is labelled"):
        coverage(np.zeros((0, 2)), np.zeros((3, 2)))
    with pytest.raises(SettingError, match="0 neighbours"):
        novelty(np.zeros((1, 2)), np.zeros((3, 2)), k=0)


def test_no_image_to_judge_is_no_error():
    assert novelty(np.zeros((0, 2)), np.zeros((30, 2))).p.shape == (0,)
