"""Cross-validation that does not leak, and says what it needs."""

import json

import numpy as np
import pytest

from sorby.classify import CLASSIFIERS, evaluate, evaluation, grouped_folds, near_duplicate_groups
from sorby.core.errors import SettingError
from sorby.learn import has_weights


@pytest.mark.parametrize("seed", range(5))
def test_folds_never_split_a_group_and_cover_each_patch_once(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 30, 120)
    labels = np.where(rng.random(120) < 0.3, "a", "b")
    parts = grouped_folds(labels, groups, folds=5, rng=rng)
    assert len(parts) == 5
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(120))
    for train, test in parts:
        assert not set(groups[train]) & set(groups[test])
        assert set(labels[train]) == {"a", "b"}


def test_the_folds_used_by_evaluate_keep_near_duplicates_together(drawn, monkeypatch):
    patches, labels = drawn
    doubled = np.concatenate([patches, np.roll(patches, (9, -14), axis=(1, 2))])
    grouping = near_duplicate_groups(doubled)
    assert len(set(grouping.tolist())) == len(patches)
    seen = []

    def spy(labels, groups, **kwargs):
        seen.extend(grouped_folds(labels, groups, **kwargs))
        return seen[-kwargs["folds"] :]

    monkeypatch.setattr(evaluation, "grouped_folds", spy)
    scores = evaluate(
        doubled,
        np.tile(labels, 2),
        classifiers=["shape"],
        repeats=2,
        folds=4,
        rng=np.random.default_rng(0),
    )
    assert len(seen) == 8 and scores["n_groups"] == len(patches)
    assert not any(set(grouping[train]) & set(grouping[test]) for train, test in seen)


def test_scores_of_constant_answers_are_those_worked_out_by_hand():
    labels = np.array(["a"] * 3 + ["b"])
    tests = [np.arange(4)]
    commonest, scores = evaluation._always_commonest(labels, tests, np.array(["a", "b"]))
    assert commonest == "a"
    assert scores["accuracy"] == {"mean": 0.75, "sd": 0.0}
    assert scores["macro_f1"]["mean"] == pytest.approx((6 / 7 + 0) / 2)


def test_details_are_those_worked_out_by_hand():
    labels = np.array(["a", "a", "b", "b"])
    tests = [np.array([0, 2]), np.array([1, 3])]
    held_out = [np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.2, 0.8], [0.1, 0.9]])]
    details = evaluation._details(held_out, labels, tests, np.array(["a", "b"]))
    assert details["confusion"]["counts"] == [[1, 1], [0, 2]]
    assert details["per_class"]["a"] == {"n": 2, "recall": 0.5, "precision": 1.0}
    assert details["per_class"]["b"] == {"n": 2, "recall": 1.0, "precision": pytest.approx(2 / 3)}
    assert details["uncertain"]["kept_share"] == 0.75
    assert details["uncertain"]["kept_accuracy"] == pytest.approx(2 / 3)
    assert details["balanced_log_loss"] == pytest.approx(-np.log([0.9, 0.2, 0.6, 0.9]).mean())
    assert details["review"] == [{"patch": 1, "label": "a", "probability": pytest.approx(0.2)}]


def test_the_result_is_plain_json_with_counts_that_add_up(drawn):
    steps = []
    scores = evaluate(
        *drawn,
        classifiers=["shape"],
        repeats=2,
        rng=np.random.default_rng(0),
        on_step=lambda done, total, **values: steps.append((done, total)),
    )
    scores = json.loads(json.dumps(scores, allow_nan=False))
    assert np.sum(scores["confusion"]["counts"]) == 2 * 40
    assert steps == [(n, 10) for n in range(1, 11)]
    assert scores["macro_f1"]["mean"] > 0.9 and scores["classifier"] == "shape"
    assert scores["baselines"].keys() == {"always_lack_of_fusion"}


def test_the_same_seed_gives_the_same_scores(drawn):
    first, second = (
        evaluate(*drawn, classifiers=["shape"], repeats=2, rng=np.random.default_rng(4))
        for _ in range(2)
    )
    assert first == second


def test_fewer_folds_are_made_and_reported_where_a_class_is_rare(drawn):
    patches, labels = drawn
    chosen = np.r_[np.flatnonzero(labels == "porosity"), np.flatnonzero(labels != "porosity")[:3]]
    scores = evaluate(
        patches[chosen],
        labels[chosen],
        classifiers=["shape"],
        repeats=2,
        rng=np.random.default_rng(0),
    )
    assert scores["folds"] == 3 and scores["n"] == 23


def test_three_types_are_evaluated(drawn):
    patches, labels = drawn
    cracks = np.full((12, 128, 128), 200, np.uint8)
    noise = np.random.default_rng(0).integers(0, 25, cracks.shape)
    for number, crack in enumerate(cracks):
        crack[10:118, 60 + number % 3 : 64 + number % 3] = 10
    patches = np.concatenate([patches, (cracks - noise).astype(np.uint8)])
    labels = np.r_[labels, ["crack"] * 12]
    scores = evaluate(
        patches, labels, classifiers=["shape"], repeats=1, rng=np.random.default_rng(0)
    )
    assert scores["confusion"]["classes"] == ["crack", "lack_of_fusion", "porosity"]
    assert scores["macro_f1"]["mean"] > 0.8


def test_what_is_missing_is_said(drawn, rng):
    patches, labels = drawn
    with pytest.raises(SettingError, match=r"hold \['porosity'\].*two defect types"):
        evaluate(patches[::2], labels[::2], rng=rng)
    with pytest.raises(SettingError, match="hold \\[\\]"):
        evaluate(patches[:0], labels[:0], rng=rng)
    with pytest.raises(SettingError, match="39 labels for 40 patches"):
        evaluate(patches, labels[1:], rng=rng)
    with pytest.raises(SettingError, match="come from 1 independent group"):
        evaluate(patches[:3], labels[:3], classifiers=["shape"], rng=rng)
    with pytest.raises(SettingError, match="come from 1 independent group"):
        evaluate(patches, labels, groups=labels, classifiers=["shape"], rng=rng)
    with pytest.raises(SettingError, match="0 repeats"):
        evaluate(patches, labels, repeats=0, rng=rng)
    with pytest.raises(SettingError, match="'forest' is not one of the classifiers"):
        evaluate(patches, labels, classifiers=["forest"], rng=rng)


@pytest.mark.shared
@pytest.mark.skipif(not has_weights(), reason="the extra 'pretrained' is absent")
def test_the_default_reaches_its_floor_on_the_papers_patches(etched):
    scores = evaluate(*etched, repeats=2, rng=np.random.default_rng(1))
    assert (scores["n"], scores["folds"]) == (197, 5)
    assert scores["macro_f1"]["mean"] >= 0.80
    assert scores["macro_f1"]["mean"] > scores["baselines"]["shape"]["macro_f1"]["mean"] + 0.1
    assert scores["baselines"]["shape"]["macro_f1"]["mean"] > 0.6
    assert scores["baselines"]["always_porosity"]["macro_f1"]["mean"] == pytest.approx(
        0.43, abs=0.02
    )
    assert scores["uncertain"]["kept_accuracy"] > scores["accuracy"]["mean"]
    assert set(CLASSIFIERS) >= {scores["classifier"]}
