import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from sorby.core.errors import SettingError
from sorby.quantify import process_map
from sorby.report import process_map_figure
from sorby.report.numbers import with_interval

CELLS = {"200:600", "200:900", "300:600", "300:900", "300:1200"}


def named(figure):
    """Artists of the map's cells by gid without the word cell."""
    found = {}
    for artist in figure.findobj(lambda a: str(a.get_gid() or "").startswith("cell:")):
        found.setdefault(artist.get_gid().removeprefix("cell:"), artist)
    return found


@pytest.fixture(scope="module")
def artists(build):
    return named(process_map_figure(build["sections"]))


def test_every_tested_condition_has_one_cell_and_no_other_has_any(artists):
    assert {":".join(name.split(":")[:2]) for name in artists} == CELLS
    assert sum(name.endswith(":frame") for name in artists) == len(CELLS)


def test_power_rises_upwards_and_speed_to_the_right(artists):
    place = {name: artist.get_xy() for name, artist in artists.items() if name.endswith("frame")}
    assert place["300:600:frame"][1] > place["200:600:frame"][1]
    assert place["200:600:frame"][0] < place["200:900:frame"][0] < place["300:1200:frame"][0]
    frames = np.floor(list(place.values()))
    assert {tuple(cell) for cell in frames} == {(0, 0), (1, 0), (0, 1), (1, 1), (2, 1)}


def test_printed_numbers_are_those_of_the_condition_table(artists, build):
    for _, row in build["conditions"].iterrows():
        cell = f"{row.laser_power_w:g}:{row.scan_speed_mm_s:g}"
        ends = (row.area_fraction, row.area_fraction_low, row.area_fraction_high)
        value, interval = with_interval(*(100 * end for end in ends))
        printed = artists[f"{cell}:area-and-count"].get_text()
        percent, count = re.fullmatch(r"(\S+) % \((\S+)\)", printed).groups()
        assert percent == value
        assert float(count) == pytest.approx(row.mean_count, abs=0.5)
        assert artists[f"{cell}:interval"].get_text() == (
            f"{interval} %" if interval else "no interval"
        )
        assert artists[f"{cell}:n"].get_text() == f"n = {row.n_images}†"
        if np.isfinite(row.fraction_porosity):
            fraction = artists[f"{cell}:porosity-fraction"].get_text().split()[-2]
            assert float(fraction) == pytest.approx(row.fraction_porosity, abs=0.005)


def test_bars_have_the_lengths_of_their_numbers(artists, build):
    table = build["conditions"].set_index(["laser_power_w", "scan_speed_mm_s"])
    full = artists["200:600:type-track"].get_width()
    row = table.loc[(200.0, 600.0)]
    certain = row.n_typed / (row.n_typed + row.n_uncertain)
    assert artists["200:600:type:porosity"].get_width() == pytest.approx(
        full * certain * row.fraction_porosity
    )
    widths = [a.get_width() for n, a in artists.items() if n.startswith("200:600:type:")]
    assert sum(widths) == pytest.approx(full)
    limit = 1.1 * table.area_fraction.max()
    bar, track = artists["200:600:area"], artists["200:600:area-track"]
    assert bar.get_width() == pytest.approx(full * row.area_fraction / limit)
    ends = np.array([row.area_fraction_low, row.area_fraction_high])
    drawn = artists["200:600:whisker"].get_xdata()
    assert drawn == pytest.approx(track.get_x() + full * np.minimum(1, ends / limit))


def test_area_fractions_that_span_decades_are_drawn_on_a_logarithmic_axis(build):
    section = build["sections"][0]
    cells = section.cells.assign(area_fraction=[0.0001, 0.001, 0.01, 0.0, 0.03])
    figure = process_map_figure([type(section)(section.settings, section.caption, cells)])
    artists = named(figure)
    width = {name: artists[f"{name}:area"].get_width() for name in CELLS - {"300:900"}}
    step = width["200:900"] - width["200:600"]
    assert width["300:600"] - width["200:900"] == pytest.approx(step)
    assert width["300:1200"] - width["300:600"] == pytest.approx(np.log10(3) * step)
    assert "300:900:area" not in artists
    caption = next(a for a in figure.findobj(Text) if a.get_gid() == "caption").get_text()
    caption = caption.replace("\n", " ")
    assert "logarithmic" in caption and "white lines at 0.01, 0.1, 1" in caption


def test_a_condition_without_defects_has_bare_tracks_and_says_so(artists):
    assert artists["300:900:porosity-fraction"].get_text() == "no defects"
    assert artists["300:900:area-and-count"].get_text() == "0 % (0)"
    assert not any(n.startswith(("300:900:type:", "300:900:whisker")) for n in artists)
    assert "300:900:area" not in artists


def test_hairlines_lie_where_the_energy_density_is_theirs(build):
    figure = process_map_figure(build["sections"])
    lines = [a for a in figure.axes[0].lines if a.get_gid() == "energy"]
    labels = [t.get_text() for t in figure.axes[0].texts if t.get_text().endswith("J/mm³")]
    assert len(lines) == len(labels) >= 2
    for line, label in zip(lines, labels, strict=True):
        x, y = line.get_data()
        inside = np.isfinite(y) & (x > 0.5) & (x < 2.5)
        speed = np.interp(x[inside], [0.5, 1.5, 2.5], [600, 900, 1200])
        power = 200 + 100 * (y[inside] - 0.5)
        density = power / (speed * 0.1 * 0.04)
        assert np.allclose(density, float(label.split()[0]), rtol=0.01)


def test_without_hatch_the_hairlines_are_of_line_energy(build):
    bare = build["conditions"].assign(hatch_um=np.nan)
    figure = process_map_figure(process_map(bare).sections)
    labels = [t.get_text() for t in figure.axes[0].texts if "J/mm" in t.get_text()]
    assert labels and all(label.endswith("J/mm") for label in labels)


def test_caption_names_the_settings_held_fixed(build):
    figure = process_map_figure(build["sections"])
    caption = next(a for a in figure.findobj(Text) if a.get_gid() == "caption").get_text()
    caption = " ".join(caption.split())
    assert "Inconel 625 <b>, hatch 100 µm, layer 40 µm." in caption
    assert "Few fields" in caption


def test_several_sections_give_several_panels(build):
    both = build["conditions"]
    thick = both.assign(layer_um=60.0)
    table = pd.concat([both, thick], ignore_index=True)
    assert len(process_map_figure(process_map(table).sections).axes) == 2


def test_synthetic_maps_say_so_and_others_do_not(build):
    def marks(figure):
        return [a.get_text() for a in figure.findobj(Text) if a.get_gid() == "watermark"]

    assert marks(process_map_figure(build["sections"], synthetic=True)) == ["SYNTHETIC"]
    assert marks(process_map_figure(build["sections"])) == []


def test_type_is_never_smaller_than_6_points_and_stays_in_its_cell(build):
    figure = process_map_figure(build["sections"])
    figure.draw_without_rendering()
    texts = [a for a in figure.findobj(Text) if a.get_text()]
    assert min(a.get_fontsize() for a in texts) >= 6
    cells = [a for a in texts if str(a.get_gid()).startswith("cell:")]
    frames = named(figure)
    for text in cells:
        frame = frames[":".join(text.get_gid().split(":")[1:3]) + ":frame"]
        inner, outer = text.get_window_extent(), frame.get_window_extent()
        assert outer.x0 <= inner.x0 and inner.x1 <= outer.x1


def test_a_map_of_nothing_is_still_a_figure():
    assert process_map_figure([]).axes == []


def test_the_same_power_and_speed_twice_is_refused(build):
    section = build["sections"][0]
    twice = type(section)(section.settings, section.caption, section.cells.iloc[[0, 0]])
    with pytest.raises(SettingError, match="200 W and 600 mm/s"):
        process_map_figure([twice])
