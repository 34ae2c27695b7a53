"""What corrections of a project cost, as in the paper's Table 1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sorby.core.files import atomic_path

if TYPE_CHECKING:
    from sorby.project import Draft, Project


def effort(folder: Path, *, csv: Path | None = None) -> dict[str, Any]:
    """Active seconds and actions that corrections took, by round and by image.

    Parameters
    ----------
    folder : Path
        The project.
    csv : Path, optional
        File for the table by image.

    Returns
    -------
    dict
        ``rounds``: one dict a round (``round`` is None for images that no round chose), see
        `sorby.annotate.effort.by_round`; ``images``: one dict an image and mode; ``file``: the
        CSV, or None.
    """
    from sorby.annotate.effort import by_image, by_round
    from sorby.project import Project

    with Project.open(folder) as project:
        work = _work(project)
    images = by_image(work)
    if csv is not None:
        with atomic_path(csv) as temporary:
            images.to_csv(temporary, index=False)
    return {
        "rounds": _plain(by_round(work)),
        "images": _plain(images),
        "file": None if csv is None else str(csv),
    }


def correction_seconds(project: Project) -> list[list[float]]:
    """Active seconds of each corrected image of each round that chose it, oldest round first.

    Parameters
    ----------
    project : Project
        The project.

    Returns
    -------
    list of list of float
        Rounds without a timed correction are left out.
    """
    gestures, picks = project.journal.effort(), project.rounds.picks()
    corrected = gestures[gestures["mode"] == "correct"].groupby("image")["seconds"].sum()
    seconds = corrected[corrected > 0].to_dict()
    rounds: dict[int, list[float]] = {}
    for image, number in zip(picks["image"], picks["round"], strict=True):
        if image in seconds:
            rounds.setdefault(int(number), []).append(float(seconds[image]))
    return [rounds[number] for number in sorted(rounds)]


def _work(project: Project) -> pd.DataFrame:
    """One row an image and mode: defects, and what was done to them at which cost."""
    gestures = project.journal.effort()
    picks = project.rounds.picks()
    rounds = dict(zip(picks["image"], picks["round"], strict=True))
    drafts = project.journal.drafts()
    rows = []
    for (image, mode), own in gestures.groupby(["image", "mode"], sort=True):
        if not own["n_actions"].sum() and not own["seconds"].sum():
            continue
        of_image = [d for d in drafts if d.field == image and d.mode == mode]
        rows.append(
            {
                "image": str(image),
                "round": rounds.get(image),
                "mode": str(mode),
                "author": ", ".join(sorted({name for name in own["author"] if name})),
                "is_done": of_image[-1].state == "done",
                "n_defects": of_image[-1].n_defects,
                "n_in_bulk": _n_in_bulk(project, of_image[-1]),
                "n_corrected": sum(_n_corrected(project, draft) for draft in of_image),
                "seconds": float(own["seconds"].sum()),
                "n_actions": int(own["n_actions"].sum()),
            }
        )
    columns = ["image", "round", "mode", "author", "is_done", "n_defects", "n_in_bulk",
               "n_corrected", "seconds", "n_actions"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _n_corrected(project: Project, draft: Draft) -> int:
    """Defects of a draft whose pixels or class a person changed."""
    from sorby.workflow.review import change_of

    touched = set()
    for gesture in project.journal.gestures(draft):
        if gesture.standing == "live" and gesture.seconds + gesture.n_actions > 0:
            change = change_of(gesture.changes)
            touched |= {one.id for one in change.after if one.state not in _JUDGED}
    return len(touched)


def _n_in_bulk(project: Project, draft: Draft) -> int:
    """Defects that were accepted with all the rest, and that nothing was done to since."""
    from sorby.workflow.review import change_of

    in_bulk: set[int] = set()
    for gesture in project.journal.gestures(draft):
        if gesture.standing != "live":
            continue
        change = change_of(gesture.changes)
        in_bulk -= {one.id for one in change.before}
        if gesture.kind == "accept_rest":
            in_bulk |= {one.id for one in change.after}
    return len(in_bulk)


_JUDGED = {"predicted", "accepted"}


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]
