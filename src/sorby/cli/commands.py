"""Each command: one call of ``sorby.workflow``, and its answer in a few lines of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sorby import workflow
from sorby.cli import answers, learnt
from sorby.core.errors import SettingError
from sorby.core.progress import OnStep

Answer = tuple[dict[str, Any], str]


def segment(
    images: list[Path],
    out: Path,
    method: str | None,
    model: Path | None,
    page: int,
    on_step: OnStep,
) -> Answer:
    """Masks and a defect table of loose images."""
    answer = workflow.segment_images(
        images, out, method=method, model=model, page=page, on_step=on_step
    )
    return answer, answers.segmented(answer)


def new(
    folder: Path,
    polished: list[Path],
    etched: list[Path],
    masks: list[Path],
    fields: Path | None,
    on_step: OnStep,
    **options: Any,
) -> Answer:
    """Make a project."""
    answer = workflow.new_project(
        folder,
        polished,
        etched=etched,
        masks=masks,
        fields_table=fields,
        on_step=on_step,
        **options,
    )
    return answer, answers.imported(answer)


def status(folder: Path, on_step: OnStep) -> Answer:
    """What a project holds."""
    answer = workflow.project_status(folder)
    return answer, answers.state(answer)


def select(
    folder: Path, strategy: str, n_select: int, images: list[str], on_step: OnStep
) -> Answer:
    """Choose what to label next."""
    answer = workflow.select(
        folder, strategy=strategy, n_select=n_select, images=images, on_step=on_step
    )
    return answer, learnt.selected(answer, folder)


def train(folder: Path, preset: str, resume: bool, on_step: OnStep) -> Answer:
    """Train a model."""
    answer = workflow.train_project(folder, preset=preset, resume=resume, on_step=on_step)
    return answer, learnt.trained_model(answer, folder)


def evaluate(folder: Path, on_step: OnStep) -> Answer:
    """Score the model on the test fields."""
    answer = workflow.evaluate(folder, on_step=on_step)
    return answer, learnt.scored(answer)


def models(folder: Path, use: int | None, export: Path | None, on_step: OnStep) -> Answer:
    """Models of a project."""
    answer = workflow.list_models(folder, use=use, export=export)
    return answer, learnt.shelved(answer, folder)


def predict(folder: Path, method: str | None, on_step: OnStep) -> Answer:
    """Masks for fields that no person looked at."""
    answer = workflow.predict(folder, method=method, on_step=on_step)
    return answer, answers.predicted(answer, folder)


def masks_import(
    folder: Path,
    paths: list[Path],
    mask_values: str | None,
    author: str | None,
    on_step: OnStep,
) -> Answer:
    """Corrected masks in."""
    answer = workflow.import_masks(
        folder, paths, mask_values=mask_values, author=author, on_step=on_step
    )
    return answer, answers.masks_taken(answer, folder)


def masks_accept(folder: Path, names: list[str], author: str | None, on_step: OnStep) -> Answer:
    """Predictions as they are, for a person's word."""
    answer = workflow.accept_masks(folder, names, author=author)
    return answer, answers.masks_accepted(answer, folder)


def masks_export(folder: Path, path: Path, on_step: OnStep) -> Answer:
    """Masks out."""
    answer = workflow.export_masks(folder, path, on_step=on_step)
    return answer, f"{answer['n_masks']} masks are in {answer['folder']}"


def measure(folder: Path, on_step: OnStep) -> Answer:
    """Measure defects."""
    answer = workflow.measure(folder, on_step=on_step)
    return answer, answers.measured(answer)


def labels_import(folder: Path, table: Path, on_step: OnStep) -> Answer:
    """Types given by a person."""
    answer = workflow.import_labels(folder, table)
    return answer, answers.counted(f"{answer['n_labels']} labels imported", answer["counts"])


def classify_predict(
    folder: Path | None,
    patches: Path | None,
    model: Path | None,
    out: Path | None,
    on_step: OnStep,
) -> Answer:
    """Type the defects of a project, or the patches of a bare folder."""
    if (folder is None) == (patches is None) or (patches is None) != (out is None):
        raise SettingError(
            "Give a project (sorby classify predict DIR) or a folder of patches and where the "
            "table goes (sorby classify predict --patches DIR --out types.csv)."
        )
    if patches is not None and out is not None:
        answer = workflow.predict_patches(patches, out, model=model, on_step=on_step)
    else:
        answer = workflow.classify_project(folder, model=model, on_step=on_step)
    return answer, answers.typed(answer)


def classify_evaluate(patches: Path, seed: int, on_step: OnStep) -> Answer:
    """Cross-validate the classifiers."""
    answer = workflow.evaluate_patches(patches, seed=seed, on_step=on_step)
    return answer, answers.evaluated(answer)


def classify_train(patches: Path, out: Path, seed: int, on_step: OnStep) -> Answer:
    """Train a classifier."""
    answer = workflow.train_patches(patches, out, seed=seed, on_step=on_step)
    return answer, answers.trained(answer)


def map_(folder: Path, on_step: OnStep) -> Answer:
    """Draw the process map."""
    answer = workflow.map_project(folder, on_step=on_step)
    return answer, answers.mapped(answer)


def report(folder: Path, on_step: OnStep) -> Answer:
    """Write the report."""
    answer = workflow.report_project(folder, on_step=on_step)
    return answer, f"The report is {answer['report']}"


def effort(folder: Path, csv: Path | None, on_step: OnStep) -> Answer:
    """What corrections took."""
    answer = workflow.effort(folder, csv=csv)
    return answer, learnt.worked(answer)


def run(folder: Path, annotator: str | None, on_step: OnStep, **options: Any) -> Answer:
    """Run the whole main job, or rounds of learning where an annotator is named."""
    given = {name: value for name, value in options.items() if value is not None}
    if annotator is None and given:
        raise SettingError(
            f"{', '.join('--' + name.replace('_', '-') for name in given)}: only rounds of "
            "learning have this. Say who labels (--annotator truth or accept), or leave it out."
        )
    if annotator is None:
        answer = workflow.run_project(folder, on_step=on_step)
        return answer, answers.ran(answer)
    answer = workflow.run_rounds(folder, annotator=annotator, on_step=on_step, **given)
    return answer, learnt.ran_rounds(answer)


def experiment(folder: Path, on_step: OnStep, **options: Any) -> Answer:
    """Compare strategies of choosing."""
    answer = workflow.run_experiment(folder, on_step=on_step, **options)
    return answer, learnt.experimented(answer)


def demo(folder: Path, seed: int, on_step: OnStep) -> Answer:
    """Run the main job on a generated build."""
    answer = workflow.demo(folder, seed=seed, on_step=on_step)
    return answer, answers.demonstrated(answer)


def data_fetch(name: str, to: Path, on_step: OnStep) -> Answer:
    """Fetch the paper's data sets."""
    answer = workflow.fetch_paper(to, on_step=on_step)
    return answer, answers.fetched(answer)


def app(
    folder: Path,
    port: int | None,
    host: str,
    password_file: Path | None,
    no_browser: bool,
    on_step: OnStep,
) -> Answer:
    """Serve the page."""
    from sorby.web.serving import serve

    serve(
        folder,
        say=answers.say,
        port=port,
        host=host,
        password_file=password_file,
        opens_browser=not no_browser,
    )
    return {}, "Ended; everything is kept."
