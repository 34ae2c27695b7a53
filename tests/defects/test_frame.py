"""Edge rules against a plane of discs of which everything is known."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, find_objects

from sorby.defects import frame, label_instances, measure_defects

PLANE, WINDOW = 2400, 400


@pytest.fixture(scope="module")
def plane():
    """Periodic plane of discs that do not overlap: instances and diameters."""
    rng = np.random.default_rng(5)
    instances = np.zeros((PLANE, PLANE), np.int32)
    diameters = []
    for diameter in np.clip(rng.lognormal(3.3, 0.5, 1800), 6, 110):
        row, column = rng.uniform(0, PLANE, 2)
        near = np.arange(-58, 59)
        rows, columns = int(row) + near, int(column) + near
        disc = (rows[:, None] - row) ** 2 + (columns - column) ** 2 <= diameter**2 / 4
        spot = np.ix_(rows % PLANE, columns % PLANE)
        if not instances[spot][binary_dilation(disc)].any():
            diameters.append(diameter)
            instances[spot] += len(diameters) * disc.astype(np.int32)
    return instances, np.array(diameters)


def renumbered(part):
    """Instances numbered 1.. without gaps, and the number that each had before."""
    present = np.bincount(part.ravel()) > 0
    present[0] = False
    number = np.cumsum(present, dtype=np.int32) * present
    return number[part], np.flatnonzero(present)


def windows_of(instances, shifts):
    """Windows that tile the plane: instances, and their numbers in the plane."""
    for shift in shifts:
        shifted = np.roll(instances, shift, axis=(0, 1))
        for row in range(0, PLANE, WINDOW):
            for column in range(0, PLANE, WINDOW):
                yield renumbered(shifted[row : row + WINDOW, column : column + WINDOW])


def examined(window, valid):
    touches = frame.touching(window, valid)[1:]
    sizes = np.array([[s.stop - s.start for s in box] for box in find_objects(window)])
    return frame.in_counting_frame(touches), frame.border_weight(sizes, touches, valid)


SHIFTS = [(0, 0), (133, 57), (266, 311)]


def test_unbiased_frame_finds_the_number_per_area_within_1_percent(plane):
    instances, diameters = plane
    valid = np.ones((WINDOW, WINDOW), bool)
    n_counted, n_seen = 0, 0
    for window, numbers in windows_of(instances, SHIFTS):
        n_counted += examined(window, valid)[0].sum()
        n_seen += len(numbers)
    assert n_counted / len(SHIFTS) == pytest.approx(len(diameters), rel=0.01)
    assert n_seen / len(SHIFTS) > 1.1 * len(diameters)  # what counting all would give


def test_border_weights_find_mean_diameter_and_number_within_1_percent(plane):
    instances, diameters = plane
    valid = np.ones((WINDOW, WINDOW), bool)
    seen = [(diameters[n - 1], examined(w, valid)[1]) for w, n in windows_of(instances, SHIFTS)]
    diameter, weight = (np.concatenate(part) for part in zip(*seen, strict=True))
    inside = ~np.isnan(weight)
    weighted = np.average(diameter[inside], weights=weight[inside])
    assert weighted == pytest.approx(diameters.mean(), rel=0.01)
    assert weight[inside].sum() / len(SHIFTS) == pytest.approx(len(diameters), rel=0.02)
    assert diameter[inside].mean() < 0.98 * diameters.mean()  # what dropping alone would give


def test_frame_and_weights_hold_around_ignored_regions(plane):
    instances, diameters = plane
    valid = np.ones((WINDOW, WINDOW), bool)
    valid[300:360, 200:390], valid[:90, :70] = False, False
    seen, n_counted = [], 0
    for window, numbers in windows_of(instances, SHIFTS):
        part, left = renumbered(np.where(valid, window, 0))
        counted, weight = examined(part, valid)
        n_counted += counted.sum()
        seen.append((diameters[numbers[left - 1] - 1], weight))
    diameter, weight = (np.concatenate(part) for part in zip(*seen, strict=True))
    inside = ~np.isnan(weight)
    expected = len(diameters) * valid.mean() * len(SHIFTS)
    assert n_counted == pytest.approx(expected, rel=0.02)
    assert weight[inside].sum() == pytest.approx(expected, rel=0.03)
    weighted = np.average(diameter[inside], weights=weight[inside])
    assert weighted == pytest.approx(diameters.mean(), rel=0.015)


def test_border_weight_is_the_inverse_of_the_share_of_positions():
    instances = np.zeros((100, 200), np.int32)
    instances[40:50, 60:90] = 1
    table = measure_defects(instances, image="a", valid=None)
    # 10 x 30 px stay off the edge at 89 x 169 of the 100 x 200 positions
    assert table["border_weight"].item() == pytest.approx(100 * 200 / (89 * 169))


def test_border_weight_around_ignored_regions_is_counted_position_by_position(rng):
    valid = np.ones((60, 70), bool)
    valid[20:30, 40:50], valid[:, :3] = False, False
    for height, width in rng.integers(1, 15, (8, 2)):
        positions = sum(
            valid[row - 1 : row + height + 1, column - 1 : column + width + 1].all()
            for row in range(1, 60 - height)
            for column in range(1, 70 - width)
        )
        weight = frame.border_weight(np.array([[height, width]]), np.zeros((1, 4), bool), valid)
        assert weight[0] == pytest.approx(valid.sum() / positions)


def test_border_weight_on_a_grid_of_positions_is_within_1_percent_of_all(monkeypatch):
    valid = np.ones((600, 700), bool)
    valid[500:560, 400:680] = False
    boxes, inside = np.array([[12, 40], [100, 30], [3, 3]]), np.zeros((3, 4), bool)
    on_grid = frame.border_weight(boxes, inside, valid)
    monkeypatch.setattr(frame, "_SAMPLED_POSITIONS", valid.size)
    np.testing.assert_allclose(on_grid, frame.border_weight(boxes, inside, valid), rtol=0.01)


def test_border_weight_in_blocks_of_pixels_is_within_half_a_percent(monkeypatch):
    valid = np.ones((1200, 1400), bool)
    valid[1000:1120, 800:1360] = False
    boxes, inside = np.array([[12, 40], [100, 30], [3, 3]]), np.zeros((3, 4), bool)
    monkeypatch.setattr(frame, "_SAMPLED_POSITIONS", valid.size)
    exact = frame.border_weight(boxes, inside, valid)
    monkeypatch.setattr(frame, "_LARGEST_EXACT_PX", valid.size // 16)
    np.testing.assert_allclose(frame.border_weight(boxes, inside, valid), exact, rtol=0.005)


def test_sides_that_touch_decide_what_counts():
    valid = np.ones((50, 50), bool)
    valid[20:30, 20:30] = False
    boxes = {
        (0, 10): (True, True),  # top edge
        (10, 0): (True, True),  # left edge
        (45, 10): (True, False),  # bottom edge
        (10, 45): (True, False),  # right edge
        (5, 5): (False, True),  # nowhere
        (15, 22): (True, False),  # above the ignored square
        (22, 15): (True, False),  # left of it
        (30, 22): (True, True),  # below it
        (22, 30): (True, True),  # right of it
    }
    for row, column in boxes:
        alone = np.zeros((50, 50), np.uint8)
        alone[row : row + 5, column : column + 5] = 1
        table = measure_defects(label_instances(alone), image="a", valid=valid)
        found = (table["touches_border"].item(), table["counted"].item())
        assert found == boxes[row, column]
        assert table["border_weight"].isna().item() == boxes[row, column][0]


def test_a_defect_around_an_ignored_pixel_touches_the_border():
    instances = np.zeros((40, 40), np.int32)
    instances[10:30, 10:30] = 1
    instances[20, 20] = 0
    valid = np.ones((40, 40), bool)
    assert not measure_defects(instances, image="a", valid=valid)["touches_border"].item()
    valid[20, 20] = False
    assert measure_defects(instances, image="a", valid=valid)["touches_border"].item()
