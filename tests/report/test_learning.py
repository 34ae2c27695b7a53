import base64
import dataclasses
import functools
import itertools
import subprocess
import sys
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from sorby.core.errors import SettingError
from sorby.core.records import ModelCard
from sorby.report import (
    LearningContent,
    MaskExample,
    Picture,
    ReportContent,
    embedding_figure,
    examples_figure,
    loss_figure,
    rounds_figure,
    write_report,
)
from sorby.report.examples import BACKGROUND, FALSE, MISSED, RIGHT, difference_colours

NASTY = '<script>alert("x")</script> & \'q\' =1+1.png" onclick="x'
NAN = float("nan")


@pytest.fixture
def rounds():
    """SMILE with two seeds, which differ by 0.04 in both rounds; manual with one."""
    rows = [
        ("smile", 0, 1, 4, 0.70, 0.20),
        ("smile", 1, 1, 4, 0.74, 0.20),
        ("smile", 0, 2, 8, 0.88, 0.20),
        ("smile", 1, 2, 8, 0.92, 0.20),
        ("manual", 0, 1, 4, 0.60, 0.11),
        ("manual", 0, 2, 9, 0.80, 0.05),
    ]
    names = ["strategy", "seed", "round", "n_labelled", "macro_f1", "macro_f1_sd"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(defect_f1=table.macro_f1 - 0.5, defect_f1_sd=0.01)


@pytest.fixture
def points():
    return pd.DataFrame(
        {
            "image": [NASTY, "b", "c", "d", "e", "f"],
            "x": [0.0, 0.0, 5.0, 9.0, 4.0, 2.0],
            "y": [0.0, 0.0, 5.0, 1.0, 4.0, 2.0],
            "cluster": [0, 0, 1, 1, -1, 0],
            "role": ["labelled", "labelled", "pool", "labelled", "test", "pool"],
            "round": [1, 2, None, None, None, None],
        }
    )


@pytest.fixture
def curve():
    step = np.arange(1, 401)
    measured = step % 100 == 0
    return pd.DataFrame(
        {
            "step": step,
            "train_loss": 0.5 + 0.1 * (-1.0) ** step,
            "valid_loss": np.where(measured, 0.4, np.nan),
            "valid_f1": np.where(measured, step / 500, np.nan),
        }
    )


@pytest.fixture
def example():
    """One row of each finding: right, missed, false, nothing, and a column that is no sample."""
    truth, predicted = np.zeros((2, 4, 6), np.uint8)
    truth[0], predicted[0] = 1, 2
    truth[1] = 1
    predicted[2] = 1
    truth[:, 4] = 255
    predicted[:, 5] = 255
    return MaskExample(NASTY, np.full((4, 6), 90, np.uint8), truth, predicted, 0.7349)


def by_gid(axes, gid):
    return [artist for artist in axes.get_children() if artist.get_gid() == gid]


def words(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def bars(axes):
    """Lower and upper end of every error bar, a list for each strategy."""
    return [
        [tuple(segment[:, 1].round(6)) for segment in container[2][0].get_segments()]
        for container in axes.containers
    ]


# F1 by round


def test_lines_are_means_over_seeds(rounds):
    axes = rounds_figure(rounds, {}).axes[0]
    (smile,), (manual,) = by_gid(axes, "strategy:smile"), by_gid(axes, "strategy:manual")
    np.testing.assert_allclose(smile.get_ydata(), [0.72, 0.90])
    np.testing.assert_allclose(manual.get_ydata(), [0.60, 0.80])
    np.testing.assert_allclose(smile.get_xdata(), [1, 2], atol=0.1)


def test_bars_are_over_seeds_where_there_are_several_and_else_over_images(rounds):
    figure = rounds_figure(rounds, {})
    over_seeds = 0.02 * 2**0.5  # of 0.70 and 0.74, with n - 1
    smile, manual = bars(figure.axes[0])
    np.testing.assert_allclose(smile[0], [0.72 - over_seeds, 0.72 + over_seeds], atol=1e-6)
    assert manual == [(0.49, 0.71), (0.75, 0.85)]
    (caption,) = [w for w in words(figure) if "Bars:" in w]
    said = caption.replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert "over 2 seeds for SMILE; over the test images (one seed) for manual" in said


def test_one_seed_says_test_images(rounds):
    (caption,) = [w for w in words(rounds_figure(rounds[4:], {})) if "Bars:" in w]
    assert "over the test images (one seed)" in caption and "mean over seeds" not in caption


def test_a_band_reaches_one_standard_deviation_and_is_named(rounds):
    figure = rounds_figure(rounds, {"Otsu": (0.83, 0.10), "flat field + Otsu": (0.5, NAN)})
    axes = figure.axes[0]
    (band,) = by_gid(axes, "band:Otsu")
    box = band.get_path().transformed(band.get_patch_transform()).get_extents()
    assert (box.ymin, box.ymax) == pytest.approx((0.73, 0.93))
    said = [w.replace("\N{NO-BREAK SPACE}", "") for w in words(figure)]
    assert "Otsu 0.83 ± 0.10" in said and "flat field + Otsu 0.50" in said
    assert not by_gid(axes, "band:flat field + Otsu"), "no band without a spread"


def test_ticks_say_round_and_labelled_images(rounds):
    axes = rounds_figure(rounds, {}).axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1\n4", "2\n8–9"]


def test_the_metric_can_be_the_defect_f1(rounds):
    axes = rounds_figure(rounds, {}, metric="defect_f1").axes[0]
    np.testing.assert_allclose(by_gid(axes, "strategy:manual")[0].get_ydata(), [0.1, 0.3])
    assert axes.get_ylabel() == "Defect F1"


def test_rows_of_different_runs_are_different_lines_with_their_own_names(rounds):
    accepted = rounds[:4].assign(run="smile (accepted)", macro_f1=0.3)
    both = pd.concat([rounds.assign(run=rounds.strategy), accepted])
    figure = rounds_figure(both, {})
    axes = figure.axes[0]
    np.testing.assert_allclose(by_gid(axes, "strategy:smile")[0].get_ydata(), [0.72, 0.90])
    np.testing.assert_allclose(by_gid(axes, "strategy:smile (accepted)")[0].get_ydata(), 0.3)
    said = [w.replace("\N{NO-BREAK SPACE}", "") for w in words(figure)]
    assert {"SMILE 0.90", "SMILE (accepted) 0.30"} <= set(said)


def test_five_strategies_differ_in_line_and_marker_and_their_names_do_not_touch(rounds):
    names = ["smile", "ensemble", "manual", "kcenter", "uncertainty_by_entropy"]
    same = pd.concat([rounds[4:].assign(strategy=name) for name in names])
    figure = rounds_figure(same, {"Otsu": (0.8, 0.1), "flat field + Otsu": (0.8, 0.1)})
    axes = figure.axes[0]
    lines = [by_gid(axes, f"strategy:{name}")[0] for name in names]
    assert len({line.get_marker() for line in lines}) == 5
    assert len({line.get_linestyle() + str(line._dash_pattern) for line in lines}) == 5
    assert len({line.get_color() for line in lines}) == 5
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = sorted((t.get_window_extent(renderer) for t in axes.texts), key=lambda box: box.y0)
    assert len(boxes) == 7
    assert all(low.y1 <= high.y0 for low, high in itertools.pairwise(boxes))
    assert all(box.x1 <= figure.bbox.x1 for box in boxes), "no name is cut"
    label, frame = axes.yaxis.label.get_window_extent(renderer), axes.get_window_extent()
    assert frame.y0 < label.y0 and label.y1 < frame.y1 and label.x0 > 0
    (caption,) = [text for text in figure.texts if text.get_gid() == "caption"]
    assert figure.bbox.y0 < caption.get_window_extent(renderer).y0
    assert caption.get_window_extent(renderer).x1 < figure.bbox.x1


def test_scores_never_leave_0_to_1_on_the_axis(rounds):
    low, high = (
        rounds_figure(rounds.assign(macro_f1_sd=0.9), {"Otsu": (0.9, 2.0)}).axes[0].get_ylim()
    )
    assert (low, high) == (0, 1)


def test_rounds_refuse_what_they_cannot_draw(rounds):
    with pytest.raises(SettingError, match=r"'accuracy'.*macro_f1, defect_f1"):
        rounds_figure(rounds, {}, metric="accuracy")
    with pytest.raises(SettingError, match="no column seed"):
        rounds_figure(rounds.drop(columns="seed"), {})
    assert "No round was scored." in words(rounds_figure(rounds.assign(macro_f1=NAN), {}))


# Map of the images


def test_every_pick_carries_the_number_of_its_round(points):
    axes = embedding_figure(points).axes[0]
    assert [t.get_text() for t in axes.texts if t.get_gid() == "pick"] == ["1", "2"]
    discs = [line for line in axes.lines if line.get_gid() == "pick"]
    assert len(discs) == 2
    places = np.array([disc.get_xydata()[0] for disc in discs])
    assert np.hypot(*(places[1] - places[0])) > 0, "picks at one place are moved apart"
    np.testing.assert_allclose(places.mean(axis=0), [0, 0], atol=1e-9)


def test_other_images_lie_where_the_table_says_and_test_images_are_hollow(points):
    axes = embedding_figure(points).axes[0]
    (pool,), (test,) = by_gid(axes, "pool:1"), by_gid(axes, "test:-1")
    np.testing.assert_array_equal(pool.get_xydata(), [[5, 5]])
    np.testing.assert_array_equal(test.get_xydata(), [[4, 4]])
    assert test.get_markerfacecolor() == "none" and pool.get_markerfacecolor() != "none"
    np.testing.assert_array_equal(by_gid(axes, "labelled-before")[0].get_xydata(), [[9, 1]])


def test_the_map_has_equal_scales_no_ticks_and_says_that_it_has_no_unit(points):
    figure = embedding_figure(points)
    axes = figure.axes[0]
    figure.canvas.draw()
    box = axes.get_window_extent()
    assert box.width / np.ptp(axes.get_xlim()) == pytest.approx(
        box.height / np.ptp(axes.get_ylim())
    )
    assert not len(axes.get_xticks()) and not len(axes.get_yticks())
    assert any("t-SNE" in text and "no unit" in text for text in words(figure))
    assert {"cluster 0", "cluster 1", "test image", "picked, with its round"} <= set(words(figure))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_map_of_few_images_is_drawn(points, n):
    figure = embedding_figure(points.head(n), synthetic=True)
    assert "SYNTHETIC" in words(figure)
    assert ("No image has a place on the map." in words(figure)) == (n == 0)


def test_maps_refuse_foreign_tables(points):
    with pytest.raises(SettingError, match="no column cluster, round"):
        embedding_figure(points[["image", "x", "y", "role"]])
    with pytest.raises(SettingError, match=r"role train.*pool, labelled, test"):
        embedding_figure(points.assign(role="train"))


# Losses


def test_losses_and_scores_have_a_panel_each_and_share_their_steps(curve):
    upper, lower = loss_figure(curve, best_step=300).axes
    np.testing.assert_array_equal(by_gid(upper, "raw")[0].get_ydata(), curve.train_loss)
    smooth = by_gid(upper, "train")[0].get_ydata()
    assert np.abs(smooth[20:-20] - 0.5).max() < 0.011, "the mean of what alternates around 0.5"
    np.testing.assert_array_equal(by_gid(upper, "valid")[0].get_xdata(), [100, 200, 300, 400])
    np.testing.assert_allclose(by_gid(lower, "score")[0].get_ydata(), [0.2, 0.4, 0.6, 0.8])
    assert upper.get_xlim() == lower.get_xlim()


def test_the_kept_step_is_marked_in_both_panels(curve):
    figure = loss_figure(curve, best_step=300)
    for axes in figure.axes:
        np.testing.assert_array_equal(by_gid(axes, "kept")[0].get_xdata(), [300, 300])
    np.testing.assert_allclose(by_gid(figure.axes[1], "kept-score")[0].get_xydata(), [[300, 0.6]])
    assert "kept: step 300" in words(figure)


def test_without_a_score_there_is_one_panel_and_nothing_kept(curve):
    figure = loss_figure(curve.assign(valid_f1=NAN, valid_loss=NAN), best_step=None)
    (axes,) = figure.axes
    assert not by_gid(axes, "kept") and not by_gid(axes, "valid")
    assert axes.get_yscale() == "linear" and axes.get_xlabel() == "Step of training"


def test_losses_over_decades_are_logarithmic(curve):
    steep = curve.assign(train_loss=np.geomspace(1, 1e-3, len(curve)))
    assert loss_figure(steep, best_step=None).axes[0].get_yscale() == "log"


def test_losses_refuse_foreign_tables_and_say_when_there_is_none(curve):
    with pytest.raises(SettingError, match="no column valid_f1"):
        loss_figure(curve.drop(columns="valid_f1"), best_step=None)
    assert "No step of training was recorded." in words(loss_figure(curve.head(0), best_step=None))


# Examples


def test_each_finding_has_its_colour_and_ignored_pixels_have_none(example):
    image = examples_figure([example]).axes[3].images[0].get_array()
    for row, colour in enumerate([RIGHT, MISSED, FALSE, BACKGROUND]):
        np.testing.assert_allclose(image[row, :4], np.tile(to_rgb(colour), (4, 1)))
    np.testing.assert_allclose(image[:, 4:], 1.0)


def test_the_colours_are_far_apart_in_gray():
    luma = [np.dot(to_rgb(colour), [0.299, 0.587, 0.114]) for colour in (MISSED, FALSE, RIGHT)]
    assert np.diff([*luma, 1.0]).min() > 0.17


def test_a_line_of_one_pixel_survives_reduction():
    truth = np.zeros((1500, 2000), np.uint8)
    truth[701, 100:1900] = 1
    figure = examples_figure([MaskExample("a", truth * 9, truth, np.zeros_like(truth))])
    _, true, predicted, difference = (axes.images[0].get_array() for axes in figure.axes)
    assert max(true.shape) <= 360
    assert (true[701 // 6, 17:316] < 0.2).all() and (predicted == 1).all()
    np.testing.assert_allclose(difference[701 // 6, 17:316], np.tile(to_rgb(MISSED), (299, 1)))


def test_a_block_takes_the_finding_of_most_of_its_defect_pixels():
    truth, predicted = np.array([[1, 1, 1, 0]], np.uint8), np.array([[1, 1, 0, 1]], np.uint8)
    np.testing.assert_allclose(difference_colours(truth, predicted, 4)[0, 0], to_rgb(RIGHT))
    np.testing.assert_allclose(difference_colours(truth, 0 * predicted, 4)[0, 0], to_rgb(MISSED))


def test_an_example_is_named_scored_and_hatched_where_it_is_no_sample(example):
    figure = examples_figure([example, dataclasses.replace(example, name="b", score=NAN)])
    said = words(figure)
    assert "macro-F1 0.73" in said and sum(w.startswith("macro-F1") for w in said) == 1
    assert [w for w in said if w in ("Micrograph", "Truth", "Prediction", "Difference")] == [
        "Micrograph",
        "Truth",
        "Prediction",
        "Difference",
    ]
    hatched = [len(by_gid(axes, "ignored")) for axes in figure.axes]
    assert hatched == [0, 1, 1, 1, 0, 1, 1, 1]


def test_synthetic_examples_are_marked_on_the_photograph(example):
    axes = examples_figure([example], synthetic=True).axes[0]
    assert [t.get_text() for t in axes.texts] == ["SYNTHETIC"]
    assert words(examples_figure([])) == ["No example."]


def test_misfits_are_refused_by_name(example):
    with pytest.raises(SettingError, match=r"bad\.png.*\(4, 6\).*\(2, 2\)"):
        examples_figure(
            [dataclasses.replace(example, name="bad.png", truth=np.zeros((2, 2), np.uint8))]
        )


# The section of the report


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.words.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def learning(rounds, points, curve, example):
    def draw(function, *values, **options):
        return Picture(functools.partial(function, *values, **options), NASTY, NASTY, NASTY)

    scores = pd.DataFrame(
        {
            "method": [NASTY, "Otsu"],
            "n": [30, 30],
            "macro_f1": [0.9312, 0.83],
            "macro_f1_sd": [0.052, 0.1],
            "precision": [NAN, NAN],
            "pooled_macro_f1": [0.95, 0.85],
        }
    )
    card = ModelCard(
        NASTY,
        "defect segmentation",
        ("defect", NASTY),
        trained_on=f"24 fields {NASTY}",
        limits=NASTY,
        settings={"um_per_px": 0.65, "seed": 7, "augment": True, NASTY: NASTY},
    )
    return LearningContent(
        pictures=[
            draw(rounds_figure, rounds, {"Otsu": (0.83, 0.1)}),
            draw(embedding_figure, points),
            draw(loss_figure, curve, best_step=300),
        ],
        photographs=[draw(examples_figure, [example])],
        scores=scores,
        rounds=rounds.assign(run=rounds.strategy),
        card=card,
        notes=[NASTY],
    )


def report(folder, **more):
    empty = pd.DataFrame()
    return write_report(ReportContent("t", empty, empty, empty, **more), folder / "r.html")


def test_text_of_the_user_is_inert_in_the_section(learning, tmp_path):
    page = Page(report(tmp_path, learning=learning))
    assert not {tag for tag, _ in page.tags} & {"script", "svg", "link", "iframe"}
    assert not [name for _, found in page.tags for name in found if name.startswith("on")]
    assert page.open == [] and page.text.count("<script>") > 12
    images = [found["src"] for tag, found in page.tags if tag == "img"]
    assert [source[:16] for source in images] == [
        "data:image/svg+x",
        "data:image/jpeg;",
        "data:image/svg+x",
        "data:image/svg+x",
    ]
    assert all(b"<script" not in base64.b64decode(s.partition(",")[2]) for s in images)


def test_the_section_says_scores_then_rounds_then_the_model(learning, tmp_path):
    text = Page(report(tmp_path, learning=learning)).text
    order = [
        "Largest defects",
        "How well the model finds defects",
        "Scores on 30 test images",
        "Numbers of the rounds (6)",
        "SMILE 0 1 4 0.700 ± 0.200",
        "Trained on: 24 fields",
        "µm/px 0.65",
        "seed 7",
        "augment yes",
        "Methods",
    ]
    found = [text.find(part) for part in order]
    assert -1 not in found and found == sorted(found)
    assert "0.931 ± 0.052" in text and "Precision" not in text, "a column without a value"


def test_without_a_model_there_is_no_such_section(tmp_path):
    page = Page(report(tmp_path))
    assert "How well the model" not in page.text
    assert not [found for _, found in page.tags if found.get("class") == "learning"]


def test_an_empty_section_is_still_a_page(tmp_path):
    page = Page(report(tmp_path, learning=LearningContent()))
    assert page.open == [] and "How well the model finds defects" in page.text
    assert not {tag for tag, _ in page.tags} & {"table", "img", "details"}


def test_the_same_content_gives_the_same_bytes(learning, tmp_path):
    first = report(tmp_path, learning=learning).read_bytes()
    assert report(tmp_path, learning=learning).read_bytes() == first


def test_drawing_leaves_nothing_global_behind(rounds, points, curve, example):
    with mpl.rc_context({"font.size": 31.0, "hatch.linewidth": 9.0}):
        before = dict(mpl.rcParams)
        tables = [rounds.copy(), points.copy(), curve.copy()]
        rounds_figure(rounds, {"Otsu": (0.8, 0.1)})
        embedding_figure(points)
        loss_figure(curve, best_step=1)
        examples_figure([example])
        assert dict(mpl.rcParams) == before
    for table, kept in zip((rounds, points, curve), tables, strict=True):
        pd.testing.assert_frame_equal(table, kept)


def test_figures_load_neither_torch_nor_pyplot():
    code = (
        "import sys; from sorby.report import rounds_figure, LearningContent, examples_figure;"
        "sys.exit(bool({'torch', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
