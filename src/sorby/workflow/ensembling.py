"""How unsure models are of a field: ten of them, or the one in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.progress import OnStep, silent

if TYPE_CHECKING:
    from sorby.project import Field, Project, StoredModel
    from sorby.segment import PlaneCache

N_MEMBERS = 10
"""As in the paper."""

_SEED_STRIDE = 1000


def uncertainty_of_project(
    project: Project, pool: Sequence[Field], *, on_step: OnStep = silent
) -> np.ndarray:
    """Uncertainty of each field of a pool, from ten models of all labels that there are.

    Parameters
    ----------
    project : Project
        With labelled fields.
    pool : sequence of Field
        Fields to look at.
    on_step : callable
        Told after each model and field.

    Returns
    -------
    ndarray of shape (n,)
        See `pool_uncertainty`.
    """
    from sorby.workflow.splitting import project_seed

    masks = project.masks()
    labels = {
        field: project.read_mask(masks[field.name])
        for field in pool
        if field.name in masks and masks[field.name].source == "person"
    }
    return pool_uncertainty(project, labels, pool, seed=project_seed(project), on_step=on_step)


def pool_uncertainty(
    project: Project,
    labels: Mapping[Field, np.ndarray],
    pool: Sequence[Field],
    *,
    seed: int,
    planes: PlaneCache | None = None,
    on_step: OnStep = silent,
) -> np.ndarray:
    """Mean disagreement of ten models, each trained from other random weights and another split.

    Parameters
    ----------
    project : Project
        Keeps the models on its shelf, so that a stopped ensemble goes on.
    labels : mapping of Field to ndarray of shape (M, N)
        Masks to learn from.
    pool : sequence of Field
        Fields to look at; those with a label need not be looked at and get 0.
    seed : int
        Of the first model; the others follow from it.
    planes : PlaneCache, optional
        Keeps what networks see of fields.
    on_step : callable
        Told after each model and field.

    Returns
    -------
    ndarray of shape (n,)
        Standard deviation over the models of the probability of any defect, averaged over the
        valid pixels of a field.
    """
    from sorby.segment import load_segmenter
    from sorby.workflow.training import train_model

    members: list[StoredModel] = []
    for number in range(N_MEMBERS):
        model, _ = train_model(
            project,
            labels,
            seed=(seed + 1) * _SEED_STRIDE + number,
            is_member=True,
            planes=planes,
        )
        members.append(model)
        on_step(number + 1, N_MEMBERS, step="ensemble")
    segmenters = [load_segmenter(model.path)[0] for model in members]
    names = {field.name for field in labels}
    found = np.zeros(len(pool))
    for position, field in enumerate(pool):
        if field.name not in names:
            micrograph, valid = project.read_picture(field), field.valid()
            each = (s(micrograph, valid=valid, planes=planes) for s in segmenters)
            found[position] = _disagreement(each, valid)
        on_step(position + 1, len(pool), step="disagreement", image=field.name)
    return found


def uncertainty_of_model(
    project: Project,
    pool: Sequence[Field],
    labelled: Sequence[str],
    *,
    model: StoredModel | None = None,
    on_step: OnStep = silent,
) -> np.ndarray:
    """How unsure one model is of each field of a pool; nothing is trained.

    Parameters
    ----------
    project : Project
        With a model.
    pool : sequence of Field
        Fields to look at.
    labelled : sequence of str
        Names of fields that need not be looked at; they get 0.
    model : StoredModel, optional
        Whom to ask; the model in use unless given.
    on_step : callable
        Told after each field.

    Returns
    -------
    ndarray of shape (n,)
        4 p (1 - p) of the probability p of any defect, averaged over the valid pixels of a
        field: 0 where the model is sure of each pixel, 1 where of none.

    Raises
    ------
    ProjectError
        If there is no model yet.
    """
    from sorby.project import no_model_error
    from sorby.segment import load_segmenter

    model = model or project.models.current()
    if model is None:
        raise no_model_error(project.folder)
    segmenter, known = load_segmenter(model.path)[0], set(labelled)
    found = np.zeros(len(pool))
    for position, field in enumerate(pool):
        if field.name not in known:
            valid = field.valid()
            p = segmenter(project.read_picture(field), valid=valid).sum(axis=2)
            sample = valid & np.isfinite(p)
            p = np.clip(p[sample], 0, 1)
            found[position] = float((4 * p * (1 - p)).mean()) if p.size else 0.0
        on_step(position + 1, len(pool), step="uncertainty", image=field.name)
    return found


def _disagreement(probabilities: object, valid: np.ndarray) -> float:
    """Mean over the sample of the standard deviation over models, without keeping them all."""
    n, mean, squares = 0, np.zeros(valid.shape), np.zeros(valid.shape)
    sample = valid.copy()
    for probability in probabilities:  # type: ignore[attr-defined]
        value = probability.sum(axis=2)
        sample &= np.isfinite(value)
        n += 1
        step = value - mean
        mean += step / n
        squares += step * (value - mean)
    spread = np.sqrt(squares / max(n, 1))
    return float(spread[sample].mean()) if sample.any() else 0.0
