"""The person of the strategy manual, played by a script that sees what a person sees."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator

if TYPE_CHECKING:
    from sorby.core.records import Micrograph, Selection
    from sorby.project import Field, Project

_EYE = "flatfield_otsu"
"""What a look at an image finds, long before anything is learnt."""

_KEPT = "visible defects"


def scripted_choice(
    project: Project,
    pool: Sequence[Field],
    n_select: int,
    *,
    labelled: Sequence[str],
    number: int,
    seed: int,
    on_step: OnStep = silent,
) -> Selection:
    """Selection of one round by `sorby.select.scripted.scripted_person`.

    Parameters
    ----------
    project : Project
        Whose images are looked at.
    pool : sequence of Field
        To choose from; the rows of the selection.
    n_select : int
        How many; fewer where fewer are left.
    labelled : sequence of str
        Names of the fields of the pool that are labelled.
    number, seed : int
        Round and seed: the same give the same choice.
    on_step : callable
        Told after each field that is looked at.

    Returns
    -------
    Selection
        With the reasons of the script.
    """
    from sorby.select import SELECTORS
    from sorby.select.scripted import scripted_person

    names = [field.name for field in pool]
    known = [names.index(name) for name in labelled]
    rng = generator(seed).spawn(number)[-1]
    sizes, contrasts = zip(*visible_defects(project, pool, on_step=on_step), strict=True)
    wanted = min(n_select, len(names) - len(known))
    picks, reasons = scripted_person(sizes, contrasts, wanted, labelled=known, rng=rng)
    places = np.arange(len(pool), dtype=float)[:, None]
    chosen: Selection = SELECTORS["manual"](
        places, wanted, labelled=known, images=picks, round=number, rng=rng
    )
    return replace(chosen, reasons=tuple(reasons), notes=())


def visible_defects(
    project: Project, fields: Sequence[Field], *, on_step: OnStep = silent
) -> list[tuple[float, float]]:
    """How large the largest visible defect of each field is, and how dark they all are.

    Parameters
    ----------
    project : Project
        Remembers what was seen, by the content of the image.
    fields : sequence of Field
        To look at.
    on_step : callable
        Told after each.

    Returns
    -------
    list of (float, float)
        Equivalent diameter in px and contrast against the metal, 0 to 1; both 0 where nothing is
        seen. No true mask is looked at.
    """
    hashes, kept = project.picture_hashes(), json.loads(project.note(_KEPT) or "{}")
    found = []
    for done, field in enumerate(fields, start=1):
        key = json.dumps([hashes[field.name], field.ignore_boxes])
        if key not in kept:
            kept[key] = _look(project.read_picture(field), field.valid())
            project.set_note(_KEPT, json.dumps(kept))
        found.append((float(kept[key][0]), float(kept[key][1])))
        on_step(done, len(fields), step="look", image=field.name)
    return found


def _look(micrograph: Micrograph, valid: np.ndarray) -> tuple[float, float]:
    from scipy import ndimage

    from sorby.core.records import IGNORE
    from sorby.segment import SEGMENTERS
    from sorby.workflow.predicting import segment_micrograph

    mask, _ = segment_micrograph(SEGMENTERS[_EYE], micrograph, valid)
    seen, metal = (mask != 0) & (mask != IGNORE), mask == 0
    if not seen.any() or not metal.any():
        return 0.0, 0.0
    labels, _ = ndimage.label(seen, np.ones((3, 3)))
    largest = int(np.bincount(labels.ravel())[1:].max())
    around, inside = (float(np.median(micrograph.pixels[part])) for part in (metal, seen))
    contrast = abs(around - inside) / max(abs(around), abs(inside), 1e-9)
    return 2 * math.sqrt(largest / math.pi), contrast
