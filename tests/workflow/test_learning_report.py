"""What the report says of the learning loop follows from what is stored."""

from pathlib import Path

import pytest

from sorby.workflow import evaluate, measure, predict, report_project, run_rounds, train_project
from sorby.workflow.learning_report import (
    _chosen_in,
    _comparable,
    _rounds_picture,
    _run_names,
    learning_content,
)


def content_of(study):
    with study.open() as project:
        return learning_content(project, synthetic=False)


@pytest.fixture
def scored(taught):
    """The taught project, evaluated; and what that said."""
    taught.made["scores"] = evaluate(taught.folder)
    return taught


def test_project_without_a_model_has_no_such_section(fresh):
    assert content_of(fresh) is None


def test_score_table_holds_what_evaluate_said(scored):
    table = content_of(scored).scores.set_index("method")
    said = scored.made["scores"]
    assert list(table.index) == ["model 1", "Otsu", "flat field + Otsu", "model in the box"]
    rows = {
        "model 1": said,
        "Otsu": said["baselines"]["otsu"],
        "flat field + Otsu": said["baselines"]["flatfield_otsu"],
        "model in the box": said["baselines"]["base"],
    }
    for name, one in rows.items():
        for key in ("macro_f1", "defect_f1", "precision", "recall"):
            assert table.loc[name, key] == one[key]["mean"]
            assert table.loc[name, f"{key}_sd"] == one[key]["sd"]
        assert table.loc[name, "pooled_macro_f1"] == one["pooled"]["macro_f1"]
        assert table.loc[name, "n"] == 4


def test_model_that_was_not_evaluated_shows_no_scores_and_says_so(taught):
    content = content_of(taught)
    assert content.scores.empty
    assert content.rounds.empty
    assert content.photographs == []
    assert any("was not evaluated" in note for note in content.notes)


def test_scores_of_an_older_model_are_not_shown_for_the_new_one(scored, quick):
    scored.label("p0", "p1", "p2", "p3", "p4", "p5")
    train_project(scored.folder)
    content = content_of(scored)
    assert content.scores.empty
    assert any("was not evaluated" in note for note in content.notes)
    assert content.card.settings["SHA-256 of the model"] == scored.model(2).sha256


def test_rounds_by_hand_are_a_row_each(scored):
    rounds = content_of(scored).rounds
    assert len(rounds) == 1
    row = rounds.iloc[0]
    assert row["run"] == "by hand"
    assert (row["strategy"], row["seed"], row["round"], row["n_labelled"]) == ("smile", 0, 1, 4)
    assert row["macro_f1"] == scored.made["scores"]["macro_f1"]["mean"]


def test_rounds_of_every_run_are_rows(taught, quick):
    taught.label(*(f"p{n}" for n in range(8)))
    for strategy in ("smile", "uniform"):
        run_rounds(taught.folder, annotator="truth", rounds=1, per_round=3, strategy=strategy)
    rounds = content_of(taught).rounds
    assert list(rounds["strategy"]) == list(rounds["run"]) == ["smile", "uniform"]
    assert set(rounds["n_labelled"]) == {3}


def test_scores_of_earlier_test_masks_are_not_shown(scored):
    with scored.open() as project:
        field = scored.fields()["t1"]
        mask = 1 - scored.pixels_of(scored.masks()["t1"])
        project.add_mask(field, mask, source="person", method="drawn")
    content = content_of(scored)
    assert content.scores.empty and content.photographs == []
    assert any("was not evaluated" in note for note in content.notes)
    evaluate(scored.folder)
    assert not content_of(scored).scores.empty


PLAYED = {"annotator": "truth", "strategy": "smile", "per_round": 4, "preset": "fast", "seed": 0}


def played(number, **told):
    return {**PLAYED, "round": number, "inputs": "a", "tested_on": "t", "time": "T1", **told}


def test_run_is_named_by_what_tells_it_from_the_others():
    by_hand = {"round": 1, "strategy": "smile", "seed": 0}
    accepted = played(1, annotator="accept")
    assert _run_names([played(1), played(2, seed=1), accepted, by_hand]) == [
        "smile",
        "smile",
        "smile (accepted)",
        "by hand",
    ]
    assert _run_names([played(1), played(1, per_round=8), played(1, strategy="kcenter")]) == [
        "smile x4 a round",
        "smile x8 a round",
        "kcenter",
    ]
    assert _run_names([played(1), played(1, preset="paper")]) == ["smile (fast)", "smile (paper)"]


def test_rounds_of_other_test_masks_or_earlier_labels_do_not_mix_with_the_latest():
    old_tests = played(1, strategy="uniform", tested_on="s")
    old_labels, seed = played(1, inputs="b"), played(1, seed=1, time="T2")
    latest = played(2, time="T3")
    shown, notes = _comparable([latest, old_tests, old_labels, seed])
    assert shown == [seed, latest]
    assert notes == ["Not shown: rounds of earlier test masks or earlier labels of the pool (2)."]
    assert _comparable([]) == ([], [])


@pytest.mark.parametrize(
    ("classes", "metric", "band"), [(["defect"], "macro_f1", 0.4), (["a", "b"], "defect_f1", 0.7)]
)
def test_figure_of_several_classes_shows_defect_f1_of_rounds_and_bands(classes, metric, band):
    scores = {"macro_f1": {"mean": 0.4, "sd": 0.1}, "defect_f1": {"mean": 0.7, "sd": None}}
    last = {"classes": dict.fromkeys(classes), "baselines": {"otsu": scores}}
    picture = _rounds_picture(None, last, synthetic=False)
    assert picture.draw.keywords["metric"] == metric
    assert picture.draw.args[1]["Otsu"][0] == band


def test_map_numbers_the_picks_by_their_round(taught):
    with taught.open() as project:
        assert _chosen_in(project) == dict.fromkeys(taught.picks(), 1)


def test_report_tells_scores_card_and_where_the_model_was_tested(scored):
    predict(scored.folder)
    measure(scored.folder)
    text = Path(report_project(scored.folder)["report"]).read_text(encoding="utf-8")
    mean = scored.made["scores"]["macro_f1"]["mean"]
    assert f"{mean:.3f}" in text
    assert "flat field + Otsu" in text
    assert scored.model().card.limits in text
    for title in (
        "F1 by round of labelling",
        "The images, and which were chosen",
        "Training of model 1",
        "Test fields: the best, the median and the worst",
    ):
        assert title in text
