import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorby.core.errors import SettingError
from sorby.core.tiling import windows


@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    size=st.integers(1, 40),
    halo=st.integers(0, 12),
)
def test_cores_cover_every_pixel_once_and_inner_is_the_core(shape, size, halo):
    image = np.arange(shape[0] * shape[1]).reshape(shape)
    seen = np.zeros(shape, dtype=int)
    for window in windows(shape, size=size, halo=halo):
        seen[window.core] += 1
        assert np.array_equal(image[window.padded][window.inner], image[window.core])
    assert np.all(seen == 1)


@pytest.mark.parametrize(("size", "halo"), [(0, 0), (4, -1)])
def test_impossible_tiles_are_refused(size, halo):
    with pytest.raises(SettingError, match="Tile size"):
        list(windows((8, 8), size=size, halo=halo))
