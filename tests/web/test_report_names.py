"""A report of images and specimens whose names are markup: text, and nothing else."""

import os
from html.parser import HTMLParser

import pytest

from sorby.io import write_micrograph
from sorby.workflow import measure, new_project, predict, report_project

IMAGE = "<script>alert(1)<img src=x onerror=alert(2)>"
SPECIMEN = "<svg onload=alert(3)>'\""


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, text):
        super().__init__()
        self.found, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.skipif(os.name != "posix", reason="no such file name on Windows")
def test_hostile_names_of_images_and_specimens_are_text_in_the_report(tmp_path, lab):
    for number in range(2):
        name = IMAGE if number == 0 else "plain"
        write_micrograph(tmp_path / "images" / f"{name}.png", lab.metal(number)[0])
    (tmp_path / "fields.csv").write_text(
        "image,specimen,split,um_per_px,laser_power_w,scan_speed_mm_s\n"
        f'"{IMAGE}","{SPECIMEN.replace(chr(34), chr(34) * 2)}",pool,1.5,200,800\n'
        "plain,S1,pool,1.5,220,800\n"
    )
    study = tmp_path / "study"
    new_project(study, [tmp_path / "images"], fields_table=tmp_path / "fields.csv", copy=True)
    predict(study)
    measure(study)
    report_project(study)
    page = Tags((study / "results" / "report.html").read_text(encoding="utf-8"))
    assert IMAGE in "".join(page.text)  # it is told, as it is written
    assert not {tag for tag, _ in page.found} & {"script", "iframe", "object", "embed"}
    assert not [name for _, found in page.found for name in found if name.startswith("on")]
    sources = [found.get("src", "data:") for tag, found in page.found if tag == "img"]
    assert all(source.startswith("data:") for source in sources)
