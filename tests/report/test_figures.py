import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sorby.core.errors import SettingError
from sorby.report import (
    condition_figure,
    process_map_figure,
    save_figure,
    size_distribution_figure,
)


def test_svg_is_byte_identical_in_two_runs(build, tmp_path):
    first, second = (
        save_figure(process_map_figure(build["sections"]), tmp_path / name).read_bytes()
        for name in ("a.svg", "b.svg")
    )
    assert first == second
    assert b"Scan speed (mm/s)</text>" in first, "text stays text"


def test_png_has_300_dots_an_inch(build, tmp_path):
    path = save_figure(process_map_figure(build["sections"]), tmp_path / "map.png")
    with Image.open(path) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert image.width == pytest.approx(180 / 25.4 * 300, abs=1)


def test_other_suffixes_are_refused_and_nothing_is_written(build, tmp_path):
    with pytest.raises(SettingError, match="png, svg"):
        save_figure(condition_figure(build["conditions"]), tmp_path / "map.exe")
    assert not list(tmp_path.iterdir())


def test_matplotlib_settings_of_the_caller_are_left_alone(build):
    with mpl.rc_context({"font.size": 31.0, "svg.hashsalt": "mine"}):
        before = dict(mpl.rcParams)
        condition_figure(build["conditions"])
        assert dict(mpl.rcParams) == before


def test_pyplot_is_never_imported():
    code = "import sys, sorby.report.html; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_histogram_holds_every_defect_once(build):
    axes = size_distribution_figure(build["defects"]).axes[0]
    assert sum(bar.get_height() for bar in axes.patches) == len(build["defects"])
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel().endswith("(µm)")


def test_sizes_without_scale_are_in_pixels(build):
    bare = build["defects"].assign(equivalent_diameter_um=np.nan)
    assert size_distribution_figure(bare).axes[0].get_xlabel().endswith("(px)")


def test_points_lie_at_their_energy_and_area_fraction(build):
    table = build["conditions"]
    axes = condition_figure(table).axes[0]
    points = axes.containers[0][0].get_xydata()
    some = table[table.area_fraction > 0]
    ved = some.laser_power_w / (some.scan_speed_mm_s * 0.1 * 0.04)
    np.testing.assert_allclose(points, np.column_stack([ved, 100 * some.area_fraction]))
    bars = axes.containers[0][2][0].get_segments()
    tops = [segment[1][1] for segment in bars]
    np.testing.assert_allclose(tops, 100 * some.area_fraction_high)


@pytest.mark.parametrize("draw", [condition_figure, size_distribution_figure])
def test_empty_tables_still_make_a_figure(draw):
    (words,) = (text.get_text() for text in draw(pd.DataFrame()).axes[0].texts)
    assert words.startswith("No ")
