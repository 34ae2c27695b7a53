"""The experiment of the paper: strategies against one another, in several seeds, on known masks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.errors import SettingError
from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator

if TYPE_CHECKING:
    from sorby.project import Project

SYNTHETIC = "synthetic"
SYNTHETIC_FOLDER = "sorby-experiment"
STRATEGIES = ("smile", "uniform", "manual")
_BUILDS = (  # seed, laser powers in W, scan speeds in mm/s, fields of each, split
    (11, (160, 200, 240, 300), (400, 600, 800, 1000, 1200), 2, "pool"),
    (12, (180, 270, 340), (500,), 3, "test"),
    (13, (180, 270), (1100,), 3, "test"),
)


def run_experiment(
    folder: Path,
    *,
    strategies: Sequence[str] = STRATEGIES,
    rounds: int = 6,
    per_round: int = 4,
    seeds: int = 5,
    preset: str = "fast",
    minutes: float | None = None,
    to: Path | None = None,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Play every strategy in every seed, compare them, and write one page and its tables.

    What is finished stays in the project: after a kill the same words go on with it, within the
    training that was stopped. All strategies of a seed come before the next seed.

    Parameters
    ----------
    folder : Path
        A project with masks by a person for its pool and its test fields; or the word
        ``synthetic``: a project of generated fields is then made first.
    strategies : sequence of str
        Of ``sorby.select.SELECTORS``; ``manual`` is played by a script.
    rounds, per_round, seeds : int
        Rounds, fields a round, and repetitions.
    preset : str
        How models are trained.
    minutes : float, optional
        No round is begun after so many; 0 writes the page of what is stored.
    to : Path, optional
        Where the synthetic project goes; ``sorby-experiment`` unless told.
    on_step : callable
        Told after each step.

    Returns
    -------
    dict
        ``project``, ``page``, ``files``; ``strategies``, ``rounds``, ``per_round``, ``seeds``,
        ``seeds_reached`` (played to the end by every strategy), ``n_test``, ``synthetic``;
        ``by_round``, ``comparisons``, ``baselines`` and ``times``: see
        `sorby.workflow.experiment_tables`; ``notes``.

    Raises
    ------
    SettingError
        If an option is wrong.
    ProjectError
        If the project lacks masks by a person.
    """
    from sorby.project import Project
    from sorby.workflow.experiment_page import write_experiment
    from sorby.workflow.experiment_tables import tables_of

    _check(strategies, seeds, minutes)
    ends = float("inf") if minutes is None else time.monotonic() + 60 * minutes
    if Path(folder) == Path(SYNTHETIC):
        folder = synthetic_project(Path(to or SYNTHETIC_FOLDER), on_step=on_step)
    elif to is not None:
        raise SettingError(f"--to says where the {SYNTHETIC} project goes: {folder} has its place.")
    plan = {"rounds": rounds, "per_round": per_round, "preset": preset}
    runs = _play(Path(folder), strategies, seeds, plan, ends, on_step)
    with Project.open(folder) as project:
        tables = tables_of(project, runs, rounds=rounds, seeds=seeds, on_step=on_step)
        written = write_experiment(project, runs, tables, plan=plan, seeds=seeds, on_step=on_step)
        _record(project, strategies, {**plan, "seeds": seeds}, written["files"])
    return {
        "project": str(folder),
        **written,
        "strategies": list(strategies),
        **plan,
        "seeds": seeds,
        "seeds_reached": tables.seeds_reached,
        "n_test": tables.n_test,
        "synthetic": tables.synthetic,
        "by_round": tables.records("by_round"),
        "comparisons": tables.records("comparisons"),
        "baselines": tables.records("baselines"),
        "times": tables.records("times"),
        "notes": tables.notes,
    }


def _check(strategies: Sequence[str], seeds: int, minutes: float | None) -> None:
    from sorby.select import SELECTORS

    if not strategies or len(set(strategies)) < len(strategies):
        raise SettingError(
            f"The strategies {', '.join(strategies) or '(none)'}: name at least one, each once."
        )
    for name in strategies:
        SELECTORS[name]  # refuses a name that it does not know
    if seeds < 1 or (minutes is not None and not minutes >= 0):
        raise SettingError(
            f"{seeds} seeds in {minutes} minutes: give at least one seed and no negative time."
        )


def _play(
    folder: Path,
    strategies: Sequence[str],
    seeds: int,
    plan: dict[str, Any],
    ends: float,
    on_step: OnStep,
) -> list[dict[str, Any]]:
    """Answers of `run_rounds`: every strategy of a seed, then the next seed."""
    from sorby.workflow.experiment import run_rounds

    runs: list[dict[str, Any]] = []
    n_rounds = len(strategies) * seeds * plan["rounds"]
    for seed in range(seeds):
        for strategy in strategies:

            def told(done: int, total: int, **values: Any) -> None:
                if values.get("step") == "round":
                    finished = sum(len(run["rounds"]) for run in runs) + done
                    on_step(finished, n_rounds, step="rounds of the experiment")

            runs.append(
                run_rounds(
                    folder,
                    annotator="truth",
                    strategy=strategy,
                    seed=seed,
                    is_scripted=True,
                    on_step=told,
                    should_stop=lambda: time.monotonic() >= ends,
                    **plan,
                )
            )
    return runs


def synthetic_project(folder: Path, *, on_step: OnStep = silent) -> Path:
    """Make a project of generated fields, 40 to choose from and 15 of other specimens for tests.

    Parameters
    ----------
    folder : Path
        Gets ``build/`` (images, true masks, table) and the project; one that is there is taken
        as it is, one that was interrupted is made anew from the same seeds.
    on_step : callable
        Told after each field.

    Returns
    -------
    Path
        The project.

    Raises
    ------
    ProjectError
        If the folder holds something else.
    """
    import pandas as pd

    from sorby.core.errors import ProjectError
    from sorby.io import write_mask, write_micrograph
    from sorby.project import DATABASE, Project
    from sorby.synthetic import lpbf_build
    from sorby.workflow.importing import new_project

    build, marker = folder / "build", folder / "build" / "SYNTHETIC.txt"
    if folder.exists() and any(folder.iterdir()) and not marker.is_file():
        raise ProjectError(
            f"{folder} is not empty and holds no experiment on generated fields. Nothing was "
            "touched. Choose another folder: sorby experiment synthetic --to DIR"
        )
    if (folder / DATABASE).is_file():
        with Project.open(folder) as project:
            if project.note("synthetic"):
                return folder
    build.mkdir(parents=True, exist_ok=True)
    marker.write_text("Generated by Sorby. These images show no real metal.\n", encoding="utf-8")
    rows: list[dict[str, Any]] = []
    n_fields = sum(len(powers) * len(speeds) * n for _, powers, speeds, n, _ in _BUILDS)
    for seed, powers, speeds, n, split in _BUILDS:
        fields = lpbf_build(
            rng=generator(seed), powers_w=powers, speeds_mm_s=speeds, fields_per_condition=n
        )
        for field in fields:
            write_micrograph(build / "polished" / f"{field.name}.png", field.polished)
            write_mask(build / "truth" / f"{field.name}.png", field.mask)
            about = {"image": f"{field.name}.png", "specimen": field.specimen, "split": split}
            rows.append({**about, "um_per_px": field.um_per_px, **field.process.known()})
            on_step(len(rows), n_fields, step="generate")
    pd.DataFrame(rows).to_csv(build / "fields.csv", index=False)
    new_project(
        folder,
        [build / "polished"],
        masks=[build / "truth"],
        fields_table=build / "fields.csv",
        on_step=on_step,
    )
    with Project.open(folder) as project:
        project.set_note("synthetic", f"generated by sorby.synthetic, seeds {_BUILDS[0][0]} to 13")
    return folder


def _record(
    project: Project, strategies: Sequence[str], plan: dict[str, Any], files: Sequence[str]
) -> None:
    from sorby.core.files import content_hash
    from sorby.project import history

    outputs = {Path(name).name: content_hash(Path(name)) for name in files}
    project.record(
        history.new_record(
            "experiment",
            settings={"strategies": list(strategies), **plan},
            inputs={"images and masks": project.fingerprint()},
            outputs=outputs,
        )
    )
