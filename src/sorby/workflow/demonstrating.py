"""The main job on a generated LPBF build, with the generator's truth beside the result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sorby import __version__
from sorby.core.errors import ProjectError
from sorby.core.files import atomic_path
from sorby.core.progress import OnStep, silent
from sorby.core.records import IGNORE
from sorby.core.rng import generator

if TYPE_CHECKING:
    import pandas as pd

    from sorby.synthetic import SyntheticField

FIELDS_PER_CONDITION = 3
ROUNDS, PER_ROUND = 2, 4
_CONDITION = ["laser_power_w", "scan_speed_mm_s"]


def demo(folder: Path, *, seed: int = 0, on_step: OnStep = silent) -> dict[str, Any]:
    """Generate a build, learn from a few of its masks, run the main job, compare with the truth.

    The person is played by the generator: it labels the locked test fields, then in two rounds
    the four fields that are proposed; a model is trained and scored after each.

    Parameters
    ----------
    folder : Path
        Where the images (``build/``) and the project will be. A demo that was interrupted goes
        on; an existing folder that is no demo of this seed is refused.
    seed : int
        Of the generator.
    on_step : callable
        Told after each field of each step.

    Returns
    -------
    dict
        ``project``, ``report``, ``seconds`` (by step), ``rounds``: scores of the model after
        each round, as `evaluate` gives them; ``conditions``: for each pair of settings what was
        found and what is true.

    Raises
    ------
    ProjectError
        If the folder holds something else.
    """
    from sorby.workflow.importing import new_project
    from sorby.workflow.running import named, run_project

    build = Path(folder) / "build"
    _refuse_other_content(Path(folder), seed)
    began = time.monotonic()
    truth = write_build(build, seed=seed, on_step=named(on_step, "generate"))
    generated = time.monotonic()
    if not _has_fields(folder):
        new_project(
            folder,
            [build / "polished"],
            etched=[build / "etched"],
            fields_table=build / "fields.csv",
            on_step=named(on_step, "import"),
        )
    _mark_synthetic(folder, seed)
    imported = time.monotonic()
    scores = _teach(Path(folder), build / "truth", on_step=on_step)
    taught = time.monotonic()
    answers = run_project(folder, on_step=on_step)
    ended = time.monotonic()
    return {
        "project": str(folder),
        "report": answers["report"]["report"],
        "seconds": {
            "generate": generated - began,
            "import": imported - generated,
            "learn": taught - imported,
            "analyse": ended - taught,
        },
        "rounds": scores,
        "conditions": _beside_truth(folder, truth),
    }


def _teach(folder: Path, truth: Path, *, on_step: OnStep) -> list[dict[str, Any]]:
    """Two rounds of the learning loop, the generator's truth in the place of a person."""
    from sorby.project import BY_HAND, Project
    from sorby.workflow.evaluating import evaluate
    from sorby.workflow.masks import import_masks
    from sorby.workflow.running import named
    from sorby.workflow.selecting import select
    from sorby.workflow.splitting import labelled_names, lock_test_fields, pool_fields
    from sorby.workflow.training import train_project

    def label(names: Sequence[str]) -> None:
        import_masks(folder, [truth / f"{name}.png" for name in names], author="the generator")

    with Project.open(folder) as project:
        lock_test_fields(project)
        label([field.name for field in project.fields() if field.split == "test"])
    for number in range(1, ROUNDS + 1):
        with Project.open(folder) as project:
            if len(project.rounds.of(BY_HAND)) >= number:
                continue
            picks = project.rounds.picks()
            chosen = list(picks.loc[picks["round"] == number, "image"])
            left = {field.name for field in pool_fields(project)} - labelled_names(project)
        if not chosen and not left:
            break
        if not chosen:
            answer = select(folder, n_select=PER_ROUND, on_step=named(on_step, "select"))
            chosen = [pick["image"] for pick in answer["picks"]]
        label(chosen)
        train_project(folder, resume=True, on_step=named(on_step, f"train, round {number}"))
        evaluate(folder, on_step=named(on_step, f"evaluate, round {number}"))
    with Project.open(folder) as project:
        return project.rounds.of(BY_HAND)


def _refuse_other_content(folder: Path, seed: int) -> None:
    marker = folder / "build" / "SYNTHETIC.txt"
    if folder.exists() and any(path.is_file() for path in folder.rglob("*")):
        if marker.is_file() and marker.read_text(encoding="utf-8") == _origin(seed):
            return
        raise ProjectError(
            f"{folder} is not empty and holds no demo of seed {seed} made by Sorby {__version__}. "
            "Nothing was touched. "
            f"Choose another folder: sorby demo my-demo --seed {seed}"
        )


def _has_fields(folder: Path) -> bool:
    from sorby.project import DATABASE, Project

    if not (Path(folder) / DATABASE).exists():
        return False
    with Project.open(folder) as project:
        return bool(project.fields())


def _origin(seed: int) -> str:
    return f"Generated by Sorby {__version__}, seed {seed}. These images show no real metal.\n"


def _mark_synthetic(folder: Path, seed: int) -> None:
    from sorby.project import Project

    with Project.open(folder) as project:
        project.set_note("synthetic", f"generated by sorby.synthetic, seed {seed}")


def write_build(build: Path, *, seed: int, on_step: OnStep = silent) -> pd.DataFrame:
    """Generate a build and write it as a user would have it, with its truth.

    Parameters
    ----------
    build : Path
        Gets ``polished/``, ``etched/``, ``truth/`` (masks), ``fields.csv`` and ``truth.csv``.
    seed : int
        Of the generator.
    on_step : callable
        Told after each field.

    Returns
    -------
    DataFrame
        One row a field: its settings, true defect and valid area (px²) and true counts.
    """
    import pandas as pd

    from sorby.io import write_mask, write_micrograph
    from sorby.report import EXPORTERS
    from sorby.synthetic import lpbf_build

    with atomic_path(build / "SYNTHETIC.txt") as writing:
        writing.write_text(_origin(seed), encoding="utf-8")
    fields, truth = [], []
    for done, field in enumerate(
        lpbf_build(rng=generator(seed), fields_per_condition=FIELDS_PER_CONDITION), start=1
    ):
        write_micrograph(build / "polished" / f"{field.name}.png", field.polished)
        write_micrograph(build / "etched" / f"{field.name}.png", field.etched)
        write_mask(build / "truth" / f"{field.name}.png", field.mask)
        fields.append(_fields_row(field))
        truth.append(_truth_row(field))
        on_step(done, max(done, _n_fields()))
    EXPORTERS["csv"]({"fields": pd.DataFrame(fields)}, build / "fields.csv")
    table = pd.DataFrame(truth)
    EXPORTERS["csv"]({"truth": table}, build / "truth.csv")
    return table


def _n_fields() -> int:
    from sorby.core.registry import options_of
    from sorby.synthetic import lpbf_build

    grid = options_of(lpbf_build)
    return len(grid["powers_w"]) * len(grid["speeds_mm_s"]) * FIELDS_PER_CONDITION


def _fields_row(field: SyntheticField) -> dict[str, Any]:
    return {
        "image": f"{field.name}.png",
        "specimen": field.specimen,
        "um_per_px": field.um_per_px,
        **field.process.known(),
        "section_plane": "XZ",
        "build_direction_deg": field.build_direction_deg,
    }


def _truth_row(field: SyntheticField) -> dict[str, Any]:
    from sorby.synthetic import defect_class

    classes = Counter(defect_class(name) for name in field.types.values())
    return {
        "image": field.name,
        **field.process.known(),
        "defect_area_px2": int(np.count_nonzero((field.mask != 0) & (field.mask != IGNORE))),
        "valid_area_px2": int(np.count_nonzero(field.mask != IGNORE)),
        "n_defects": len(field.types),
        **{f"n_{name}": classes[name] for name in ("porosity", "lack_of_fusion")},
    }


def _beside_truth(folder: Path, truth: pd.DataFrame) -> list[dict[str, Any]]:
    from sorby.project import Project
    from sorby.workflow.measuring import current_tables

    with Project.open(folder) as project:
        conditions = current_tables(project).conditions.to_dict("records")
    found = {tuple(row[name] for name in _CONDITION): row for row in conditions}
    rows = []
    for settings, fields in truth.groupby(_CONDITION):
        row = found[settings]
        sums = fields.sum(numeric_only=True)
        rows.append(
            {
                **dict(zip(_CONDITION, settings, strict=True)),
                "area_fraction": float(row["area_fraction"]),
                "area_fraction_low": float(row["area_fraction_low"]),
                "area_fraction_high": float(row["area_fraction_high"]),
                "true_area_fraction": float(sums["defect_area_px2"] / sums["valid_area_px2"]),
                "mean_count": float(row["mean_count"]),
                "true_mean_count": float(fields["n_defects"].mean()),
                "dominant_type": _dominant(row),
                "true_dominant_type": _dominant(sums),
            }
        )
    return rows


def _dominant(counts: Mapping[Hashable, Any] | pd.Series) -> str:
    """Type with most defects; "none" where nothing was typed."""
    pair = {name: counts.get(f"n_{name}", 0) for name in ("porosity", "lack_of_fusion")}
    return max(pair, key=lambda name: pair[name]) if any(pair.values()) else "none"
