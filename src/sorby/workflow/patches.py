"""Classifiers on a bare folder of patches: ``images/`` and ``labels.csv``, no project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby.core.errors import ReadError
from sorby.core.files import inside
from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator

if TYPE_CHECKING:
    import pandas as pd


def read_patches(folder: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Labelled patches of a bare folder.

    Parameters
    ----------
    folder : Path
        Holds ``images/`` and ``labels.csv`` (``file``, ``label``, perhaps ``group``).

    Returns
    -------
    patches : ndarray of shape (n, 128, 128), uint8
        In the order of the table.
    table : DataFrame
        The rows of ``labels.csv``.

    Raises
    ------
    SettingError
        If the table is wrong.
    ReadError
        If an image it names is missing or cannot be read.
    """
    from sorby.classify import as_patches
    from sorby.io import read_micrograph, read_patch_table

    table = read_patch_table(Path(folder) / "labels.csv")
    files = [inside(Path(folder) / "images", str(name)) for name in table["file"]]
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise ReadError(
            f"{folder}: labels.csv names {len(missing)} files that images/ does not hold "
            f"({', '.join(missing[:5])}). Add them, or take their rows out."
        )
    return as_patches([read_micrograph(path, um_per_px=1.0).pixels for path in files]), table


def _groups(table: pd.DataFrame) -> np.ndarray:
    """Group of each patch; a patch without one is a group of its own."""
    names = enumerate(table["group"])
    return np.array([n if isinstance(n, str) else f"(alone: patch {i})" for i, n in names])


def evaluate_patches(patches: Path, *, seed: int = 0, on_step: OnStep = silent) -> dict[str, Any]:
    """Grouped, repeated cross-validation of the classifiers on labelled patches.

    Near-duplicate patches, and those that share a ``group`` in the table, stay together.

    Parameters
    ----------
    patches : Path
        Folder with ``images/`` and ``labels.csv`` (``file``, ``label``, perhaps ``group``).
    seed : int
        Of the folds.
    on_step : callable
        Told after each fold.

    Returns
    -------
    dict
        ``macro_f1`` and ``accuracy`` (``mean``, ``sd`` over folds), ``baselines``,
        ``confusion`` and what else ``sorby.classify.evaluate`` tells.
    """
    from sorby.classify import evaluate, preferred_classifier

    images, table = read_patches(patches)
    judged = dict.fromkeys((preferred_classifier(), "shape"))
    return evaluate(
        images,
        table["label"].to_numpy(),
        groups=_groups(table),
        classifiers=tuple(judged),
        rng=generator(seed),
        on_step=on_step,
    )


def train_patches(
    patches: Path, out: Path, *, seed: int = 0, on_step: OnStep = silent
) -> dict[str, Any]:
    """Train a classifier on labelled patches and write it with its card.

    Parameters
    ----------
    patches : Path
        As for `evaluate_patches`.
    out : Path
        File to write, ``.safetensors``.
    seed : int
        Of the cross-validation and the training.
    on_step : callable
        Told after each fold of the cross-validation that the card reports.

    Returns
    -------
    dict
        ``model``, ``classes``, ``n``, ``macro_f1``.
    """
    from sorby.classify import (
        CLASSIFIERS,
        evaluate,
        near_duplicate_groups,
        preferred_classifier,
        save_classifier,
    )
    from sorby.core.records import ModelCard
    from sorby.project.history import new_record

    images, table = read_patches(patches)
    name = preferred_classifier()
    labels = table["label"].to_numpy()
    groups = _groups(table)
    scores = evaluate(
        images,
        labels,
        groups=groups,
        classifiers=(name,),
        rng=generator(seed),
        on_step=on_step,
    )
    model = CLASSIFIERS[name](
        images, labels, groups=near_duplicate_groups(images, groups=groups), rng=generator(seed)
    )
    card = ModelCard(
        name=out.stem,
        task="defect type",
        classes=tuple(model.classes),
        trained_on=f"{len(labels)} patches of {Path(patches).resolve().name}",
        scores=scores,
        settings={"classifier": name, "seed": seed},
        versions=new_record("train").versions,
    )
    save_classifier(model, out, card)
    return {
        "model": str(out),
        "classes": list(model.classes),
        "n": len(labels),
        "macro_f1": scores["macro_f1"],
    }


def predict_patches(
    patches: Path, out: Path, *, model: Path | None = None, on_step: OnStep = silent
) -> dict[str, Any]:
    """Type the patches of a folder.

    Parameters
    ----------
    patches : Path
        Folder with ``images/``; ``labels.csv`` is not needed and not looked at.
    out : Path
        CSV to write: ``file``, ``label`` ("uncertain" when not sure), ``p_<class>`` ...
    model : Path, optional
        A classifier's file; without it the one that ships.
    on_step : callable
        Told when done.

    Returns
    -------
    dict
        ``predictions`` (the CSV), ``n``, ``counts``, ``classifier``.
    """
    from sorby.classify import as_patches, default_classifier, load_classifier, predict_types
    from sorby.io import micrograph_paths, read_micrograph
    from sorby.report import EXPORTERS

    files = micrograph_paths([Path(patches) / "images"])
    classifier, card = load_classifier(model) if model else default_classifier()
    images = [read_micrograph(path, um_per_px=1.0).pixels for path in files]
    types = predict_types(classifier, as_patches(images))
    table = types.rename(columns={"defect_type": "label"}).drop(columns="probability")
    table.insert(0, "file", [path.name for path in files])
    on_step(len(files), len(files))
    counts = {str(name): int(n) for name, n in table["label"].value_counts().items()}
    path = EXPORTERS["csv"]({"predictions": table}, Path(out))
    return {"predictions": str(path), "n": len(files), "counts": counts, "classifier": card.name}
