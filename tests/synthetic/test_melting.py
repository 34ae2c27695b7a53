import numpy as np
import pytest

from sorby.physics import lack_of_fusion_criterion
from sorby.synthetic.melting import Pools, last_melted, scatter_pools, voids_of

SHAPE = (400, 600)


def unmelted_fraction(criterion, rng, scatter=1.0):
    hatch, layer = 80.0, 30.0
    width = float(np.sqrt((hatch**2 + (2 * layer) ** 2) / criterion))
    found = lack_of_fusion_criterion(width, width / 2, hatch_um=hatch, layer_um=layer)
    assert found == pytest.approx(criterion)
    pools = scatter_pools(
        SHAPE,
        rng=rng,
        um_per_px=1.0,
        width_um=width,
        depth_um=width / 2,
        hatch_um=hatch,
        layer_um=layer,
        width_scatter=0.12 * scatter,
        depth_scatter=0.20 * scatter,
    )
    return (last_melted(pools, SHAPE) == 0).mean()


def test_one_pool_is_half_an_ellipse_that_hangs_from_its_layer():
    pool = Pools(*(np.array([value]) for value in (9.5, 50.0, 30.0, 20.0)))
    owner = last_melted(pool, (40, 100))
    assert not owner[:10].any()
    assert owner.sum() == pytest.approx(np.pi / 2 * 30 * 20, rel=0.01)


def test_later_pools_own_what_they_melt_again():
    pools = Pools(np.array([9.5, 4.5]), np.full(2, 50.0), np.full(2, 30.0), np.full(2, 20.0))
    owner = last_melted(pools, (40, 100))
    assert owner[20, 50] == 2
    assert owner[28, 50] == 1


@pytest.mark.parametrize("seed", range(3))
def test_constant_pools_leave_nothing_unmelted_below_a_criterion_of_one(seed):
    assert unmelted_fraction(0.98, np.random.default_rng(seed), scatter=0) == 0


@pytest.mark.parametrize("seed", range(3))
def test_constant_pools_leave_gaps_above_a_criterion_of_one(seed):
    fraction = unmelted_fraction(1.20, np.random.default_rng(seed), scatter=0)
    assert 0.008 < fraction < 0.025


@pytest.mark.parametrize("criterion, low, high", [(0.7, 0, 0.002), (0.9, 0.004, 0.016)])
def test_scatter_of_pools_opens_gaps_already_below_a_criterion_of_one(criterion, low, high):
    seeds = range(8)
    found = np.mean([unmelted_fraction(criterion, np.random.default_rng(s)) for s in seeds])
    assert low < found < high


def test_pools_reach_down_from_layers_above_the_field():
    owner = last_melted(
        scatter_pools(
            SHAPE,
            rng=np.random.default_rng(0),
            um_per_px=1.0,
            width_um=150,
            depth_um=75,
            hatch_um=60,
            layer_um=30,
            width_scatter=0,
            depth_scatter=0,
        ),
        SHAPE,
    )
    assert (owner[0] > 0).all()


def test_melt_closes_slivers_and_keeps_large_voids(rng):
    unmelted = np.zeros((200, 200), dtype=bool)
    unmelted[50:53, 20:180] = True
    unmelted[100:150, 80:130] = True
    voids = voids_of(unmelted, rng=rng, um_per_px=1.0)
    assert not voids[40:65].any()
    assert voids[90:160, 70:140].sum() == pytest.approx(2500, rel=0.1)


def test_nothing_unmelted_leaves_no_void(rng):
    assert not voids_of(np.zeros((64, 64), dtype=bool), rng=rng, um_per_px=1.0).any()
