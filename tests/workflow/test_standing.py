"""What is new in a grown project, and whether to label on: status, choice and their reasons."""

import numpy as np
import pytest

from sorby.cli import answers
from sorby.core.errors import ProjectError
from sorby.io import write_micrograph
from sorby.workflow import agreeing, project_status, select, standing
from sorby.workflow.adding import add_images
from sorby.workflow.agreeing import _area, _pairs, agreements, compare_models
from sorby.workflow.embedding import embed_fields, kept_embedding
from sorby.workflow.ensembling import uncertainty_of_model
from sorby.workflow.splitting import pool_fields


def labelling(study):
    return project_status(study.folder)["labelling"]


def pool_fields_of(study):
    with study.open() as project:
        return pool_fields(project)


def add(study, home, n, *, stripes=0):
    """Add fields that came after the training; stripes make them another kind of metal."""
    files = []
    for k in range(n):
        rng = np.random.default_rng(900 + k)
        pixels = 190 + rng.normal(0, 4 + 4 * bool(stripes), (96, 112))
        if stripes:
            pixels += 50 * np.sin(np.arange(112) * (0.6 + 0.02 * k))
        path = home / f"new{k}.png"
        write_micrograph(path, pixels.clip(0, 255).astype(np.uint8))
        files.append((str(path), path.name))
    added = add_images(study.folder, files=files)
    assert not added["refused"]
    return added["added"]


def test_project_without_a_model_says_what_comes_first(fresh):
    told = labelling(fresh)
    assert told["line"] == "No model yet: label the picks and train."
    assert told["audit"] == []
    assert (told["round_due"]["answer"], told["can_stop"]["answer"]) == (None, None)


def test_few_labels_are_not_enough_and_that_is_said(taught):
    told = labelling(taught)
    assert told["novel_share"] is None
    assert told["coverage"]["q95"] > 0
    assert told["coverage"]["share_beyond"] is None
    assert "4 labelled images, 19 are needed" in told["round_due"]["criteria"][0]["said"]
    text = answers.state(project_status(taught.folder))
    assert "can stop    not enough to tell" in text


def test_one_in_twenty_images_is_drawn_for_an_audit_until_it_is_labelled(taught, monkeypatch):
    names = {field.name for field in pool_fields_of(taught)}
    free = names - set(taught.picks())
    drawn = labelling(taught)["audit"]
    assert len(drawn) == 1  # 5 % of a handful, rounded up
    assert set(drawn) < free
    assert labelling(taught)["audit"] == drawn
    assert f"drawn at random: {drawn[0]}" in answers.state(project_status(taught.folder))
    monkeypatch.setattr(standing, "AUDITED", 1.0)
    assert set(labelling(taught)["audit"]) == free
    monkeypatch.undo()
    taught.label(drawn[0])
    assert labelling(taught)["audit"] == []


def test_status_opens_no_image_and_computes_once(taught, monkeypatch):
    monkeypatch.setattr("sorby.project.Project.read_picture", None)
    first = labelling(taught)
    judged = standing._judged
    monkeypatch.setattr(standing, "_judged", None)
    assert labelling(taught) == first
    monkeypatch.undo()
    taught.label("p7" if "p7" not in taught.picks() else "p6")
    assert standing._judged is judged
    assert labelling(taught)["n_labelled"] == 5


def test_grown_project_is_noticed_and_what_is_new_is_chosen(taught, tmp_path):
    new = add(taught, tmp_path, 10, stripes=1)
    told = labelling(taught)
    assert (told["n_added"], told["n_not_looked_at"]) == (10, 10)
    assert told["line"].startswith("10 images were not looked at yet")
    answer = select(taught.folder, n_select=2)
    # Eight fields before are no batch to compare with, four labels no calibration.
    assert "not enough" in labelling(taught)["round_due"]["criteria"][1]["said"]
    assert any(pick["image"] in new for pick in answer["picks"])


def test_batch_that_differs_makes_a_round_due_and_is_chosen_first(taught, tmp_path, monkeypatch):
    monkeypatch.setattr("sorby.select.novelty.LEAST_BATCH", 8)
    new = add(taught, tmp_path, 10, stripes=1)
    answer = select(taught.folder, n_select=4)
    chosen = [pick for pick in answer["picks"] if pick["image"] in new]
    assert len(chosen) >= 2
    assert all("of a batch added since the training that differs" in p["reason"] for p in chosen)
    told = labelling(taught)
    assert told["round_due"]["answer"] is True
    assert told["line"].startswith("A new round is due: images added since differ")


def test_unlabelled_field_far_from_many_labelled_ones_is_novel(taught, monkeypatch):
    """The embedding is set by hand: one field far away from nineteen labelled ones."""
    with taught.open() as project:
        pool = pool_fields(project)
        names = [field.name for field in pool]
        rows = np.linspace(0, 1, len(pool))[:, None] * [1.0, 0.5]
        rows[-1] = 50
        monkeypatch.setattr("sorby.select.novelty.LEAST_LABELLED", 5)
        monkeypatch.setattr("sorby.select.novelty.NOVEL_P", 0.2)
        news = standing.news_of(project, pool, names[:-1], rows)
    assert news.novel() == news.flagged() == names[-1:]


def test_images_that_are_like_the_others_are_left_to_the_strategy(taught):
    with taught.open() as project:
        pool = pool_fields(project)
        rows = np.random.default_rng(0).normal(size=(len(pool), 2))
        news = standing.news_of(project, pool, [pool[0].name], rows)
    assert news.novel() == []
    assert news.judged() == [field.name for field in pool[1:]]


def test_nothing_labelled_is_no_news(fresh):
    with fresh.open() as project:
        pool = pool_fields(project)
        assert standing.news_of(project, pool, [], np.zeros((len(pool), 2))) is None


def test_kept_embedding_is_the_one_that_was_made(fresh):
    with fresh.open() as project:
        pool = pool_fields(project)
        rows, missing = kept_embedding(project, pool)
        assert np.array_equal(rows, embed_fields(project, pool))
        assert missing == 0
        assert kept_embedding(project, []) == (None, 0)


# ---------------------------------------------------------------------- models agree


@pytest.fixture
def twice(taught):
    """The project's model a second time, as if a round had changed nothing."""
    with taught.open() as project:
        model = project.models.current()
        text = model.path.read_bytes()
        again = project.models.add(
            lambda path: path.write_bytes(text), model.card, made_from="again"
        )
        project.models.use(again.number)
    return taught


def test_model_agrees_with_itself_and_that_is_kept(twice, monkeypatch):
    with twice.open() as project:
        assert agreements(project) == ([], None)
        compare_models(project)
        kappas, area = agreements(project)
        assert kappas == [1.0]
        assert area.before == area.now > 0
        assert area.n_images == 4  # of eight, four were learnt from
        monkeypatch.setattr(agreeing, "_compared", None)
        compare_models(project)
    told = project_status(twice.folder)["labelling"]["can_stop"]
    assert told["answer"] is None
    assert "1 of 3 comparisons" in told["criteria"][0]["said"]
    assert told["criteria"][1]["is_met"] is True


def test_choice_compares_the_models(twice):
    select(twice.folder, n_select=1)
    with twice.open() as project:
        assert agreements(project)[0] == [1.0]


def test_first_model_has_none_before_it(taught):
    with taught.open() as project:
        assert _pairs(project) == []
        compare_models(project)
        assert agreements(project) == ([], None)


def test_interval_is_that_of_all_images_that_are_reported():
    areas = np.array([[10, 12, 100], [20, 22, 100], [30, 32, 100], [40, 42, 100]], float)
    few, many = _area(areas, 4), _area(areas, 16)
    assert few.half_width == pytest.approx(2 * many.half_width)
    assert (few.before, few.now) == (0.25, 0.27)
    assert _area(np.zeros((0, 3)), 4) is None


# ---------------------------------------------------------------------- the model in use is asked


def test_uncertainty_of_the_model_in_use_trains_nothing(taught):
    with taught.open() as project:
        pool = pool_fields(project)
        labelled = [field.name for field in pool if field.name in taught.picks()]
        found = uncertainty_of_model(project, pool, labelled)
        assert len(project.models.all()) == 1
    assert found.shape == (8,)
    for field, value in zip(pool, found, strict=True):
        assert value == 0 if field.name in labelled else 0 < value < 1
    answer = select(taught.folder, strategy="smile+uncertainty", n_select=2)
    assert all("in uncertainty" in pick["reason"] for pick in answer["picks"])


def test_uncertainty_without_a_model_is_refused(fresh):
    fresh.label("p0")
    with pytest.raises(ProjectError, match="no model yet"):
        select(fresh.folder, strategy="smile+uncertainty", n_select=2)
