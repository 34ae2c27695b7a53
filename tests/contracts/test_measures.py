"""The exam that every measure of `sorby.defects.MEASURES` passes."""

import inspect

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.defects import MEASURES, Field, label_instances, measure_defects
from sorby.defects.measures import area


def scene(px_per_unit: int) -> np.ndarray:
    """Ellipses of random position and size, some of them cut by the edge."""
    rng = np.random.default_rng(3)
    size = 150 * px_per_unit
    rows, columns = (np.mgrid[:size, :size] + 0.5) / px_per_unit
    mask = np.zeros((size, size), np.uint8)
    for row, column, a, b in rng.uniform((0, 0, 4, 4), (150, 150, 20, 12), (14, 4)):
        mask[((rows - row) / a) ** 2 + ((columns - column) / b) ** 2 <= 1] = 1
    return label_instances(mask)


@pytest.fixture(scope="module")
def instances():
    return scene(1)


@pytest.fixture(params=list(MEASURES))
def name(request):
    return request.param


def test_it_gives_one_value_a_defect(name, instances):
    values = MEASURES[name](instances, Field(instances, 90))
    assert values.shape == (instances.max(),)
    assert np.issubdtype(values.dtype, np.floating)


def test_its_values_are_in_range(name, instances):
    measure = MEASURES[name]
    values = measure(instances, Field(instances, 90))
    known = values[~np.isnan(values)]
    assert known.size
    assert (known >= 0).all()
    assert np.isfinite(known).all()
    if measure.unit == "deg":
        assert (known <= 90).all()
    elif measure.unit != "1":
        assert known.size == values.size, "sizes are known for every defect"


def test_it_gives_no_values_without_defects(name):
    nothing = np.zeros((5, 5), np.int32)
    assert MEASURES[name](nothing, Field(nothing, 90)).shape == (0,)


def test_same_input_same_values_and_input_untouched(name, instances):
    before = instances.copy()
    first, second = (MEASURES[name](instances, Field(instances, 90)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(instances, before)


def test_it_does_not_depend_on_where_in_the_image_the_defect_lies(name, instances):
    moved = np.pad(instances, ((7, 0), (13, 4)))
    np.testing.assert_allclose(
        MEASURES[name](moved, Field(moved, 90)),
        MEASURES[name](instances, Field(instances, 90)),
        rtol=1e-9,
    )


def test_sizes_grow_and_shapes_stay_when_pixels_are_halved(name, instances):
    measure = MEASURES[name]
    fine = scene(2)
    coarse_values = measure(instances, Field(instances, 90))
    ratio = measure(fine, Field(fine, 90)) / np.where(coarse_values > 0, coarse_values, np.nan)
    expected = {"px": 2, "px2": 4, "1": 1, "deg": 1}[measure.unit]
    assert np.nanmedian(ratio) == pytest.approx(expected, rel=0.06)


def test_it_says_its_unit_and_definition_and_has_an_example(name):
    measure = MEASURES[name]
    assert measure.unit in {"px", "px2", "1", "deg"}
    assert measure.definition
    assert "\n" not in measure.definition
    assert ">>>" in inspect.getdoc(measure)


def test_a_measure_without_a_unit_is_refused_with_what_to_do(monkeypatch, instances):
    monkeypatch.delattr(area, "unit")
    with pytest.raises(SettingError, match="'area' has no unit"):
        measure_defects(instances, image="a", valid=None)
