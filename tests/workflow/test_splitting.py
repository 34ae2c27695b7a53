"""Test fields are set aside once, whole specimens, and their copies with them."""

import pytest

from sorby.io import write_micrograph
from sorby.project import Field
from sorby.workflow.splitting import _choose, lock_test_fields, project_seed, split_groups


def locked(study):
    """Notes of the lock, and the names of the test fields."""
    with study.open() as project:
        notes = lock_test_fields(project)
        return notes, [field.name for field in project.fields() if field.split == "test"]


def unmarked(labs, n, *, specimen=lambda number: ""):
    return [labs.Sample(f"f{k:02}", *labs.metal(k), specimen(k)) for k in range(n)]


def chosen(n, *, specimen=lambda k: None, group=lambda k: k, seed=0):
    """What the split says of n unmarked fields, and which of them it sets aside."""
    fields = [Field(f"f{k:02}", (8, 8), specimen=specimen(k)) for k in range(n)]
    notes, tests = _choose(fields, {f"f{k:02}": group(k) for k in range(n)}, seed, set())
    return notes, [int(name[1:]) for name in tests]


@pytest.mark.parametrize(("n", "wanted"), [(5, 3), (8, 3), (17, 3), (18, 4), (40, 8)])
def test_one_field_in_five_but_at_least_three_is_set_aside(n, wanted):
    notes, tests = chosen(n)
    assert len(tests) == wanted
    assert f"{wanted} of {n} were set aside by field" in notes[0]
    assert all(f"f{k:02}" in notes[0] for k in tests)


@pytest.mark.parametrize("seed", range(8))
def test_whole_specimens_are_set_aside(seed):
    notes, tests = chosen(30, specimen=lambda k: f"S{k // 3}", seed=seed)
    assert len(tests) == 6
    assert tests == [k for k in range(30) if k // 3 in {test // 3 for test in tests}]
    assert "by specimen" in notes[0]


def test_specimen_far_too_large_is_taken_last():
    for seed in range(8):
        _, tests = chosen(20, specimen=lambda k: "large" if k < 12 else f"S{k}", seed=seed)
        assert len(tests) == 4
        assert min(tests) >= 12


def test_one_large_specimen_is_split_by_field_rather_than_given_away():
    notes, tests = chosen(8, specimen=lambda k: "cube")
    assert len(tests) == 3
    assert "by field" in notes[0]


@pytest.mark.parametrize("seed", range(8))
def test_overlapping_fields_stay_on_one_side(seed):
    _, tests = chosen(20, group=lambda k: 0 if k in (3, 7, 11) else k, seed=seed)
    assert len({k in tests for k in (3, 7, 11)}) == 1
    assert 4 <= len(tests) <= 6


def test_split_follows_from_the_seed_alone():
    assert chosen(12, seed=3) == chosen(12, seed=3)
    assert len({tuple(chosen(12, seed=seed)[1]) for seed in range(6)}) > 1


@pytest.mark.parametrize("n", [1, 4])
def test_too_few_fields_are_said_and_none_is_taken_away(n):
    notes, tests = chosen(n)
    assert tests == []
    assert f"{n} fields are too few to set 3 aside" in notes[0]


def test_mosaic_of_overlapping_fields_is_not_locked_as_a_whole():
    notes, tests = chosen(12, group=lambda k: 0)
    assert tests == []
    assert "12 of 12 fields overlap" in notes[0]


def test_lock_is_done_once_and_kept_in_the_history(labs, tmp_path):
    study = labs.write_study(tmp_path, unmarked(labs, 6))
    first = locked(study)
    with study.open() as project:
        before = project.history()
    assert locked(study) == first
    with study.open() as project:
        assert project.history() == before
    (step,) = study.steps("lock test fields")
    assert step.settings == {"seed": 0, "tests": first[1], "copies": {}}
    assert len(first[1]) == 3
    assert all(name in first[0][0] for name in first[1])


def test_marks_of_the_user_win(labs, tmp_path):
    samples = unmarked(labs, 6)
    samples[4].split = "test"
    notes, tests = locked(labs.write_study(tmp_path, samples))
    assert notes == []
    assert tests == ["f04"]


def test_specimen_on_both_sides_of_the_users_split_is_said(labs, tmp_path):
    samples = unmarked(labs, 4, specimen=lambda k: f"S{k // 2}")
    samples[0].split = "test"
    notes, tests = locked(labs.write_study(tmp_path, samples))
    assert tests == ["f00"]
    assert len(notes) == 1
    assert "on both sides of your split: S0." in notes[0]


def overlapping(labs, n, *, step=100, width=200, height=200):
    """Fields cut from one wall, half of each is in the next."""
    pixels, mask = labs.metal(3, n_discs=40, shape=(height, width + step * (n - 1)))
    cuts = [slice(step * k, step * k + width) for k in range(n)]
    return [labs.Sample(f"m{k}", pixels[:, c], mask[:, c]) for k, c in enumerate(cuts)]


def test_copy_of_a_marked_test_field_is_locked_and_named(labs, tmp_path):
    samples = [*unmarked(labs, 2), *overlapping(labs, 2)]
    samples[-1].split = "test"
    study = labs.write_study(tmp_path, samples)
    notes, tests = locked(study)
    assert tests == ["m1"]
    assert study.fields()["m0"].copy_of == "m1"
    assert [name for name, field in study.fields().items() if field.is_locked] == ["m0", "m1"]
    assert notes == ["Locked as shifted or resized copies of test fields: m0 (of m1)."]


def test_fields_of_a_specimen_and_copies_belong_together_in_a_split(labs, tmp_path):
    samples = [*unmarked(labs, 4, specimen=lambda k: f"S{k // 2}"), *overlapping(labs, 2)]
    samples[-1].specimen = "S1"  # m1 is of specimen S1 and shows what m0 shows
    study = labs.write_study(tmp_path, samples)
    with study.open() as project:
        fields = project.fields()
        numbers = dict(zip((f.name for f in fields), split_groups(project, fields), strict=True))
    assert numbers["f00"] == numbers["f01"]
    assert numbers["f02"] == numbers["f03"] == numbers["m1"] == numbers["m0"]
    assert numbers["f00"] != numbers["f02"]


def test_seed_of_a_project_is_that_it_was_made_with(labs, tmp_path):
    study = labs.write_study(tmp_path, unmarked(labs, 1), seed=7)
    with study.open() as project:
        assert project_seed(project) == 7


def test_images_added_after_a_training_are_tested_on_not_those_that_were_learnt(
    tmp_path, labs, quick
):
    """Three fields are too few for tests; of nine, none that the model knows is set aside."""
    from sorby.workflow import train_project
    from sorby.workflow.adding import add_images

    study = labs.write_study(tmp_path, [labs.Sample(f"p{n}", *labs.metal(n)) for n in range(3)])
    study.label("p0", "p1", "p2")
    train_project(study.folder)
    for n in range(3, 12):
        write_micrograph(tmp_path / "more" / f"q{n}.png", labs.metal(n)[0])
    files = [(str(path), path.name) for path in sorted((tmp_path / "more").iterdir())]
    assert len(add_images(study.folder, files=files)["added"]) == 9
    with study.open() as project:
        (note,) = lock_test_fields(project)
    tests = {name for name, field in study.fields().items() if field.split == "test"}
    assert "set aside" in note and len(tests) == 3
    assert tests.isdisjoint({"p0", "p1", "p2"})
