"""Figures and page of an experiment."""

import functools

import numpy as np
import pandas as pd
import pytest

from sorby.core.errors import SettingError
from sorby.report import (
    Evidence,
    ExperimentContent,
    Picture,
    Section,
    by_round_figure,
    differences_figure,
    evidence_figure,
    loss_rounds_figure,
    pick_maps_figure,
    write_experiment_page,
)

NASTY = '<script>alert("x")</script> & \'q\' =1+1.png" onclick="x'


@pytest.fixture
def rows():
    return pd.DataFrame(
        [("smile", 0, 1, 10.0), ("smile", 1, 1, 14.0), ("smile", 0, 2, 6.0), ("smile", 1, 2, 6.0),
         ("uniform", 0, 1, 20.0), ("uniform", 0, 2, 9.0)],
        columns=["strategy", "seed", "round", "actions"],
    ).assign(drawn=30.0)  # fmt: skip


@pytest.fixture
def points():
    return pd.DataFrame(
        {"image": list("abcd"), "x": [0.0, 1, 2, 3], "y": [0.0, 1, 0, 1],
         "role": ["pool", "pool", "pool", "test"]}
    )  # fmt: skip


@pytest.fixture
def picks():
    return pd.DataFrame(
        {"strategy": ["smile", "smile", "manual"], "image": ["a", "c", "b"], "round": [1, 2, 1],
         "distance": [0.5, 0.5, 0.9]}
    )  # fmt: skip


def differences():
    return pd.DataFrame(
        {"first": ["SMILE", "SMILE"], "second": ["uniform", "Otsu"], "mean": [0.01, 0.2],
         "low": [-0.02, 0.1], "high": [0.04, 0.3]}
    )  # fmt: skip


def is_marked(figure):
    drawn = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    return any(text.get_gid() == "watermark" for text in drawn)


def test_lines_are_means_over_seeds(rows):
    figure = by_round_figure(rows, "actions", label="Actions", words="x", beside={"drawn": "drawn"})
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    assert lines["strategy:smile"].get_ydata().tolist() == [12.0, 6.0]
    assert lines["strategy:uniform"].get_ydata().tolist() == [20.0, 9.0]


def test_every_strategy_has_a_panel_with_its_picks_where_the_images_are(points, picks):
    figure = pick_maps_figure(points, picks, method="Isomap")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["SMILE", "manual"]
    assert [axes.get_title(loc="right")[-4:] for axes in figure.axes] == ["0.50", "0.90"]
    drawn = [line for line in figure.axes[0].lines if line.get_gid() == "pick"]
    places = [(float(one.get_xdata()[0]), float(one.get_ydata()[0])) for one in drawn]
    np.testing.assert_allclose(places, [(0.0, 0.0), (2.0, 0.0)], atol=1e-9)


def test_interval_that_holds_zero_is_drawn_as_open_and_the_other_as_apart():
    figure = differences_figure(differences(), score="macro-F1", confidence=0.95)
    gids = [line.get_gid() for line in figure.axes[0].lines if line.get_gid() in {"open", "apart"}]
    assert gids == ["open", "apart"]


def test_evidence_is_shown_as_it_is():
    evidence = np.zeros((40, 60), np.float32)
    evidence[10:20, 30:40] = 1
    one = Evidence("a", np.full((40, 60), 150, np.uint8), (evidence > 0).astype(np.uint8), evidence)
    figure = evidence_figure([one])
    shown = next(i for axes in figure.axes for i in axes.images if i.get_gid() == "evidence:0")
    np.testing.assert_array_equal(np.asarray(shown.get_array()), evidence)


def curve():
    return pd.DataFrame({"step": [0, 5], "train_loss": [0.4, 0.3], "valid_loss": [0.5, np.nan]})


@pytest.mark.parametrize("synthetic", [True, False])
def test_figures_of_generated_images_are_marked_and_others_not(rows, points, picks, synthetic):
    gray, none = np.full((20, 30), 180, np.uint8), np.zeros((20, 30), np.uint8)
    mark = {"synthetic": synthetic}
    figures = [
        by_round_figure(rows, "actions", label="Actions", words="x", **mark),
        pick_maps_figure(points, picks, method="t-SNE", **mark),
        differences_figure(differences(), score="macro-F1", confidence=0.95, **mark),
        evidence_figure([Evidence("a", gray, none, none.astype(np.float32))], **mark),
        loss_rounds_figure({"Round 1": curve()}, {"Round 1": 5}, **mark),
    ]
    assert [is_marked(figure) for figure in figures] == [synthetic] * len(figures)


def test_losses_share_their_axis():
    curves = {"Round 1": curve(), "Round 2": curve().assign(train_loss=[0.8, 0.1])}
    figure = loss_rounds_figure(curves, dict.fromkeys(curves, 5))
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


@pytest.mark.parametrize(
    "draw",
    [
        lambda empty: by_round_figure(empty, "actions", label="x", words="x"),
        lambda empty: pick_maps_figure(empty, empty, method="x"),
        lambda empty: differences_figure(empty, score="x", confidence=0.95),
    ],
)
def test_table_without_the_columns_is_refused(draw):
    with pytest.raises(SettingError, match="no column"):
        draw(pd.DataFrame())


def test_evidence_of_another_shape_is_refused():
    gray = np.zeros((4, 4), np.uint8)
    with pytest.raises(SettingError, match="three alike"):
        evidence_figure([Evidence("a", gray, gray, np.zeros((2, 2), np.float32))])


def test_page_escapes_every_word_and_asks_for_nothing(tmp_path, rows):
    draw = functools.partial(by_round_figure, rows, "actions", label="Actions", words="x")
    picture = Picture(draw, title=NASTY, caption=NASTY, alt=NASTY)
    table = pd.DataFrame({"strategy": [NASTY], "round": [1], "macro_f1": [0.9], "actions": [3.0]})
    section = Section(NASTY, NASTY, [picture], [picture], [picture], table)
    content = ExperimentContent(
        NASTY, NASTY, [(NASTY, NASTY, NASTY)], [NASTY], [section], [NASTY], {NASTY: NASTY},
        {"sorby": NASTY}, "2026-01-01T00:00:00+00:00", synthetic=True,
    )  # fmt: skip
    text = write_experiment_page(content, tmp_path / "experiment.html").read_text()
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 12
    assert "http:" not in text and "https:" not in text
    assert "No number here describes a real material" in text
