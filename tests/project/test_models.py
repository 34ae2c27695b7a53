"""The shelf of models: numbered, never overwritten, promoted, rolled back, verified."""

import pytest

from sorby.core.errors import ModelError
from sorby.core.records import ModelCard
from sorby.project import Project
from sorby.project.models import no_model_error


def card(name):
    return ModelCard(
        name,
        "defect segmentation",
        ("pore", "crack"),
        scores={"macro_f1": 0.9},
        settings={"a": [1]},
    )


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "project") as made:
        yield made


def add(project, content, *, made_from="abc"):
    return project.models.add(
        lambda path: path.parent.mkdir(exist_ok=True) or path.write_text(content),
        card(content),
        made_from=made_from,
    )


def test_a_model_comes_back_as_it_was_added(project):
    stored = add(project, "first", made_from="f" * 64)
    with Project.open(project.folder) as again:
        found = again.models.get(1)
    assert found == stored
    assert (found.number, found.card, found.made_from) == (1, card("first"), "f" * 64)
    assert found.path.read_text() == "first"
    assert found.path.is_relative_to(project.folder / "models")


def test_models_are_numbered_and_none_overwrites_another(project):
    for content in ("first", "second", "third"):
        add(project, content)
    models = project.models.all()
    assert [one.number for one in models] == [1, 2, 3]
    assert [one.path.read_text() for one in models] == ["first", "second", "third"]
    assert [one.card.name for one in models] == ["first", "second", "third"]


def test_a_new_model_is_not_in_use_before_it_is_promoted(project):
    assert project.models.current() is None
    add(project, "first")
    assert project.models.current() is None
    project.models.use(1)
    add(project, "second")
    assert project.models.current().number == 1


def test_promoting_and_rolling_back_is_one_word_and_lasts(project):
    for content in ("first", "second"):
        add(project, content)
    assert project.models.use(2).card.name == "second"
    assert project.models.current().number == 2
    project.models.use(1)
    with Project.open(project.folder) as again:
        assert again.models.current().number == 1
    assert [one.number for one in project.models.all()] == [1, 2]


def test_an_unknown_number_is_refused_with_those_that_there_are(project):
    with pytest.raises(ModelError, match=r"no model 1\. Its models: none yet"):
        project.models.use(1)
    add(project, "first")
    add(project, "second")
    with pytest.raises(ModelError, match=r"no model 7\. Its models: 1, 2"):
        project.models.get(7)
    assert project.models.current() is None


def damage(stored, how):
    if how == "gone":
        stored.path.unlink()
    else:
        stored.path.write_text("edited")


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_model_whose_file_is_gone_or_changed_is_refused_wherever_it_is_asked_for(project, how):
    first, second = add(project, "first"), add(project, "second")
    project.models.use(1)
    damage(first, how)
    for ask in (
        lambda: project.models.get(1),
        lambda: project.models.use(1),
        project.models.current,
    ):
        with pytest.raises(ModelError, match=r"0001\.safetensors is gone or was changed.*--use N"):
            ask()
    assert [one.number for one in project.models.all()] == [1, 2]
    assert project.models.use(2) == second
    assert project.models.current() == second


def test_a_model_that_cannot_be_used_leaves_the_one_in_use(project):
    add(project, "first")
    damage(add(project, "second"), "changed")
    project.models.use(1)
    with pytest.raises(ModelError):
        project.models.use(2)
    assert project.models.current().number == 1


def test_the_latest_whole_model_of_a_fingerprint_is_found(project):
    first = add(project, "first", made_from="x")
    second = add(project, "second", made_from="x")
    third = add(project, "third", made_from="y")
    assert project.models.made_from("x") == second
    assert project.models.made_from("y") == third
    assert project.models.made_from("z") is None
    damage(second, "changed")
    assert project.models.made_from("x") == first
    damage(first, "gone")
    assert project.models.made_from("x") is None


def test_a_model_that_could_not_be_written_takes_no_number(project):
    add(project, "first")

    def fail(path):
        path.write_text("half")
        raise ModelError("no")

    with pytest.raises(ModelError, match="no"):
        project.models.add(fail, card("broken"), made_from="x")
    assert [one.number for one in project.models.all()] == [1]
    second = add(project, "second")
    assert (second.number, second.path.read_text()) == (2, "second")


def test_a_project_without_a_model_says_how_to_get_one(project):
    message = str(no_model_error(project.folder))
    for part in ("has no model yet", "sorby select", "sorby masks import", "sorby train"):
        assert part in message


def test_a_file_is_hashed_once_and_again_as_soon_as_it_is_another(project, monkeypatch):
    from sorby.project import models

    stored = add(project, "first")
    hashed = []
    monkeypatch.setattr(models, "content_hash", lambda path: hashed.append(path) or stored.sha256)
    models._hash_at.cache_clear()
    assert [project.models.all()[0].is_whole for _ in range(3)] == [True] * 3
    assert hashed == [stored.path]
    stored.path.write_text("other")  # of the same size
    assert stored.is_whole and len(hashed) == 2
    stored.path.unlink()
    assert not stored.is_whole and len(hashed) == 2
    models._hash_at.cache_clear()
