"""Strategies against one another: tables, page, and going on after an end."""

import json

import numpy as np
import pandas as pd
import pytest

from sorby.cli import main
from sorby.core.errors import ProjectError, SettingError
from sorby.workflow import run_experiment
from sorby.workflow.experimenting import synthetic_project
from sorby.workflow.scripting import visible_defects

pytestmark = pytest.mark.usefixtures("quick")

POOL, TESTS = [f"p{n}" for n in range(8)], ["t0", "t1", "t2", "t3"]
SMALL = {"strategies": ["uniform", "manual"], "rounds": 2, "per_round": 2, "seeds": 2}
TABLES = ["rounds", "fields", "by_round", "comparisons", "times"]


@pytest.fixture(scope="module")
def played(fresh_once, short_trainings, tmp_path_factory):
    """Two strategies, two seeds, two rounds of two."""
    import shutil

    study = type(fresh_once)(tmp_path_factory.mktemp("experiment") / "study", fresh_once.truth)
    shutil.copytree(fresh_once.folder, study.folder)
    study.label(*POOL, *TESTS)
    with short_trainings():
        study.made["answer"] = run_experiment(study.folder, **SMALL)
    return study


@pytest.fixture
def own(played, tmp_path):
    import shutil

    shutil.copytree(played.folder, tmp_path / "study")
    return type(played)(tmp_path / "study", played.truth, played.made)


def table(study, name):
    return pd.read_csv(study.folder / "results" / "experiment" / f"{name}.csv")


def test_every_strategy_seed_and_round_is_there_once(played):
    rows = table(played, "rounds")
    assert len(rows) == 8
    assert not rows.duplicated(["strategy", "seed", "round"]).any()
    assert played.made["answer"]["seeds_reached"] == 2
    assert played.made["answer"]["notes"] == []


def test_scores_of_fields_average_to_those_of_the_round(played):
    fields = table(played, "fields")
    means = fields.groupby(["way", "seed", "round"])["macro_f1"].mean()
    for row in table(played, "rounds").itertuples():
        assert means[row.strategy, row.seed, row.round] == pytest.approx(row.macro_f1)
    assert set(fields["image"]) == set(TESTS)


def test_answer_is_json_and_no_claim_is_made_where_zero_is_inside(played):
    answer = json.loads(json.dumps(played.made["answer"], allow_nan=False))
    assert len(answer["comparisons"]) == 5
    for one in answer["comparisons"]:
        assert (one["n_seeds"], one["n_fields"]) == (2, 4)
        assert -1 <= one["low"] <= one["mean"] <= one["high"] <= 1
        is_open = one["low"] <= 0 <= one["high"]
        assert ("not told apart" in one["sentence"]) == is_open


def test_effort_and_coverage_belong_to_each_round(played):
    rows = table(played, "rounds")
    assert (rows["actions"] >= 2 * 2).all()  # two to end each of two images
    assert (rows["actions_drawn"] > 2).all()
    for _, run in rows.groupby(["strategy", "seed"]):
        assert (run["wasserstein"] > 0).all()


def test_page_stands_alone_beside_its_tables_and_figures(played):
    answer = played.made["answer"]
    names = {path.rsplit("/", 1)[-1] for path in answer["files"]}
    assert names >= {"experiment.html", "f1.png", "isomap.png", "tsne.png", "coverage.png",
                     "effort.png", "examples.png", "gradcam.png", "losses.png",
                     *(f"{name}.csv" for name in TABLES)}  # fmt: skip
    page = (played.folder / "results" / "experiment" / "experiment.html").read_text()
    assert "scripted person" in page
    assert not any(word in page for word in ("<script", "http:", "https:"))
    assert "SYNTHETIC" not in page


def test_same_words_again_play_nothing_anew(own):
    with own.open() as project:
        before = len(project.models.all())
    again = run_experiment(own.folder, **SMALL)
    with own.open() as project:
        assert len(project.models.all()) == before
    assert again["by_round"] == own.made["answer"]["by_round"]
    assert again["comparisons"] == own.made["answer"]["comparisons"]


def test_more_seeds_that_there_was_no_time_for_are_said(own):
    answer = run_experiment(own.folder, **SMALL | {"seeds": 3}, minutes=0)
    assert answer["seeds_reached"] == 2
    assert any("2 of 3 seeds" in note for note in answer["notes"])
    assert answer["comparisons"] == own.made["answer"]["comparisons"]


def test_experiment_that_was_killed_ends_like_one_that_was_not(fresh, played):
    fresh.label(*POOL, *TESTS)

    def stop(done, total, **values):
        if values.get("step") == "rounds of the experiment" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(fresh.folder, **SMALL, on_step=stop)
    answer = run_experiment(fresh.folder, **SMALL)
    assert answer["by_round"] == played.made["answer"]["by_round"]
    assert answer["comparisons"] == played.made["answer"]["comparisons"]


def test_nothing_played_yet_makes_a_page_that_says_so(fresh):
    fresh.label(*POOL, *TESTS)
    answer = run_experiment(fresh.folder, **SMALL, minutes=0)
    assert answer["seeds_reached"] == 0
    assert answer["by_round"] == []


def test_command_tells_seeds_scores_and_where_the_page_is(own, capsys):
    words = ["experiment", str(own.folder), "--strategies", "uniform", "manual", "--rounds", "2",
             "--per-round", "2", "--seeds", "2", "--minutes", "0"]  # fmt: skip
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "2 of 2 seeds, 4 test images" in told
    assert "experiment.html" in told
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seeds_reached"] == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"strategies": []}, "at least one"),
        ({"strategies": ["smile", "smile"]}, "each once"),
        ({"strategies": ["oracle"]}, "oracle"),
        ({"seeds": 0}, "at least one seed"),
        ({"minutes": -1}, "no negative time"),
        ({"to": "elsewhere"}, "has its place"),
    ],
)
def test_wrong_option_is_refused_before_anything_is_done(fresh, options, told):
    with pytest.raises(SettingError, match=told):
        run_experiment(fresh.folder, **options)


def test_the_script_sees_size_and_contrast_without_the_truth(labs, tmp_path):
    samples = labs.pool_and_test()
    samples[0].pixels[20:60, 20:60] = 15  # one large, dark pore
    study = labs.write_study(tmp_path, samples)
    with study.open() as project:
        fields = project.fields()
        seen = dict(zip((f.name for f in fields), visible_defects(project, fields), strict=True))
        assert visible_defects(project, fields) == list(seen.values())
    assert seen["p0"][0] == pytest.approx(2 * 40 / np.sqrt(np.pi), rel=0.15)
    assert seen["p0"] == tuple(max(values) for values in zip(*seen.values(), strict=True))


def test_synthetic_project_never_touches_another_folder(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ProjectError, match="Nothing was touched"):
        synthetic_project(tmp_path)


def test_synthetic_project_is_marked_and_made_once(tmp_path, monkeypatch):
    from sorby import synthetic
    from sorby.workflow import experimenting

    build = synthetic.lpbf_build
    monkeypatch.setattr(synthetic, "lpbf_build", lambda **options: build(**options, shape=(96, 96)))
    few = ((11, (160,), (400, 800), 2, "pool"), (12, (180,), (500,), 3, "test"))
    monkeypatch.setattr(experimenting, "_BUILDS", few)
    folder = synthetic_project(tmp_path / "made")
    from sorby.project import Project

    with Project.open(folder) as project:
        assert project.note("synthetic")
        assert [field.split for field in project.fields()].count("test") == 3
    stamp = (folder / "build" / "fields.csv").stat().st_mtime_ns
    assert synthetic_project(folder) == folder
    assert (folder / "build" / "fields.csv").stat().st_mtime_ns == stamp
