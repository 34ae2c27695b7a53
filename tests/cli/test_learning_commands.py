"""The learning loop as a user types it, on small fields of dark discs with known masks."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from sorby.cli import main
from sorby.io import write_mask
from sorby.segment import presets

POOL = ["p0", "p1", "p2", "p3", "p4"]
TESTS = ["t0", "t1"]


def field(seed, shape=(72, 88)):
    """Gray values and mask: discs, painted 2 px wider than they are dark."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    dark, mask = np.zeros(shape, bool), np.zeros(shape, np.uint8)
    for _ in range(3):
        row, column = (rng.integers(10, length - 10) for length in shape)
        distance = np.hypot(rows - row, columns - column)
        radius = rng.integers(5, 9)
        dark |= distance <= radius
        mask[distance <= radius + 2] = 1
    level = np.where(dark, 60.0, 190.0) + 60 * ndimage.gaussian_filter(rng.normal(size=shape), 3)
    pixels = ndimage.gaussian_filter(level, 0.8) + rng.normal(0, 4, shape)
    return pixels.clip(0, 255).astype(np.uint8), mask


@pytest.fixture(scope="module")
def home_once(tmp_path_factory):
    """Images, fields table and true masks; a project of them that was looked at once."""
    home = tmp_path_factory.mktemp("home")
    (home / "images").mkdir()
    lines = ["image,specimen,split"]
    for number, name in enumerate([*POOL, *TESTS]):
        pixels, mask = field(number)
        Image.fromarray(pixels).save(home / "images" / f"{name}.png")
        write_mask(home / "truth" / f"{name}.png", mask)
        lines.append(f"{name},S{number},{'test' if name in TESTS else 'pool'}")
    (home / "fields.csv").write_text("\n".join(lines) + "\n")
    words = ["new", home / "study", "--polished", home / "images", "--fields", home / "fields.csv"]
    assert main([str(word) for word in [*words, "--copy"]]) == 0
    assert main(["select", str(home / "study"), "--images", "p0"]) == 0
    return home


@pytest.fixture
def home(home_once, tmp_path, monkeypatch):
    """Own copy of it; a training takes a second."""
    shutil.copytree(home_once, tmp_path / "home")
    fast = presets.PRESETS["fast"]
    quick = dataclasses.replace(
        fast,
        learning_rates=tuple((share, 5 * rate) for share, rate in fast.learning_rates),
        n_steps=12,
        warm_steps=8,
        crop_px=64,
        batch=4,
        check_every=4,
    )
    monkeypatch.setitem(presets.PRESETS, "fast", quick)
    return tmp_path / "home"


@pytest.fixture
def study(home):
    return home / "study"


def run(capsys, *words):
    capsys.readouterr()
    code = main([str(word) for word in words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def answer(capsys, *words):
    code, out, err = run(capsys, *words, "--json")
    assert code == 0, err
    assert out.count("\n") == 1
    return json.loads(out)


def text(capsys, *words):
    code, out, err = run(capsys, *words)
    assert code == 0, err
    return out


def label(capsys, home, *names):
    files = [home / "truth" / f"{name}.png" for name in names]
    return answer(capsys, "masks", "import", home / "study", *files)


@pytest.fixture
def taught(capsys, home, study):
    """Three fields and the test fields are labelled, one model is trained."""
    label(capsys, home, "p0", "p1", "p2", *TESTS)
    return answer(capsys, "train", study)


def test_loop_from_selection_to_export(capsys, home, study):
    chosen = answer(capsys, "select", study, "-n", 3)
    picks = [pick["image"] for pick in chosen["picks"]]
    assert (chosen["round"], len(picks), set(picks) <= set(POOL)) == (1, 3, True)
    label(capsys, home, *picks, *TESTS)
    trained = answer(capsys, "train", study, "--preset", "fast")
    assert (trained["model"], trained["is_new"]) == (1, True)
    assert {*trained["trained_on"], *trained["validated_on"]} == set(picks)
    assert answer(capsys, "predict", study)["n_predicted"] == 2
    scores = answer(capsys, "evaluate", study)
    assert (scores["n"], scores["model"]) == (2, 1)
    shelf = answer(capsys, "models", study, "--export", home / "mine.safetensors")
    assert (shelf["current"], shelf["exported"]) == (1, str(home / "mine.safetensors"))
    image = home / "images" / "t0.png"
    loose = answer(
        capsys, "segment", image, "--model", home / "mine.safetensors", "--out", home / "out"
    )
    assert loose["images"][0]["n_defects"] > 0
    assert answer(capsys, "select", study, "-n", 1)["round"] == 2


def test_select_says_what_and_why(capsys, study):
    out = text(capsys, "select", study, "-n", "2", "--strategy", "kcenter")
    head, columns, *rows = out.splitlines()
    assert head == "Round 1, kcenter: 2 of 5 fields (0 labelled already)."
    assert columns.split() == ["image", "why"]
    assert rows[0].split()[0] in POOL
    assert f"sorby train {study}" in out
    assert "note: " in out


def test_train_says_its_model_and_score(capsys, home, study):
    label(capsys, home, "p0", "p1", "p2")
    out = text(capsys, "train", study)
    found = answer(capsys, "train", study)
    assert not found["is_new"]
    assert "Model 1 is in use: trained on 2 fields" in out
    assert f"macro-F1 {found['validation_macro_f1']:.3f} on 1 others" in out
    assert f"threshold {found['threshold']:.2f}" in out
    assert "Nothing has changed since model 1" in text(capsys, "train", study)


def test_evaluate_prints_the_numbers_of_its_json(capsys, study, taught):
    found = answer(capsys, "evaluate", study)
    out = text(capsys, "evaluate", study)
    assert out.startswith("2 locked test fields")
    rows = {"model 1": found, **found["baselines"]}
    for name, one in rows.items():
        (line,) = [line for line in out.splitlines() if line.startswith(name)]
        for key in ("macro_f1", "defect_f1", "precision", "recall"):
            assert f"{one[key]['mean']:.3f} ± {one[key]['sd']:.3f}" in line
        assert line.endswith(f"{one['pooled']['macro_f1']:.3f}")
    assert f"defect-F1 {found['pooled']['defect_f1']:.3f}" in out


def test_score_of_one_field_has_no_sd_in_json_and_text(capsys, home, study):
    label(capsys, home, "p0", "p1", "t0")
    answer(capsys, "train", study)
    found = answer(capsys, "evaluate", study)
    assert found["macro_f1"]["sd"] is None
    mean = f"{found['macro_f1']['mean']:.3f}"
    (line,) = [s for s in text(capsys, "evaluate", study).splitlines() if s.startswith("model 1")]
    assert mean in line
    assert f"{mean} ±" not in line


def test_models_are_listed_promoted_and_rolled_back(capsys, home, study, taught):
    label(capsys, home, "p3", "p4")
    assert answer(capsys, "train", study)["model"] == 2
    assert answer(capsys, "models", study)["current"] == 2
    assert answer(capsys, "models", study, "--use", 1)["current"] == 1
    out = text(capsys, "models", study)
    (used,) = [line for line in out.splitlines() if "in use" in line]
    assert used.split()[0] == "1"
    assert f"{taught['validation_macro_f1']:.3f}" in used
    assert (
        text(capsys, "predict", study).startswith("0 masks")
        or answer(capsys, "predict", study)["method"] == "model 1"
    )


def test_models_of_a_new_project_say_how_to_get_one(capsys, study):
    assert "sorby train" in text(capsys, "models", study)


def test_run_prints_a_row_a_round_and_the_baselines(capsys, home, study):
    label(capsys, home, *POOL, *TESTS)
    words = ["run", study, "--annotator", "truth", "--rounds", 2, "--per-round", 2, "--seed", 1]
    found = answer(capsys, *words)
    assert [one["n_labelled"] for one in found["rounds"]] == [2, 4]
    out = text(capsys, *words)  # the stored run
    assert out.startswith("smile, labels by truth, seed 1")
    for one in found["rounds"]:
        (line,) = [s for s in out.splitlines() if s.lstrip().startswith(f"{one['round']} ")]
        assert f"{one['macro_f1']['mean']:.3f} ± {one['macro_f1']['sd']:.3f}" in line
        assert ", ".join(one["picks"]) in line
    for name, one in found["rounds"][-1]["baselines"].items():
        assert f"{name}: macro-F1 {one['macro_f1']['mean']:.3f}" in out


def test_stopped_training_says_that_resume_goes_on(capsys, home, study, monkeypatch):
    label(capsys, home, "p0", "p1")

    def stop(*args, **values):
        raise KeyboardInterrupt

    monkeypatch.setattr("sorby.cli.progress.Progress.__call__", stop)
    code, out, err = run(capsys, "train", study)
    assert (code, out) == (130, "")
    assert "--resume" in err
    monkeypatch.undo()
    assert answer(capsys, "models", study)["models"] == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["select", "STUDY", "-n", "0"], 2, "at least 1"),
        (["select", "STUDY", "--strategy", "oracle"], 2, "'oracle' is not one of the selectors"),
        (["select", "STUDY", "--strategy", "manual"], 2, "--images"),
        (["select", "STUDY", "--images", "t0"], 2, "locked"),
        (["select", "STUDY", "--images", "nobody"], 2, "no field of the pool"),
        (["train", "STUDY"], 5, "sorby select"),
        (["evaluate", "STUDY"], 5, "has no model yet"),
        (["models", "STUDY", "--use", "3"], 6, "no model 3"),
        (["models", "STUDY", "--export", "HOME/a.safetensors"], 5, "has no model yet"),
        (["predict", "STUDY", "--method", "magic"], 2, "'magic'"),
        (["run", "STUDY", "--annotator", "me"], 2, "truth, accept"),
        (["run", "STUDY", "--annotator", "truth"], 5, "--annotator accept"),
        (["run", "STUDY", "--annotator", "accept"], 5, "no truth to compare"),
        (["run", "STUDY", "--annotator", "truth", "--strategy", "manual"], 2, "nobody picks"),
        (["run", "STUDY", "--annotator", "truth", "--rounds", "0"], 2, "at least 1"),
        (["run", "STUDY", "--rounds", "6"], 2, "--rounds: only rounds of learning"),
        (["run", "STUDY", "--per-round", "4", "--seed", "0"], 2, "--per-round, --seed: only"),
        (["run", "STUDY", "--preset", "fast"], 2, "--annotator truth or accept"),
        (["select", "HOME"], 5, "not a Sorby project"),
        (["train", "HOME"], 5, "not a Sorby project"),
        (["evaluate", "HOME"], 5, "not a Sorby project"),
        (["models", "HOME"], 5, "not a Sorby project"),
        (["segment", "HOME/images", "--model", "HOME/no.safetensors", "--out", "HOME/o"], 6, "no."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_error_has_its_exit_code_and_says_what_to_do(capsys, home, study, words, code, told):
    places = {"STUDY": str(study), "HOME": str(home)}
    for word, place in places.items():
        words = [given.replace(word, place) for given in words]
    found, out, err = run(capsys, *words)
    assert found == code
    assert out == ""
    assert err.startswith("sorby: ")
    assert told in err


def test_model_beside_a_method_is_refused(capsys, home, study, taught):
    model = study / "models" / "0001.safetensors"
    words = ["segment", home / "images", "--model", model, "--method", "otsu"]
    code, _, err = run(capsys, *words, "--out", home / "out")
    assert code == 2
    assert "give one" in err
    assert not Path(home / "out").exists()


def test_export_to_another_suffix_is_refused(capsys, home, study, taught):
    code, _, err = run(capsys, "models", study, "--export", home / "images" / "p0.png")
    assert code == 2
    assert ".safetensors" in err


def test_wrong_preset_and_labels_without_defect_are_settings(capsys, home, study):
    write_mask(home / "none" / "p0.png", np.zeros((72, 88), np.uint8))
    answer(capsys, "masks", "import", study, home / "none")
    code, _, err = run(capsys, "train", study)
    assert (code, "nothing to learn from" in err) == (2, True)
    code, _, err = run(capsys, "train", study, "--preset", "slow")
    assert (code, "fast, best, paper" in err) == (2, True)


def test_class_names_of_a_project_are_those_of_its_models(capsys, home, tmp_path):
    images, truth = home / "images", home / "truth"
    words = ["new", tmp_path / "named", "--polished", images, "--masks", truth]
    answer(capsys, *words, "--fields", home / "fields.csv", "--classes", "pore")
    answer(capsys, "train", tmp_path / "named")
    shelf = answer(capsys, "models", tmp_path / "named")
    assert shelf["models"][0]["classes"] == ["pore"]
    assert "pore" in text(capsys, "models", tmp_path / "named")
