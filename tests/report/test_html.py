import base64
import dataclasses
import functools
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from sorby.core.errors import ProjectError
from sorby.core.records import ModelCard, StepRecord
from sorby.report import (
    MAX_OVERLAYS,
    Picture,
    ReportContent,
    condition_figure,
    process_map_figure,
    write_report,
)
from sorby.report.figures import figure_bytes

NASTY = '<script>alert("x")</script><img src=http://a.example/x onerror=alert(1)>" onclick="x'
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and whether every tag is closed."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.words.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def content(build):
    draw = functools.partial(condition_figure, build["conditions"])
    map_ = functools.partial(process_map_figure, build["sections"], synthetic=True)
    fields = build["fields"].assign(image=NASTY, specimen=NASTY)
    card = ModelCard(
        NASTY,
        "defect type",
        ("porosity", NASTY),
        trained_on=NASTY,
        limits=NASTY,
        scores={"macro_f1": {"mean": 0.8612, "sd": 0.03}, NASTY: NASTY},
    )
    step = StepRecord(
        NASTY, "2026-11-23T09:00:00Z", {NASTY: NASTY}, {NASTY: "ab" * 32}, {"mask": "cd" * 32}
    )
    return ReportContent(
        title=NASTY,
        conditions=build["conditions"].assign(alloy=[NASTY, "b", "c", "d", "e"]),
        fields=fields,
        defects=build["defects"].assign(image=NASTY),
        maps=[Picture(map_, NASTY, NASTY, NASTY)],
        figures=[Picture(draw, NASTY, NASTY, NASTY)],
        overlays=[Picture(draw, NASTY, NASTY, NASTY)] * (MAX_OVERLAYS + 3),
        notes=[NASTY],
        segmentation=NASTY,
        classifier=card,
        typed_on=NASTY,
        history=[step],
        files={NASTY: NASTY},
        versions={"sorby": "0.1.0", NASTY: NASTY},
        created=NASTY,
        synthetic=True,
    )


@pytest.fixture(scope="module")
def page(content, tmp_path_factory):
    return Page(write_report(content, tmp_path_factory.mktemp("report") / "report.html"))


def test_text_of_the_user_is_inert_wherever_it_is_shown(page):
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "form", "base", "svg"}
    attributes = {name for _, found in page.tags for name in found}
    assert not {name for name in attributes if name.startswith("on") or name == "style"}
    assert page.open == [], "no text broke out of its element"
    assert page.text.count("<script>") > 15, "shown as text, not dropped"


def test_nothing_is_loaded_from_outside(page):
    loads = [
        value
        for _, found in page.tags
        for name, value in found.items()
        if name in ("src", "href", "srcset", "data", "action", "poster")
    ]
    assert loads and all(value.startswith("data:image/") for value in loads)
    styles = "".join(page.words)
    assert "url(" not in styles and "@import" not in styles


def test_the_policy_forbids_scripts_and_requests(page):
    policy = next(
        found["content"] for tag, found in page.tags if tag == "meta" and "http-equiv" in found
    )
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy and "script-src" not in policy


def test_drawn_words_are_inert_in_the_svg_too(content):
    figure = content.maps[0].draw()
    figure.text(0.5, 0.5, NASTY)
    assert b"<script" not in figure_bytes(figure, "svg")


def test_figures_are_those_of_the_room(page, content):
    sources = [found["src"] for tag, found in page.tags if tag == "img"]
    kind, _, coded = sources[0].partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert base64.b64decode(coded) == figure_bytes(content.maps[0].draw(), "svg")
    assert all(found.get("alt") for tag, found in page.tags if tag == "img")


def test_overlays_stop_at_the_limit_and_the_rest_is_counted(page):
    photographs = [f for t, f in page.tags if t == "img" and f["src"].startswith("data:image/jpeg")]
    assert len(photographs) == MAX_OVERLAYS
    assert f"{MAX_OVERLAYS} fields are shown; 3 more are not shown" in page.text


def test_synthetic_reports_say_so(page, content, build, tmp_path):
    assert "come from a generator" in page.text
    real = ReportContent("t", build["conditions"], build["fields"], build["defects"])
    assert "generator" not in Page(write_report(real, tmp_path / "r.html")).text


def test_headlines_are_sums_over_the_tables(page, build):
    fields = build["fields"]
    share = 100 * fields.defect_area_px2.sum() / fields.valid_area_px2.sum()
    assert f"area fraction {share:.3g} % all fields together" in page.text
    assert f"defects {len(build['defects'])}" in page.text
    assert "lowest condition 0 % 300 W, 900 mm/s" in page.text


def test_any_number_leads_back_hashes_versions_settings_and_scores(page):
    titles = {found.get("title") for _, found in page.tags}
    assert {"ab" * 32, "cd" * 32} <= titles
    assert "macro f1 0.861 ± 0.030" in page.text
    assert "sorby 0.1.0" in page.text


def test_the_same_step_on_many_files_is_one_row_with_all_hashes(tmp_path):
    steps = [
        StepRecord("predict", f"2026-11-23T09:00:0{i}+00:00", {"method": "otsu"}, {}, {f"m{i}": h})
        for i, h in enumerate(["aa" * 32, "bb" * 32])
    ]
    other = StepRecord("predict", "2026-11-23T09:01:00+00:00", {"method": "flatfield_otsu"})
    empty = pd.DataFrame()
    content = ReportContent("t", empty, empty, empty, history=[*steps, other])
    page = Page(write_report(content, tmp_path / "r.html"))
    assert "2026-11-23 09:00 UTC predict × 2 method otsu" in page.text
    assert {"aa" * 32, "bb" * 32} <= {found.get("title") for _, found in page.tags}
    assert "predict method flatfield_otsu" in page.text


def test_methods_follow_standards_and_claim_none(page):
    assert "E1245" in page.text and "E2109" in page.text
    assert "No conformity" in page.text
    assert not re.search("complian|certif", page.text)
    assert "Smaller regions than the size floor are left out: 4 px²" in page.text
    assert "Defect area divided by valid area" in page.text


def test_only_the_largest_defects_are_printed(page, build):
    assert f"The 20 largest of {len(build['defects'])} defects" in page.text


def test_fields_without_scale_are_reported_in_pixels(build, tmp_path):
    micron = [name for name in build["defects"] if "_um" in name]
    bare = ReportContent(
        "t",
        pd.DataFrame(),
        build["fields"].assign(um_per_px=float("nan"), valid_area_mm2=float("nan")),
        build["defects"].assign(**dict.fromkeys(micron, float("nan"))),
    )
    text = Page(write_report(bare, tmp_path / "r.html")).text
    assert "13 500 000 px² of sample" in text
    assert "Equivalent diameter px" in text and "Equivalent diameter µm" not in text


def test_empty_tables_still_make_a_report(tmp_path):
    empty = pd.DataFrame()
    page = Page(
        write_report(ReportContent("Nothing yet", empty, empty, empty), tmp_path / "r.html")
    )
    assert page.open == []
    for words in ("No conditions", "No field was measured", "No defect was measured"):
        assert words in page.text


def test_the_same_content_gives_the_same_bytes(content, tmp_path):
    few = dataclasses.replace(content, overlays=content.overlays[:1])
    first, second = (write_report(few, tmp_path / n).read_bytes() for n in ("a.html", "b.html"))
    assert first == second


def test_a_report_that_fails_half_way_leaves_the_old_one(content, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")

    def refuse():
        raise ProjectError("the image is gone")

    broken = dataclasses.replace(content, overlays=[Picture(refuse, "t")])
    with pytest.raises(ProjectError, match="gone"):
        write_report(broken, path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text() == "old"
