"""The exam of every selector: ``f(embedding, n_select, *, labelled, ..., rng) -> Selection``."""

import inspect

import numpy as np
import pytest

from sorby.core.errors import SettingError
from sorby.core.records import Selection
from sorby.select import DEFAULT_SELECTOR, SELECTORS

N = 24


@pytest.fixture(params=list(SELECTORS))
def name(request):
    return request.param


@pytest.fixture
def pool(rng):
    """Three groups of images in eight dimensions."""
    return np.repeat(rng.normal(size=(3, 8)) * 6, N // 3, axis=0) + rng.normal(size=(N, 8))


def choose(name, embedding, n_select=4, *, labelled=(), seed=0, **options):
    """Call as the workflow does; every selector gets what some need."""
    options.setdefault("uncertainty", np.linspace(0, 1, len(embedding)))
    if name == "manual":
        free = [row for row in range(len(embedding)) if row not in set(labelled)]
        options.setdefault("images", free[:n_select])
    rng = np.random.default_rng(seed)
    return SELECTORS[name](embedding, n_select, labelled=labelled, rng=rng, **options)


def test_chooses_so_many_different_rows_and_explains_each(name, pool):
    selection = choose(name, pool)
    assert isinstance(selection, Selection)
    assert len(selection.indices) == len(set(selection.indices)) == len(selection.reasons) == 4
    assert all(type(row) is int and 0 <= row < N for row in selection.indices)
    assert all(reason[0].isupper() and reason.endswith(".") for reason in selection.reasons)


def test_scores_clusters_and_map_have_one_entry_a_row(name, pool):
    selection = choose(name, pool, labelled=[3])
    assert selection.scores.shape == selection.clusters.shape == (N,)
    assert np.isnan(selection.scores[3])
    assert selection.clusters.dtype.kind == "i"
    assert selection.clusters.min() >= -1
    assert selection.map_xy is None or selection.map_xy.shape == (N, 2)


@pytest.mark.parametrize("n_labelled", [1, 10, 20])
def test_labelled_rows_are_never_chosen(name, pool, n_labelled):
    labelled = np.random.default_rng(5).permutation(N)[:n_labelled].tolist()
    for round_number in (1, 2, 7):
        chosen = choose(name, pool, labelled=labelled, round=round_number).indices
        assert not set(chosen) & set(labelled)


def test_same_seed_same_choice_and_input_untouched(name, pool):
    before = pool.copy()
    first, second = choose(name, pool, seed=3), choose(name, pool, seed=3)
    assert first.indices == second.indices
    assert np.array_equal(first.scores, second.scores, equal_nan=True)
    assert np.array_equal(pool, before)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_all_that_is_left_can_be_chosen_from_tiny_pools(name, rng, n):
    embedding = rng.normal(size=(n, 3))
    selection = choose(name, embedding, n)
    assert sorted(selection.indices) == list(range(n))
    assert any("small" in note for note in selection.notes)


@pytest.mark.parametrize("n_columns", [1, 4])
def test_identical_images_are_chosen_from_and_the_note_says_so(name, n_columns):
    selection = choose(name, np.full((12, n_columns), 3.0), 3, labelled=[0, 1])
    assert len(set(selection.indices)) == 3
    assert any("look the same" in note for note in selection.notes)


def test_a_large_pool_with_clear_groups_needs_no_note(name, pool):
    assert choose(name, pool, 3).notes == ()


def test_rows_in_another_format_are_taken(name, pool):
    expected = choose(name, pool.astype(np.float32).astype(float)).indices
    assert choose(name, pool.astype(np.float32), labelled=np.array([], int)).indices == expected


@pytest.mark.parametrize(("n_select", "labelled"), [(0, ()), (-1, ()), (N + 1, ()), (23, (0, 1))])
def test_too_many_or_too_few_are_refused_with_the_numbers(name, pool, n_select, labelled):
    with pytest.raises(SettingError, match=f"{n_select} images .* {N - len(labelled)} have no"):
        choose(name, pool, n_select, labelled=labelled)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_an_embedding_that_is_not_finite_is_refused_with_its_row(name, pool, broken):
    pool[7, 2] = broken
    with pytest.raises(SettingError, match="row 7"):
        choose(name, pool)


@pytest.mark.parametrize("shape", [(5,), (0, 3), (5, 0)])
def test_what_is_no_table_is_refused_with_its_shape(name, shape):
    with pytest.raises(SettingError, match="has shape"):
        SELECTORS[name](np.zeros(shape), 1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("row", [-1, N])
def test_a_labelled_row_that_does_not_exist_is_refused(name, pool, row):
    with pytest.raises(SettingError, match=f"row {row} is not in the pool of {N}"):
        choose(name, pool, labelled=[row])


def test_signature_is_the_contract(name):
    parameters = inspect.signature(SELECTORS[name]).parameters
    assert list(parameters)[:6] == [
        "embedding",
        "n_select",
        "labelled",
        "round",
        "uncertainty",
        "rng",
    ]
    assert parameters["rng"].default is inspect.Parameter.empty


def test_is_documented_with_an_example(name):
    text = inspect.getdoc(SELECTORS[name])
    for part in ("Parameters", "Returns", "Raises", "Examples", ">>>"):
        assert part in text


def test_the_default_is_one_of_them():
    assert DEFAULT_SELECTOR in SELECTORS


def test_uncertainties_that_do_not_fit_the_pool_are_refused(name, pool):
    with pytest.raises(SettingError, match=r"\(5,\) and the pool 24"):
        choose(name, pool, uncertainty=np.ones(5))
