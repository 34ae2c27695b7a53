"""How good a classifier is on patches it has not seen: repeated, stratified, grouped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sorby.classify.duplicates import near_duplicate_groups
from sorby.classify.patches import as_patches
from sorby.classify.prediction import MARGIN
from sorby.classify.registries import CLASSIFIERS
from sorby.core.errors import SettingError
from sorby.core.progress import OnStep, silent

Folds = list[tuple[np.ndarray, np.ndarray]]

_DRAWS = 20
_TO_REVIEW = 20


def evaluate(
    patches: np.ndarray,
    labels: Sequence[str] | np.ndarray,
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    classifiers: Sequence[str] = ("network", "shape"),
    repeats: int = 5,
    folds: int = 5,
    rng: np.random.Generator,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Score classifiers by repeated stratified grouped cross-validation.

    Near-duplicate patches and patches of one group never lie on both sides of a split.

    Parameters
    ----------
    patches : ndarray of shape (n, 128, 128)
        uint8; other forms are converted by `as_patches`.
    labels : sequence of str of length n
        Defect types given by a person.
    groups : sequence of length n, optional
        Micrograph or specimen of each patch, joined with the near-duplicates that are found.
    classifiers : sequence of str
        Names in ``CLASSIFIERS``. The first is judged, the others are baselines.
    repeats, folds : int
        Number of drawings and of parts. Fewer folds are used, and reported, where a class has
        fewer groups.
    rng : numpy.random.Generator
        Draws the folds.
    on_step : OnStep
        Told after each fit.

    Returns
    -------
    dict
        Plain JSON: ``classifier``, ``macro_f1`` and ``accuracy`` (``mean`` and ``sd`` over all
        folds of all repeats), ``balanced_log_loss`` (mean over the classes; log k is chance),
        ``per_class`` (``n``, ``recall``, ``precision``), ``uncertain`` (what abstaining by
        the default margin keeps, and how right that is), ``confusion`` (``classes``, and
        ``counts`` with true types in rows, summed over the repeats), ``baselines`` (the same
        two scores of the other classifiers and of always answering the commonest type),
        ``review`` (patches whose label the judged classifier doubts most), ``n``,
        ``n_groups``, ``folds``, ``repeats``.

    Raises
    ------
    SettingError
        If there are too few patches, classes or groups; the message says what is needed.
    ModelError
        If the network is asked for and the extra ``pretrained`` is not installed.

    Examples
    --------
    >>> row, column = np.mgrid[:128, :128] - 64
    >>> sizes = range(5, 17)
    >>> discs = [np.where(row**2 + column**2 < r * r, 10, 200) for r in sizes]
    >>> flats = [np.where((abs(row) < 3) & (abs(column) < 2 * r), 10, 200) for r in sizes]
    >>> labels = ["porosity"] * 12 + ["lack_of_fusion"] * 12
    >>> scores = evaluate(
    ...     np.stack(discs + flats).astype(np.uint8), labels, classifiers=["shape"],
    ...     repeats=1, rng=np.random.default_rng(0))
    >>> scores["n"], sorted(scores["baselines"])
    (24, ['always_lack_of_fusion'])
    """
    patches, labels = as_patches(patches), np.asarray(labels, str)
    _check(patches, labels, classifiers, repeats, folds)
    grouping = near_duplicate_groups(patches, groups)
    splits = [
        fold
        for child in rng.spawn(repeats)
        for fold in grouped_folds(labels, grouping, folds=folds, rng=child)
    ]
    classes = np.unique(labels)
    held_out: dict[str, list[np.ndarray]] = {name: [] for name in classifiers}
    for number, name in enumerate(classifiers):
        for done, (train, test) in enumerate(splits, start=number * len(splits) + 1):
            held_out[name].append(_held_out(name, patches, labels, train, test, classes, rng))
            on_step(done, len(splits) * len(classifiers), classifier=name)
    tests = [test for _, test in splits]
    judged = held_out[classifiers[0]]
    baselines = {name: _scores(held_out[name], labels, tests, classes) for name in classifiers[1:]}
    commonest, constant = _always_commonest(labels, tests, classes)
    return {
        "classifier": classifiers[0],
        **_scores(judged, labels, tests, classes),
        **_details(judged, labels, tests, classes),
        "baselines": {**baselines, f"always_{commonest}": constant},
        "n": len(labels),
        "n_groups": int(grouping.max()) + 1,
        "folds": len(splits) // repeats,
        "repeats": repeats,
    }


def grouped_folds(
    labels: np.ndarray, groups: np.ndarray, *, folds: int, rng: np.random.Generator
) -> Folds:
    """Stratified folds that never split a group.

    Parameters
    ----------
    labels, groups : ndarray of shape (n,)
        Class and group of each patch.
    folds : int
        Number of parts wanted; no more are made than the rarest class has groups.
    rng : numpy.random.Generator
        Draws the parts.

    Returns
    -------
    list of (train, test)
        Indices; every training part holds all classes.

    Raises
    ------
    SettingError
        If a class lies in fewer than two groups.

    Examples
    --------
    >>> labels, groups = np.array(list("aaaabbbb")), np.array([0, 0, 1, 2, 3, 4, 4, 5])
    >>> parts = grouped_folds(labels, groups, folds=5, rng=np.random.default_rng(0))
    >>> len(parts), any(set(groups[a]) & set(groups[b]) for a, b in parts)
    (3, False)
    """
    from sklearn.model_selection import StratifiedGroupKFold

    per_class = {name: len(np.unique(groups[labels == name])) for name in np.unique(labels)}
    rarest = min(per_class, key=lambda name: per_class[name])
    for parts in range(min(folds, per_class[rarest]), 1, -1):
        for _ in range(_DRAWS):
            splitter = StratifiedGroupKFold(
                parts, shuffle=True, random_state=int(rng.integers(2**31))
            )
            drawn = list(splitter.split(labels, labels, groups))
            if all(len(np.unique(labels[train])) == len(per_class) for train, _ in drawn):
                return drawn
    raise SettingError(
        f"The patches of {rarest!r} come from {per_class[rarest]} independent group(s): "
        "shifted views of one spot and patches of one group count once. Cross-validation needs "
        "at least two for every type. Add patches of this type from other micrographs."
    )


def _check(
    patches: np.ndarray, labels: np.ndarray, classifiers: Sequence[str], repeats: int, folds: int
) -> None:
    if len(labels) != len(patches):
        raise SettingError(
            f"{len(labels)} labels for {len(patches)} patches: give one label for each patch."
        )
    if len(np.unique(labels)) < 2:
        raise SettingError(
            f"The labels of the {len(labels)} patches hold {sorted(set(labels.tolist()))}. "
            "Evaluation needs two defect types or more, each from two spots or more."
        )
    if repeats < 1 or folds < 2 or not classifiers:
        raise SettingError(
            f"{repeats} repeats, {folds} folds, classifiers {list(classifiers)}: "
            "need at least 1 repeat, 2 folds and 1 classifier."
        )


def _held_out(
    name: str,
    patches: np.ndarray,
    labels: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    classes: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Probability of each class for the patches that were left out, (n_test, classes)."""
    model = CLASSIFIERS[name](patches[train], labels[train], rng=rng.spawn(1)[0])
    columns = np.searchsorted(classes, model.classes)
    probability = np.zeros((len(test), len(classes)))
    probability[:, columns] = model.predict_probability(patches[test])
    return probability


def _scores(
    held_out: list[np.ndarray], labels: np.ndarray, tests: list[np.ndarray], classes: np.ndarray
) -> dict[str, dict[str, float]]:
    from sklearn.metrics import f1_score

    answers = [
        (labels[test], classes[p.argmax(1)]) for p, test in zip(held_out, tests, strict=True)
    ]
    return {
        "macro_f1": _mean_sd(
            [f1_score(t, a, average="macro", zero_division=0) for t, a in answers]
        ),
        "accuracy": _mean_sd([(t == a).mean() for t, a in answers]),
    }


def _mean_sd(values: Sequence[float]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "sd": float(np.std(values))}


def _always_commonest(
    labels: np.ndarray, tests: list[np.ndarray], classes: np.ndarray
) -> tuple[str, dict[str, dict[str, float]]]:
    counts = [int((labels == name).sum()) for name in classes]
    answer = np.eye(len(classes))[int(np.argmax(counts))]
    constant = [np.tile(answer, (len(test), 1)) for test in tests]
    return str(classes[int(np.argmax(counts))]), _scores(constant, labels, tests, classes)


def _details(
    held_out: list[np.ndarray], labels: np.ndarray, tests: list[np.ndarray], classes: np.ndarray
) -> dict[str, Any]:
    order = np.concatenate(tests)
    probability = np.concatenate(held_out)
    truth = np.searchsorted(classes, labels[order])
    answer = probability.argmax(axis=1)
    confusion = np.zeros((len(classes),) * 2, int)
    np.add.at(confusion, (truth, answer), 1)
    of_truth = probability[np.arange(len(truth)), truth]
    loss = -np.log(np.maximum(of_truth, 1e-12))
    kept = probability.max(axis=1) > 0.5 + MARGIN
    return {
        "balanced_log_loss": float(np.mean([loss[truth == k].mean() for k in range(len(classes))])),
        "per_class": _per_class(confusion, labels, classes),
        "uncertain": {
            "margin": MARGIN,
            "kept_share": float(kept.mean()),
            "kept_accuracy": float((truth == answer)[kept].mean()) if kept.any() else None,
        },
        "confusion": {"classes": classes.tolist(), "counts": confusion.tolist()},
        "review": _doubted(of_truth, order, labels),
    }


def _per_class(
    confusion: np.ndarray, labels: np.ndarray, classes: np.ndarray
) -> dict[str, dict[str, float | int | None]]:
    return {
        str(name): {
            "n": int((labels == name).sum()),
            "recall": float(confusion[k, k] / confusion[k].sum()),
            "precision": float(confusion[k, k] / column)
            if (column := confusion[:, k].sum())
            else None,
        }
        for k, name in enumerate(classes)
    }


def _doubted(
    of_truth: np.ndarray, order: np.ndarray, labels: np.ndarray
) -> list[dict[str, float | int | str]]:
    """Patches whose own label gets a mean held-out probability under one half, worst first."""
    mean = np.bincount(order, of_truth) / np.bincount(order)
    worst = np.argsort(mean, kind="stable")[:_TO_REVIEW]
    return [
        {"patch": int(n), "label": str(labels[n]), "probability": float(mean[n])}
        for n in worst
        if mean[n] < 0.5
    ]
