import numpy as np
import pytest

from sorby.synthetic.melting import last_melted, scatter_pools
from sorby.synthetic.pores import PoreFamily, keyhole_pores, section_diameters, uniform_pores


def test_sections_of_equal_spheres_have_wicksells_mean_and_maximum(rng):
    family = PoreFamily(per_mm2=1, median_um=20, sigma=0)
    found = section_diameters(family, 50_000, rng=rng)
    assert found.mean() == pytest.approx(20 * np.pi / 4, rel=0.01)
    assert found.max() <= 20


def test_area_fraction_of_sections_is_the_volume_fraction(rng):
    family = PoreFamily(per_mm2=100, median_um=12, sigma=0.4)
    areas_mm2 = np.pi / 4 * (section_diameters(family, 200_000, rng=rng) / 1e3) ** 2
    assert areas_mm2.mean() * family.per_mm2 == pytest.approx(family.area_fraction, rel=0.02)


def test_drawn_gas_pores_cover_the_expected_area():
    family = PoreFamily(per_mm2=40, median_um=16, sigma=0.3)
    fractions = [
        uniform_pores(family, (500, 500), rng=np.random.default_rng(seed), um_per_px=1.0).mean()
        for seed in range(40)
    ]
    error = np.std(fractions, ddof=1) / np.sqrt(len(fractions))
    assert abs(np.mean(fractions) - family.area_fraction) < 4 * error
    assert error < 0.1 * family.area_fraction


def test_keyhole_pores_sit_in_the_pool_that_last_melted_the_spot(rng):
    shape = (300, 400)
    pools = scatter_pools(
        shape, rng=rng, um_per_px=1.0, width_um=150, depth_um=120, hatch_um=80, layer_um=30
    )
    owner = last_melted(pools, shape)
    family = PoreFamily(per_mm2=300, median_um=5, sigma=0.0)
    pores = keyhole_pores(family, pools, owner, rng=rng, um_per_px=1.0)
    rows, columns = np.nonzero(pores)
    own = owner[rows, columns] - 1
    below_top = (rows - pools.row[own]) / pools.depth[own]
    assert np.percentile(below_top, 10) > 0.6


def test_no_rate_no_pore(rng):
    shape = (128, 128)
    pools = scatter_pools(
        shape, rng=rng, um_per_px=1.0, width_um=150, depth_um=70, hatch_um=80, layer_um=30
    )
    family = PoreFamily(per_mm2=0.0, median_um=20, sigma=0.4)
    assert not keyhole_pores(family, pools, last_melted(pools, shape), rng=rng, um_per_px=1.0).any()
    assert not uniform_pores(family, shape, rng=rng, um_per_px=1.0).any()
