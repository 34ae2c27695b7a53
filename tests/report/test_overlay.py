import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from sorby.core.errors import SettingError
from sorby.report import overlay_figure


def box(rows, columns, **more):
    return {
        "row_min": rows[0],
        "row_max": rows[1],
        "column_min": columns[0],
        "column_max": columns[1],
        **more,
    }


@pytest.fixture
def field():
    """An L and the square in its corner: their bounding boxes overlap."""
    mask = np.zeros((60, 80), np.uint8)
    mask[10:40, 36:40] = mask[36:40, 10:40] = 1
    mask[10:18, 22:30] = 1
    mask[50:60, 60:80] = 255
    table = pd.DataFrame(
        [
            box((10, 40), (10, 40), defect_type="lack_of_fusion"),
            box((10, 18), (22, 30), defect_type="porosity"),
        ]
    )
    return np.full(mask.shape, 180, np.uint8), mask, table


def outlined(figure, name):
    """Extent (left, right, top, bottom) of a type's outline, and how many closed lines it has."""
    lines = next(c for c in figure.axes[0].collections if c.get_gid() == f"outline:{name}")
    path = lines.get_paths()[0]
    (left, top), (right, bottom) = path.vertices.min(axis=0), path.vertices.max(axis=0)
    return (left, right, top, bottom), len(path.to_polygons(closed_only=False))


def words(figure):
    return [t.get_text() for t in figure.findobj(Text)]


def test_an_outline_follows_its_own_defect_not_a_neighbour_in_its_box(field):
    figure = overlay_figure(*field)
    extent, n_lines = outlined(figure, "lack_of_fusion")
    assert extent == (9.5, 39.5, 9.5, 39.5)
    assert n_lines == 1
    assert outlined(figure, "porosity") == ((21.5, 29.5, 9.5, 17.5), 1)


def test_regions_without_a_row_are_named_as_under_the_size_floor(field):
    pixels, mask, table = field
    figure = overlay_figure(pixels, mask, table.iloc[:1])
    assert outlined(figure, "under_the_size_floor")[0] == (21.5, 29.5, 9.5, 17.5)
    assert "under the size floor" in words(figure)


def test_ignored_regions_are_hatched(field):
    region = next(c for c in overlay_figure(*field).axes[0].collections if c.get_gid() == "ignored")
    assert region.hatches == ["xxxx"]
    vertices = region.get_paths()[0].vertices
    assert vertices.min(axis=0) == pytest.approx([59.5, 49.5], abs=0.5)


@pytest.mark.parametrize(("um_per_px", "said"), [(1.0, "10 µm"), (0.65, "10 µm"), (100.0, "1 mm")])
def test_the_scale_bar_has_the_length_it_states(field, um_per_px, said):
    figure = overlay_figure(*field, um_per_px)
    bar = next(p for p in figure.axes[0].patches if p.get_gid() == "scale-bar")
    number, unit = said.split()
    length_um = float(number) * (1000 if unit == "mm" else 1)
    assert said in words(figure)
    assert bar.get_width() * um_per_px == pytest.approx(length_um)


def test_the_scale_bar_avoids_what_is_marked(field):
    pixels, mask, _ = field
    bar = next(p for p in overlay_figure(*field, 1.0).axes[0].patches if p.get_gid() == "scale-bar")
    left, top = int(bar.get_x()), int(bar.get_y())
    assert not mask[top : top + 2, left : left + int(bar.get_width())].any()
    bare = overlay_figure(pixels, np.zeros_like(mask), None, 1.0)
    bar = next(p for p in bare.axes[0].patches if p.get_gid() == "scale-bar")
    assert bar.get_x() > 40 and bar.get_y() > 30, "lower right where nothing is in the way"


def test_without_a_scale_there_is_no_bar(field):
    figure = overlay_figure(*field)
    assert not [p for p in figure.axes[0].patches if p.get_gid() == "scale-bar"]


@pytest.mark.parametrize("columns", [3201, 4799])
def test_a_large_image_is_reduced_and_its_outlines_stay_in_place(columns):
    pixels = np.full((900, columns), 40_000, np.uint16)
    mask = np.zeros(pixels.shape, np.uint8)
    mask[300:600, 1500:2400] = 1
    mask[100, 3000] = 1
    figure = overlay_figure(pixels, mask)
    assert max(figure.axes[0].images[0].get_array().shape) <= 1600
    (left, right, top, bottom), n_lines = outlined(figure, "untyped")
    step = -(-columns // 1600)
    assert n_lines == 2, "one defect pixel stays in sight"
    assert (left, bottom) == pytest.approx((1499.5, 599.5), abs=step)
    assert (right, top) == pytest.approx((3000, 100), abs=step)


def test_sixteen_bits_are_shown_between_their_percentiles(rng):
    pixels = rng.normal(30_000, 100, (100, 100)).astype(np.uint16)
    pixels[0, 0] = 65_535
    shown = overlay_figure(pixels, np.zeros(pixels.shape, np.uint8)).axes[0].images[0].get_array()
    shown = np.asarray(shown)
    assert np.percentile(shown, 1) < 30 and np.percentile(shown, 99) > 225


def test_eight_bits_are_shown_as_they_are(rng):
    pixels = rng.integers(90, 120, (50, 70), dtype=np.uint8)
    shown = overlay_figure(pixels, np.zeros(pixels.shape, np.uint8)).axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown, pixels)


def test_misfits_are_refused_with_their_shapes():
    with pytest.raises(SettingError, match=r"\(4, 5, 3\).*\(4, 5\)"):
        overlay_figure(np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8))
