"""What a project says of itself, and which command it says comes next."""

import numpy as np
import pytest

from sorby.cli import answers, learnt
from sorby.workflow import list_models, predict, project_status, select, train_project

POOL = [f"p{n}" for n in range(8)]


def next_of(study):
    return project_status(study.folder)["next"]


def test_loop_is_led_from_prediction_to_training_and_measuring(fresh, quick):
    picks = [pick["image"] for pick in select(fresh.folder, n_select=2)["picks"]]
    assert next_of(fresh) == f"sorby predict {fresh.folder}"
    predict(fresh.folder)
    assert next_of(fresh).startswith(f"correct the masks of {', '.join(picks)} ")
    fresh.label(picks[0])
    assert next_of(fresh).startswith(f"correct the masks of {picks[1]} ")
    fresh.label(picks[1])
    assert project_status(fresh.folder)["not_learnt"] == sorted(picks)
    assert next_of(fresh) == f"sorby train {fresh.folder}"
    train_project(fresh.folder)
    state = project_status(fresh.folder)
    assert (state["model"], state["n_trained_on"], state["not_learnt"]) == (1, 2, [])
    assert state["next"] == f"sorby measure {fresh.folder}"


def test_masks_that_nobody_chose_are_learnt_too(taught):
    (one, *_) = sorted(set(POOL) - set(taught.picks()))
    assert next_of(taught) == f"sorby predict {taught.folder}"
    taught.label(one)
    assert next_of(taught) == f"sorby train {taught.folder}"


def test_labels_of_test_fields_ask_for_no_training(fresh):
    fresh.label("t0", "t1")
    assert project_status(fresh.folder)["not_learnt"] == []
    assert next_of(fresh) == f"sorby predict {fresh.folder}"


def test_label_that_a_model_replaced_is_no_label(fresh):
    fresh.label("p0")
    with fresh.open() as project:
        field = fresh.fields()["p0"]
        project.add_mask(field, np.zeros(field.shape, np.uint8), source="model", method="otsu")
    assert project_status(fresh.folder)["not_learnt"] == []


@pytest.mark.parametrize("is_gone", [True, False])
def test_model_whose_file_is_lost_is_said_and_nothing_fails(taught, is_gone):
    path = taught.model().path
    path.unlink() if is_gone else path.write_bytes(b"no model")
    state = project_status(taught.folder)
    assert (state["model"], state["model_is_whole"], state["n_trained_on"]) == (1, False, 4)
    assert "sorby models" in state["next"]
    (line,) = [s for s in answers.state(state).splitlines() if s.startswith("model")]
    assert line.split(maxsplit=1)[1] == "1: file is gone or was changed"


def test_project_without_a_model_says_so(fresh):
    state = project_status(fresh.folder)
    assert (state["model"], state["model_is_whole"]) == (None, True)
    assert "none yet" in answers.state(state)


def test_selection_asks_once_for_the_masks_of_test_fields(fresh):
    answer = select(fresh.folder, n_select=2)
    assert answer["test_without_mask"] == ["t0", "t1", "t2", "t3"]
    told = "Label the 4 test fields too, once, for sorby evaluate: t0, t1, t2, t3"
    assert told in learnt.selected(answer, fresh.folder).splitlines()
    fresh.label("t0", "t1", "t3")
    answer = select(fresh.folder, n_select=2)
    assert answer["test_without_mask"] == ["t2"]
    assert "Label the test field too, once, for sorby evaluate: t2" in learnt.selected(answer, "D")
    fresh.label("t2")
    answer = select(fresh.folder, n_select=2)
    assert answer["test_without_mask"] == []
    assert "test field" not in learnt.selected(answer, fresh.folder)


def test_next_step_after_masks_is_training(fresh):
    assert f"Next: sorby train {fresh.folder} " in answers.masks_taken(
        fresh.label("p0"), fresh.folder
    )


def test_empty_shelf_names_the_folder(fresh):
    told = learnt.shelved(list_models(fresh.folder), fresh.folder)
    assert told == f"No model yet: sorby train {fresh.folder}"
