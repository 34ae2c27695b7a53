"""Which fields are proposed, how that is remembered, and what is refused."""

import numpy as np
import pytest

from sorby.core.errors import ProjectError, SettingError
from sorby.workflow import ensembling, select, train_project
from sorby.workflow.embedding import embed_fields
from sorby.workflow.ensembling import _disagreement
from sorby.workflow.splitting import pool_fields

STRATEGIES = ["smile", "ensemble", "kcenter", "uniform"]


def names(answer):
    return [pick["image"] for pick in answer["picks"]]


def test_first_round_is_the_same_for_every_strategy(fresh):
    answers = {strategy: select(fresh.folder, strategy=strategy) for strategy in STRATEGIES}
    assert len({tuple(names(answer)) for answer in answers.values()}) == 1
    assert len(names(answers["smile"])) == 4
    told = {
        name: "starts with the same fields" in " ".join(a["notes"]) for name, a in answers.items()
    }
    assert told == {"smile": False, "ensemble": True, "kcenter": True, "uniform": True}


def test_later_rounds_may_differ_between_strategies_and_never_repeat_a_label(taught, quick):
    labelled = set(taught.picks())
    chosen = {s: names(select(taught.folder, strategy=s, n_select=3)) for s in ("smile", "kcenter")}
    for picks in chosen.values():
        assert len(set(picks)) == 3
        assert not labelled & set(picks)


def test_answer_counts_and_explains_every_pick(fresh):
    answer = select(fresh.folder, n_select=3)
    assert (answer["round"], answer["strategy"]) == (1, "smile")
    assert (answer["n_pool"], answer["n_labelled"]) == (8, 0)
    for pick in answer["picks"]:
        assert pick["reason"].endswith(".")
        assert np.isfinite(pick["score"])
        assert pick["cluster"] >= 0


def test_small_pool_is_said(fresh):
    assert any("The pool is small" in note for note in select(fresh.folder)["notes"])


def test_person_picks_by_name_or_file_name(fresh):
    answer = select(fresh.folder, images=["p6", "p1.png"], strategy="kcenter")
    assert answer["strategy"] == "manual"
    assert names(answer) == ["p6", "p1"]
    assert fresh.picks() == ["p6", "p1"]


def test_picks_are_remembered_with_their_reason_and_in_the_history(fresh):
    answer = select(fresh.folder, n_select=2)
    with fresh.open() as project:
        table = project.rounds.picks()
    assert list(table["image"]) == names(answer)
    assert list(table["reason"]) == [pick["reason"] for pick in answer["picks"]]
    assert set(table["round"]) == {1}
    (step,) = fresh.steps("select")
    assert step.settings == {"strategy": "smile", "round": 1, "picks": names(answer)}
    assert len(step.inputs) == 12


def test_overruling_one_pick_leaves_the_reasons_of_the_others(fresh):
    first = select(fresh.folder, n_select=3)
    kept = names(first)[:2]
    other = next(name for name in ("p0", "p1", "p2", "p3") if name not in names(first))
    select(fresh.folder, images=[*kept, other])
    with fresh.open() as project:
        reasons = project.rounds.picks().set_index("image")["reason"]
    assert [reasons[name] for name in kept] == [row["reason"] for row in first["picks"][:2]]
    assert reasons[other] == "Picked by a person."


def test_round_advances_once_a_pick_is_labelled_and_not_before(fresh):
    first = select(fresh.folder, n_select=2)
    again = select(fresh.folder, n_select=2)
    assert (first["round"], again["round"]) == (1, 1)
    assert names(again) == names(first)
    fresh.label("t0")  # a test field is no pick
    assert select(fresh.folder, n_select=2)["round"] == 1
    fresh.label(names(first)[0])
    later = select(fresh.folder, n_select=2)
    assert (later["round"], later["n_labelled"]) == (2, 1)
    assert names(first)[0] not in names(later)


def test_picks_that_nobody_labelled_are_replaced_by_the_next_choice(fresh):
    select(fresh.folder, n_select=4)
    select(fresh.folder, images=["p0"])
    assert fresh.picks() == ["p0"]


def test_mask_by_a_model_is_no_label(fresh):
    with fresh.open() as project:
        field = fresh.fields()["p0"]
        project.add_mask(field, np.zeros(field.shape, np.uint8), source="model", method="otsu")
    answer = select(fresh.folder, n_select=99)
    assert answer["n_labelled"] == 0
    assert "p0" in names(answer)


def test_more_than_are_left_gives_what_is_left_and_says_so(taught):
    answer = select(taught.folder, strategy="kcenter", n_select=7)
    assert len(answer["picks"]) == 4
    assert "7 were asked for and 4 are left." in answer["notes"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"strategy": "oracle"}, "'oracle' is not one of the selectors.*smile"),
        ({"strategy": "manual"}, "--images"),
        ({"n_select": 0}, "0 fields are to be chosen.*at least 1"),
        ({"n_select": -2}, "-2 fields are to be chosen"),
        ({"images": ["p0", "nobody"]}, "'nobody': no field of the pool.*p0, p1"),
        ({"images": ["t0"]}, "Test fields are locked"),
        ({"images": ["p0", "p0.png"]}, "twice"),
        ({"images": ["p0", "p0"]}, "twice"),
    ],
)
def test_wrong_choice_is_refused_and_nothing_is_remembered(fresh, options, told):
    with pytest.raises(SettingError, match=told):
        select(fresh.folder, **options)
    assert fresh.picks() == []
    assert fresh.steps("select") == []


@pytest.mark.parametrize("options", [{"strategy": "oracle"}, {"strategy": "manual"}])
def test_wrong_strategy_is_refused_before_anything_is_locked_or_looked_at(
    labs, tmp_path, blind, options
):
    samples = [labs.Sample(f"p{k}", *labs.metal(k)) for k in range(6)]
    study = labs.write_study(tmp_path, samples)
    with pytest.raises(SettingError):
        select(study.folder, **options)
    assert study.steps("lock test fields") == []
    assert not any(field.is_locked for field in study.fields().values())


@pytest.fixture
def blind(monkeypatch):
    """Looking at an image fails the test."""

    def look(*args, **values):
        pytest.fail("an image was looked at")

    monkeypatch.setattr("sorby.workflow.embedding.embed_fields", look)


def test_uniform_and_manual_do_not_look_at_images(taught, blind):
    answer = select(taught.folder, strategy="uniform", n_select=1)
    assert not set(names(answer)) & set(taught.picks()[:4])
    assert not any("look" in note for note in answer["notes"])
    left = sorted(
        {f"p{n}" for n in range(8)} - {n for n, m in taught.masks().items() if m.source == "person"}
    )
    assert names(select(taught.folder, images=left[:2])) == left[:2]


def test_person_picks_in_the_first_round_without_a_look(fresh, blind):
    assert names(select(fresh.folder, images=["p6"])) == ["p6"]


def test_scale_of_test_fields_changes_no_embedding(labs, tmp_path):
    rows = {}
    for scale in ("1.0", "3.0"):
        (home := tmp_path / scale).mkdir()
        pool = [labs.Sample(f"p{k}", *labs.metal(k), f"S{k}", "pool", "1.0") for k in range(2)]
        test = [labs.Sample(f"t{k}", *labs.metal(9 + k), f"T{k}", "test", scale) for k in range(3)]
        study = labs.write_study(home, [*pool, *test])
        with study.open() as project:
            rows[scale] = embed_fields(project, pool_fields(project))
    assert np.array_equal(rows["1.0"], rows["3.0"])


def test_labelled_field_cannot_be_picked_again(taught):
    with pytest.raises(SettingError, match="has a label already"):
        select(taught.folder, images=[taught.picks()[0]])


def test_pool_without_an_unlabelled_field_is_said(taught):
    taught.label(*(f"p{n}" for n in range(8)))
    with pytest.raises(ProjectError, match=r"All 8 fields of the pool are labelled.*sorby train"):
        select(taught.folder)


@pytest.mark.parametrize("n_select", [0, -1])
def test_ensemble_is_not_trained_for_nothing(taught, n_select):
    with pytest.raises(SettingError, match="at least 1"):
        select(taught.folder, strategy="ensemble", n_select=n_select)
    with taught.open() as project:
        assert len(project.models.all()) == 1


def test_all_fields_marked_as_test_are_too_many(labs, tmp_path):
    samples = [labs.Sample(f"t{k}", *labs.metal(k), split="test") for k in range(2)]
    study = labs.write_study(tmp_path, samples)
    with pytest.raises(ProjectError, match=r"All 2 fields .* are locked for tests"):
        select(study.folder)


# ---------------------------------------------------------------------- the ensemble


def test_disagreement_is_the_mean_over_valid_pixels_of_the_sd_over_members(rng):
    members = rng.random((10, 30, 40, 2)).astype(np.float32) / 2
    valid = rng.random((30, 40)) < 0.7
    truth = members.sum(axis=3).std(axis=0)[valid].mean()
    assert _disagreement(iter(members), valid) == pytest.approx(truth, rel=1e-6)


def test_pixels_in_which_a_member_sees_no_sample_do_not_count(rng):
    members = rng.random((4, 5, 6, 1)).astype(np.float32)
    members[1, 2, 3] = np.nan
    sample = np.ones((5, 6), bool)
    sample[2, 3] = False
    truth = members.sum(axis=3).std(axis=0)[sample].mean()
    assert _disagreement(iter(members), np.ones((5, 6), bool)) == pytest.approx(truth, rel=1e-6)


def test_equal_members_agree_and_no_valid_pixel_is_no_disagreement(rng):
    one = rng.random((5, 6, 1)).astype(np.float32)
    assert _disagreement(iter([one, one, one]), np.ones((5, 6), bool)) == 0
    assert _disagreement(iter([one, 1 - one]), np.zeros((5, 6), bool)) == 0


def test_two_opposed_members_disagree_by_half():
    zero, one = np.zeros((4, 4, 1), np.float32), np.ones((4, 4, 1), np.float32)
    assert _disagreement(iter([zero, one]), np.ones((4, 4), bool)) == 0.5


def test_ensemble_picks_where_its_members_disagree_most(taught, quick, monkeypatch):
    monkeypatch.setattr(ensembling, "N_MEMBERS", 2)
    answer = select(taught.folder, strategy="ensemble", n_select=1)
    with taught.open() as project:
        pool = [field for field in project.fields() if not field.is_locked]
        found = ensembling.uncertainty_of_project(project, pool)
        members = [m for m in project.models.all() if m.card.settings["is_member"]]
    assert len(members) == 2  # the second time they came from the shelf
    assert {m.card.settings["seed"] for m in members} == {1000, 1001}
    labelled = set(taught.picks()[:4])
    assert [value == 0 for value in found] == [field.name in labelled for field in pool]
    assert names(answer) == [pool[int(found.argmax())].name]


def test_members_are_not_put_in_use(taught, quick, monkeypatch):
    monkeypatch.setattr(ensembling, "N_MEMBERS", 2)
    select(taught.folder, strategy="ensemble", n_select=1)
    assert taught.model().number == 1
    assert not train_project(taught.folder)["is_new"]
