"""Measures against shapes whose truth is known on paper."""

import numpy as np
import pytest
from scipy.ndimage import binary_fill_holes
from skimage.measure import find_contours, regionprops

from sorby.defects import measure_defects
from sorby.defects.geometry import Field
from sorby.defects.measures import (
    area,
    aspect_ratio,
    circularity,
    equivalent_diameter,
    feret_max,
    feret_min,
    filled_area,
    orientation,
    perimeter,
    roundness,
    solidity,
)


def value(measure, instances, build_direction_deg=None):
    (result,) = measure(instances, Field(instances, build_direction_deg))
    return result


def test_disc_of_8_px_has_its_area_within_2_5_percent(discs):
    error = np.array([value(area, d) for d in discs(8, 200)]) / (np.pi * 16) - 1
    assert abs(error.mean()) < 0.01
    assert error.std() < 0.03


@pytest.mark.parametrize("diameter", [8, 24, 80])
def test_disc_has_its_equivalent_diameter_and_perimeter(discs, diameter):
    drawn = list(discs(diameter, 60))
    assert np.mean([value(equivalent_diameter, d) for d in drawn]) == pytest.approx(
        diameter, rel=0.01
    )
    assert np.mean([value(perimeter, d) for d in drawn]) == pytest.approx(
        np.pi * diameter, rel=0.01
    )


@pytest.mark.parametrize(("diameter", "tolerance"), [(10, 0.02), (24, 0.01), (80, 0.005)])
def test_discs_have_circularity_1_on_average_and_are_not_clipped(discs, diameter, tolerance):
    values = np.array([value(circularity, d) for d in discs(diameter, 200)])
    assert np.nanmean(values) == pytest.approx(1, abs=tolerance)
    assert np.nanmax(values) > 1


@pytest.mark.parametrize("minor", [16, 40])
def test_ellipse_of_aspect_3_has_circularity_0_663(ellipse, rng, minor):
    values = [
        value(
            circularity,
            ellipse(
                3 * minor,
                minor,
                centre=1.6 * minor + rng.uniform(0, 1, 2),
                angle_deg=rng.uniform(0, 180),
            ),
        )
        for _ in range(40)
    ]
    assert np.mean(values) == pytest.approx(0.663, abs=0.01)


@pytest.mark.parametrize("angle", [0, 17, 30, 45, 73, 90, 120])
def test_rectangle_has_its_diagonal_and_short_side_as_feret_diameters(rectangle, angle):
    drawn = rectangle(60.0, 25.0, centre=(45.3, 45.7), angle_deg=angle)
    assert value(feret_max, drawn) == pytest.approx(65.0, abs=1.0)
    assert value(feret_min, drawn) == pytest.approx(25.0, abs=1.0)


@pytest.mark.parametrize("angle", [0, 33, 77, 90, 151])
def test_ellipse_has_its_axes_as_feret_diameters(ellipse, angle):
    drawn = ellipse(90.0, 30.0, centre=(60.2, 60.4), angle_deg=angle)
    assert value(feret_max, drawn) == pytest.approx(90, abs=1)
    assert value(feret_min, drawn) == pytest.approx(30, abs=1)
    assert value(aspect_ratio, drawn) == pytest.approx(3, rel=0.03)
    assert value(roundness, drawn) == pytest.approx(1 / 3, rel=0.03)


def test_feret_diameters_are_the_extremes_of_the_support_width(rng):
    blob = np.zeros((40, 40), np.int32)
    blob[5:20, 8:31], blob[12:37, 25:29] = 1, 1
    rows, columns = np.nonzero(blob)
    theta = np.radians(np.arange(0, 180, 0.05))
    along = np.outer(np.cos(theta), columns) + np.outer(np.sin(theta), rows)
    half_pixel = np.maximum(np.abs(np.cos(theta)), np.abs(np.sin(theta))) / 2
    widths = np.ptp(along, axis=1) + 2 * half_pixel
    assert value(feret_max, blob) == pytest.approx(widths.max(), rel=1e-4)
    assert value(feret_min, blob) == pytest.approx(widths.min(), rel=1e-3)


def test_squares_of_any_size_have_solidity_exactly_1():
    for side in (9, 20, 51):
        assert value(solidity, np.ones((side, side), np.int32)) == pytest.approx(1, abs=1e-12)


def test_discs_have_solidity_near_1(discs):
    assert np.nanmean([value(solidity, d) for d in discs(24, 50)]) > 0.975


def test_l_shape_has_solidity_6_sevenths():
    # three squares of side s: area 3 s², hull 3.5 s²
    shape = np.ones((200, 200), np.int32)
    shape[:100, 100:] = 0
    assert value(solidity, shape) == pytest.approx(6 / 7, abs=0.005)


def test_outline_area_is_that_of_the_contour_at_one_half(rng):
    for _ in range(20):
        blob = (rng.random((9, 9)) < 0.5).astype(np.int32)
        blob[4, :], blob[:, 4] = 1, 1
        filled = np.pad(binary_fill_holes(blob), 1)
        contours = find_contours(filled, 0.5, fully_connected="high")
        shoelace = sum(
            abs(np.sum(c[:-1, 0] * c[1:, 1] - c[1:, 0] * c[:-1, 1])) / 2 for c in contours[:1]
        )
        found = Field(blob).outlines["outline_area_px2"][0]
        if len(contours) == 1:
            assert found == pytest.approx(shoelace)


def test_solidity_never_exceeds_1(rng):
    for _ in range(50):
        blob = (rng.random((16, 16)) < 0.6).astype(np.int32)
        assert value(solidity, blob) <= 1 + 1e-12


@pytest.mark.parametrize(
    ("axis", "build", "angle"),
    [
        (20, 90, 70),
        (20, 0, 20),
        (20, 200, 0),
        (110, 90, 20),
        (160, 90, 70),
        (90, 90, 0),
        (0, 90, 90),
    ],
)
def test_orientation_is_the_folded_angle_to_the_build_direction(ellipse, axis, build, angle):
    drawn = ellipse(60, 25, centre=(35.0, 35.5), angle_deg=axis)
    assert value(orientation, drawn, build) == pytest.approx(angle, abs=0.5)


def test_orientation_is_the_same_for_a_build_direction_turned_over(ellipse):
    drawn = ellipse(60, 25, centre=(35.0, 35.5), angle_deg=33)
    assert value(orientation, drawn, 90) == pytest.approx(value(orientation, drawn, 270))
    assert value(orientation, drawn[:, ::-1], 90) == pytest.approx(value(orientation, drawn, 90))


def test_orientation_is_empty_without_direction_or_for_round_or_small_defects(ellipse):
    long = ellipse(60, 25, centre=(35.0, 35.5))
    assert np.isnan(value(orientation, long))
    assert np.isnan(value(orientation, ellipse(60, 55, centre=(35.0, 35.5)), 90))
    assert np.isnan(value(orientation, ellipse(12, 5, centre=(10, 10)), 90))


@pytest.mark.parametrize("measure", [aspect_ratio, circularity, roundness, solidity])
def test_shapes_are_empty_under_10_px(measure):
    assert np.isnan(value(measure, np.ones((8, 9), np.int32)))  # 9.6 px
    assert np.isfinite(value(measure, np.ones((9, 9), np.int32)))  # 10.2 px


def test_holes_count_for_area_but_not_for_shape(ellipse):
    disc = ellipse(60, 60, centre=(35, 35))
    ring = disc - ellipse(20, 20, centre=(35, 35), size=len(disc))
    assert value(area, disc) - value(area, ring) == pytest.approx(np.pi * 100, rel=0.05)
    assert value(filled_area, ring) == value(area, disc)
    for measure in (perimeter, circularity, solidity, roundness, feret_max):
        assert value(measure, ring) == value(measure, disc)


def test_a_defect_in_the_hole_of_another_is_measured_on_its_own(ellipse):
    outer = ellipse(60, 60, centre=(35, 35)) - ellipse(40, 40, centre=(35, 35))
    both = outer + 2 * ellipse(20, 20, centre=(35, 35), size=len(outer))
    np.testing.assert_allclose(filled_area(both, Field(both)), [2821, 317], rtol=0.01)


def test_sizes_agree_with_scikit_image_on_many_blobs(rng):
    from scipy.ndimage import gaussian_filter, label

    instances, _ = label(gaussian_filter(rng.standard_normal((200, 200)), 4) > 0.05)
    table = measure_defects(instances, image="a", valid=None)
    for row, region in zip(table.itertuples(), regionprops(instances), strict=True):
        assert row.area_px2 == region.area
        assert row.filled_area_px2 == region.area_filled
        assert (row.y_px, row.x_px) == pytest.approx(region.centroid)
        assert (row.row_min, row.column_min, row.row_max, row.column_max) == region.bbox
        assert row.feret_max_px == pytest.approx(region.feret_diameter_max, abs=1.5)
