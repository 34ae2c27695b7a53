"""What corrections cost: active seconds and actions, by image and by round.

Seconds are active time: a pause counts for 20 s at most. Actions are clicks, keys and strokes.
Work that was undone has been done, and counts. Defects that were accepted in bulk, with one action
and no look at each, are among the defects and counted apart: they make every ratio look better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_SUMS = ("n_defects", "n_in_bulk", "n_corrected", "seconds", "n_actions")


def by_image(work: pd.DataFrame) -> pd.DataFrame:
    """Effort per defect of each image.

    Parameters
    ----------
    work : DataFrame
        ``n_defects``, ``n_in_bulk`` (of them, accepted in bulk), ``n_corrected``, ``seconds``,
        ``n_actions``, one row an image and mode; other columns are kept.

    Returns
    -------
    DataFrame
        With ``seconds_per_defect``, ``actions_per_defect`` (of the defects in the mask as it was
        left) and ``actions_per_corrected`` (of those that were changed, added or taken away);
        NaN where there are none.

    Examples
    --------
    >>> work = pd.DataFrame({"n_defects": [4], "n_in_bulk": [0], "n_corrected": [1],
    ...                      "seconds": [10.0], "n_actions": [6]})
    >>> by_image(work).loc[0, ["seconds_per_defect", "actions_per_defect"]].tolist()
    [2.5, 1.5]
    """
    n_defects = work["n_defects"].astype(float).replace(0.0, np.nan)
    n_corrected = work["n_corrected"].astype(float).replace(0.0, np.nan)
    return work.assign(
        seconds_per_defect=work["seconds"] / n_defects,
        actions_per_defect=work["n_actions"] / n_defects,
        actions_per_corrected=work["n_actions"] / n_corrected,
    )


def by_round(work: pd.DataFrame) -> pd.DataFrame:
    """Effort of each round, with that of drawing from nothing beside it.

    Parameters
    ----------
    work : DataFrame
        As for `by_image`, with ``round`` (missing for images that no round chose) and ``mode``
        ("correct" or "from_nothing").

    Returns
    -------
    DataFrame
        One row a round in which masks were corrected: ``round``, ``n_images``,
        ``n_images_in_bulk`` (with any defect accepted in bulk), the sums and ratios of
        `by_image`, ``nothing_n_images``, ``nothing_seconds_per_defect`` and
        ``nothing_actions_per_defect`` of all images that were drawn from nothing, and the shares
        ``saved_seconds`` and ``saved_actions``.
    """
    corrected = work[work["mode"] == "correct"]
    grouped = corrected.groupby("round", dropna=False, sort=True)
    rounds = grouped[list(_SUMS)].sum()
    rounds.insert(0, "n_images", grouped.size())
    rounds.insert(1, "n_images_in_bulk", grouped["n_in_bulk"].agg(lambda n: int((n > 0).sum())))
    rounds = by_image(rounds.reset_index())
    drawn = work[work["mode"] == "from_nothing"]
    beside = by_image(drawn[list(_SUMS)].sum().to_frame().T).iloc[0]
    for name in ("seconds", "actions"):
        manual = float(beside[f"{name}_per_defect"])
        rounds[f"nothing_{name}_per_defect"] = manual
        ours = rounds[f"{name}_per_defect"]
        rounds[f"saved_{name}"] = 1 - ours / manual if manual > 0 else np.nan
    rounds["nothing_n_images"] = len(drawn)
    return rounds
