"""In which order the defects of a field are looked at."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sorby.annotate.objects import CONFIDENCE_STEPS, Defect


def ordered(defects: Iterable[Defect]) -> list[Defect]:
    """Defects by what looking at them is expected to gain: low confidence times area first.

    Parameters
    ----------
    defects : iterable of Defect
        Any; those that are verified come last.

    Returns
    -------
    list of Defect
        Equal gains by number.
    """
    return sorted(defects, key=lambda defect: (-defect.gain, defect.id))


def chosen(
    defects: Iterable[Defect],
    *,
    max_area_px: float | None = None,
    max_confidence: float | None = None,
) -> list[Defect]:
    """Unverified defects up to a size and a confidence; one without confidence is never chosen.

    Parameters
    ----------
    defects : iterable of Defect
        Any.
    max_area_px, max_confidence : float, optional
        Largest area in px² and largest confidence, 0 to 1; no limit where not given.

    Returns
    -------
    list of Defect
        By number.
    """
    area = math.inf if max_area_px is None else max_area_px
    found = []
    for defect in defects:
        if defect.state != "predicted" or defect.area_px > area:
            continue
        if max_confidence is not None and (
            defect.confidence is None or defect.confidence > max_confidence * CONFIDENCE_STEPS
        ):
            continue
        found.append(defect)
    return sorted(found, key=lambda defect: defect.id)
