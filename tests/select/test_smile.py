"""SMILE on pools whose groups are known."""

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.select.clusters import Clusters, cluster_map
from sorby.select.smile import shares, smile
from sorby.select.smile_uncertainty import smile_uncertainty


@pytest.fixture
def groups(rng):
    """Four well separated groups of 15 images: rows 0..14, 15..29, ..."""
    centres = 30 * np.eye(4, 6)
    return np.repeat(centres, 15, axis=0) + rng.normal(size=(60, 6))


def group_of(rows):
    return sorted(row // 15 for row in rows)


def go(embedding, n_select, seed=0, **options):
    return smile(embedding, n_select, rng=np.random.default_rng(seed), **options)


def test_every_group_is_a_cluster_and_gets_its_pick(groups):
    chosen = go(groups, 4)
    labels = chosen.clusters.reshape(4, 15)
    assert (labels == labels[:, :1]).all()
    assert sorted(labels[:, 0].tolist()) == [0, 1, 2, 3]
    assert group_of(chosen.indices) == [0, 1, 2, 3]
    assert chosen.notes == ()


def test_groups_without_labels_come_first(groups):
    chosen = go(groups, 2, labelled=[0, 5, 16, 20])
    assert group_of(chosen.indices) == [2, 3]


def test_clusters_are_numbered_from_the_widest_and_scored_by_spread(groups):
    chosen = go(groups, 4)
    spread = [
        np.linalg.norm(chosen.map_xy[chosen.clusters == number].std(axis=0)) for number in range(4)
    ]
    assert spread == sorted(spread, reverse=True)
    np.testing.assert_allclose(chosen.scores, np.array(spread)[chosen.clusters])


def test_reasons_are_a_users_words(groups):
    reasons = go(groups, 8, n_clusters=4).reasons
    assert "The widest of 4 clusters (15 unlabelled images); " in reasons[0]
    assert any(reason.startswith("The 2nd widest of 4 clusters") for reason in reasons)


def test_a_search_that_was_cut_short_is_said_in_the_reason(groups, monkeypatch):
    assert not any("before it could prove" in reason for reason in go(groups, 12).reasons)
    monkeypatch.setattr("sorby.select.lhs_search._LOOKS", {True: 3, False: 3})
    assert all("before it could prove" in reason for reason in go(groups, 12).reasons)


def test_a_cloud_without_groups_is_said_to_be_uniform(rng):
    notes = go(rng.normal(size=(60, 20)), 4).notes
    assert any("no clear groups" in note for note in notes)


def test_a_continuous_range_of_images_is_not_uniform(rng):
    porosity = np.linspace(0, 10, 60)[:, None]
    assert go(porosity * np.ones(8) + 0.3 * rng.normal(size=(60, 8)), 4).notes == ()


def test_picks_keep_away_from_the_labelled_images_of_their_cluster(rng):
    line = np.linspace(0, 1, 30)[:, None] * np.ones(3)
    chosen = go(line, 1, labelled=[0, 1, 2, 3], n_clusters=1)
    assert chosen.indices[0] > 20


def test_paper_mode_takes_one_cluster_a_round_in_the_order_of_spread(groups):
    labelled: list[int] = []
    for round_number in (1, 2, 3, 4, 5):
        chosen = go(
            groups, 3, seed=round_number, mode="paper", round=round_number, labelled=labelled
        )
        clusters = set(chosen.clusters[list(chosen.indices)].tolist())
        assert clusters == {(round_number - 1) % 4}
        labelled += chosen.indices
    assert len(set(labelled)) == 15


def test_paper_mode_has_one_map_whatever_is_labelled_and_drawn(groups):
    first = go(groups, 3, mode="paper")
    other = go(groups, 3, seed=9, mode="paper", round=3, labelled=list(first.indices))
    assert np.array_equal(first.map_xy, other.map_xy)
    assert np.array_equal(first.clusters, other.clusters)


def test_paper_mode_fills_a_round_from_the_next_cluster(groups):
    chosen = go(groups, 20, mode="paper")
    assert np.bincount(chosen.clusters[list(chosen.indices)], minlength=4).tolist() == [15, 5, 0, 0]
    assert "fills the round up" in chosen.reasons[-1]


def test_shares_follow_spread_times_root_of_size():
    clusters = Clusters(np.repeat([0, 1, 2], [16, 16, 4]), np.array([2.0, 1.0, 1.0]))
    free, none = np.arange(36), np.arange(0)
    # weights 8, 4, 2: seven picks are 4, 2 and 1
    assert shares(clusters, free, none, 7) == [(0, 4), (1, 2), (2, 1)]
    # two labels in the widest already are two of its four
    assert shares(clusters, free[2:], free[:2], 5) == [(0, 2), (1, 2), (2, 1)]


def test_no_cluster_gives_more_than_it_has():
    clusters = Clusters(np.repeat([0, 1], [2, 10]), np.array([9.0, 0.1]))
    assert shares(clusters, np.arange(12), np.arange(0), 6) == [(0, 2), (1, 4)]


def test_labelled_points_form_no_cluster_but_join_the_nearest(rng):
    points = np.concatenate([rng.normal(size=(20, 2)), rng.normal(size=(20, 2)) + 50])
    points = np.concatenate([points, [[52.0, 50.0], [500.0, 500.0]]])
    found = cluster_map(points, np.arange(40), rng=rng)
    assert len(found.spread) == 2
    assert found.labels[40] == found.labels[41] == found.labels[20]
    assert found.spread.max() < 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "quick"}, "'quick' is not a mode"),
        ({"round": 0}, "round 0"),
        ({"n_clusters": 0}, "0 clusters"),
    ],
)
def test_what_does_not_exist_is_refused(groups, options, message):
    with pytest.raises(SettingError, match=message):
        go(groups, 2, **options)


# ---------------------------------------------------------------------- what is new, and unsure


@pytest.fixture
def grown(rng):
    """Three known kinds of image, four labelled of each; a fourth, rare kind was added."""
    kinds = np.repeat(np.eye(3, 10) * 30, 20, axis=0) + rng.normal(size=(60, 10))
    added = np.full((8, 10), 9.0) + rng.normal(size=(8, 10))
    labelled = [kind * 20 + k for kind in range(3) for k in range(4)]
    return np.concatenate([kinds, added]), labelled, list(range(60, 68))


@pytest.mark.parametrize(("n_select", "least"), [(1, 1), (2, 1), (4, 2), (5, 3), (20, 8)])
def test_half_of_the_picks_are_novel(grown, rng, n_select, least):
    rows, labelled, novel = grown
    chosen = smile(rows, n_select, labelled=labelled, novel=novel, rng=rng).indices
    assert len(set(chosen) & set(novel)) >= least
    assert len(set(chosen)) == n_select
    assert not set(chosen) & set(labelled)


def test_novel_rows_that_are_labelled_are_not_chosen_again(grown, rng):
    rows, labelled, novel = grown
    known = [*labelled, *novel]
    assert not set(smile(rows, 6, labelled=known, novel=novel, rng=rng).indices) & set(known)


def test_picks_are_spread_over_kinds_and_unsure_in_each(rng):
    rows = np.repeat(np.eye(3, 10) * 30, 20, axis=0) + rng.normal(size=(60, 10))
    unsure = rng.random(60) * np.repeat([1.0, 0.9, 0.8], 20)
    chosen = smile_uncertainty(rows, 3, uncertainty=unsure, rng=rng)
    assert sorted(row // 20 for row in chosen.indices) == [0, 1, 2]
    for row in chosen.indices:
        own = unsure[row // 20 * 20 :][:20]
        assert unsure[row] >= np.sort(own)[10]
    assert all("in uncertainty" in reason for reason in chosen.reasons)


def test_kind_that_the_model_is_sure_of_waits(rng):
    rows = np.repeat(np.eye(3, 10) * 30, 20, axis=0) + rng.normal(size=(60, 10))
    unsure = np.repeat([0.5, 0.5, 0.001], 20)
    chosen = smile_uncertainty(rows, 4, uncertainty=unsure, rng=rng).indices
    assert max(chosen) < 40


def test_unsure_of_nothing_chooses_as_well(rng):
    assert len(smile_uncertainty(np.eye(12), 3, uncertainty=np.zeros(12), rng=rng).indices) == 3


def test_without_uncertainty_it_is_refused(rng):
    with pytest.raises(SettingError, match="There are no uncertainties"):
        smile_uncertainty(np.eye(9), 2, rng=rng)
