"""Files from a browser: hostile names, bombs, programs in disguise. All inert, all told."""

import io
import json
import os
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from sorby.project import Project
from sorby.workflow import adding


class Bomb:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def png_bytes(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def upload(page, *files, **query):
    parts = [("files", (name, content, "image/png")) for name, content in files]
    answer = page.post("/api/images", files=parts, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names_of(study):
    with Project.open(study) as project:
        return {field.name for field in project.fields()}


HOSTILE = {
    "../../../etc/cron.d/x.png": "x",
    "..\\..\\windows\\win.png": "win",
    "/etc/passwd.png": "passwd",
    "C:\\boot.png": "boot",
    "\\\\server\\share\\unc.png": "unc",
    "%2e%2e%2fencoded.png": "%2e%2e%2fencoded",
    "%252e%252e%252ftwice.png": "%252e%252e%252ftwice",
    "CON.png": "_CON",
    "nul": "_nul",
    "a\r\nb.png": "a%0D%0Ab",  # as the form encodes it
    "stream.png::$DATA": "stream",
    "<script>alert(1)</script>.png": "script_",
    "....": "image",
    "a" * 300 + ".png": "a" * 116,
}


def test_hostile_names_stay_inside_and_name_a_field_at_most(page, study, tmp_path):
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    rng = np.random.default_rng(0)
    files = [(name, png_bytes(rng.integers(0, 255, (40, 50), dtype=np.uint8))) for name in HOSTILE]
    told = upload(page, *files)
    assert told["refused"] == []
    assert set(told["added"]) == set(HOSTILE.values())
    fresh = {path for path in tmp_path.rglob("*") if "cache" not in path.parts} - before
    assert all((study / "images") in path.parents for path in fresh if path.is_file()), fresh
    assert list((study / "cache" / "uploads").iterdir()) == []
    for name in HOSTILE.values():
        if "%" in name:  # the client of these tests decodes twice
            continue
        opened = page.get(f"/api/fields/{name}/info")
        assert opened.status_code == 200, name


PATHS = [
    "..",
    "../study",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "/etc/passwd",
    "//etc/passwd",
    "\\\\server\\share",
    "p0%00",
    "p0%00.png",
    "study-sibling",
    "CON",
    "sorby.db",
    "a" * 5000,
    "%ff%fe",
    "p0;DROP TABLE field",
    "' OR 1=1 --",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p[:24])
def test_no_name_of_a_field_reaches_the_disk(page, study, path):
    for rest in ("info", "thumb.webp", "tile/0/0/0", "mask/0/0/0", "draft", "export.png"):
        answer = page.get(f"/api/fields/{path}/{rest}")
        assert answer.status_code in (404, 422), (path, rest, answer.text)
        assert "root:" not in answer.text
    for asset in (f"/assets/{path}", f"/assets/../{path}", f"/{path}"):
        found = page.get(asset)
        assert found.status_code == 404 or found.url.path == "/", asset


def test_folders_elsewhere_are_refused(page, study, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    sibling = tmp_path.parent / f"{tmp_path.name}-sibling"  # shares the prefix of the parent
    (sibling / "inner").mkdir(parents=True)
    (sibling / "image.png").write_bytes(png_bytes(np.zeros((40, 40), np.uint8)))
    (tmp_path / "link").symlink_to(sibling)
    for path in ("/etc", "/", "../..", str(sibling), "link", "a\0b", "~root", "x" * 4000):
        answer = page.post("/api/images/folder", json={"path": path})
        assert answer.status_code == 422, (path, answer.text)
    inside = tmp_path / "more"
    inside.mkdir()
    (inside / "m1.png").write_bytes(png_bytes(np.full((40, 50), 9, np.uint8)))
    (inside / "stolen.png").symlink_to(sibling / "image.png")
    told = page.post("/api/images/folder", json={"path": "more"}).json()
    assert told["added"] == ["m1"]


def png_claiming(rows, columns):
    """A few kilobytes that say they are that large."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data))
        )  # fmt: skip

    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 4000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def endless_tiff():
    """An image file directory that names itself as the next one."""
    entries = [(256, 3, 1, 40), (257, 3, 1, 40), (258, 3, 1, 8), (262, 3, 1, 1), (254, 4, 1, 1)]
    body = struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", 8)


def tiff_with_huge_tag():
    body = struct.pack("<H", 1) + struct.pack("<HHII", 270, 2, 0xFFFFFFF0, 8) + b"\0" * 4
    return b"II*\0" + struct.pack("<I", 8) + body


def deep_zip():
    content = b"0" * 1_000_000
    for _ in range(3):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.zip", content)
        content = stream.getvalue()
    return content


def test_bombs_and_programs_are_refused_and_do_nothing(page, study, tmp_path):
    mark = tmp_path / "mark"
    array = np.empty(1, object)
    array[0] = Bomb(mark)
    npy, npz = io.BytesIO(), io.BytesIO()
    np.save(npy, array, allow_pickle=True)
    np.savez(npz, array=array)
    hostile = {
        "bomb.png": png_claiming(60_000, 60_000),
        "short.png": png_claiming(6000, 6000),
        "endless.tif": endless_tiff(),
        "huge.tif": tiff_with_huge_tag(),
        "deep.png": deep_zip(),
        "model.pth": pickle.dumps(Bomb(mark)),
        "array.npy": npy.getvalue(),
        "arrays.npz": npz.getvalue(),
        "pickle.png": pickle.dumps(Bomb(mark)),
        "vector.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "page.png": b"<html><script>1</script></html>",
        "empty.png": b"",
        "archive.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    }
    before = names_of(study)
    told = upload(page, *hostile.items())
    assert told["added"] == []
    assert {one["file"] for one in told["refused"]} == set(hostile)
    assert all(one["error"] and ".image" not in one["error"] for one in told["refused"]), told
    odd = [one for one in told["refused"] if "b'" in one["error"]]
    assert odd == []  # words, not bytes
    said = {one["file"]: one["error"] for one in told["refused"]}
    assert said["page.png"].startswith(
        "page.png is not an image that Sorby reads: it is a web page"
    )
    assert "a ZIP archive" in said["deep.png"]
    assert names_of(study) == before and not mark.exists()


def test_a_child_that_takes_too_much_memory_is_refused(page, study, monkeypatch):
    monkeypatch.setattr("sorby.workflow.uploads.MEMORY_BYTES", 600_000_000)
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((20_000, 20_000), np.uint8), compression="zlib")
    parts = [("files", ("large.tif", stream.getvalue(), "image/tiff"))]
    answer = page.post("/api/images", files=parts)
    refused = answer.json().get("refused") or [answer.json()]
    assert "memory" in refused[0]["error"], answer.text
    assert page.get("/api/jobs").status_code == 200  # the server goes on


def test_a_project_file_from_elsewhere_leads_nowhere(page, study):
    """Paths inside a foreign database that lead out of its folder are refused."""
    import sqlite3

    with sqlite3.connect(study / "sorby.db") as database:
        database.execute("UPDATE mask SET path = '../../../etc/passwd'")
    answer = page.get("/api/project")
    assert answer.status_code == 409 and "leads out" in answer.json()["error"]


def test_twins_are_paired_by_name_and_one_is_added_later(page, study, lab):
    rng = np.random.default_rng(1)
    pair = [
        (f"Q1_{kind}.png", png_bytes(rng.integers(0, 255, (40, 50), dtype=np.uint8)))
        for kind in ("polished", "etched")
    ]
    assert upload(page, *pair) == {"added": ["Q1_polished"], "refused": []}
    rows = {row["name"]: row for row in page.get("/api/project").json()["fields"]}
    assert rows["Q1_polished"]["has_etched"]
    twin = ("any.png", png_bytes(lab.metal(50)[0]))
    assert upload(page, twin, etched_of="p1") == {"added": ["p1"], "refused": []}
    again = upload(page, twin, etched_of="p1")
    assert again["added"] == [] and "already" in again["refused"][0]["error"]
    small = upload(page, ("s.png", png_bytes(np.zeros((9, 9), np.uint8))), etched_of="p2")
    assert "same field" in small["refused"][0]["error"]
    unknown = page.post(
        "/api/images", files=[("files", ("a.png", b"x", "image/png"))], params={"etched_of": "no"}
    )
    assert unknown.status_code == 404


def test_the_same_image_and_the_same_name_are_refused(page, study, lab):
    told = upload(page, ("copy.png", png_bytes(lab.metal(0)[0])))
    same = told["refused"][0]["error"] if told["refused"] else ""
    fresh = upload(page, ("p0.png", png_bytes(lab.metal(77)[0])))
    assert "Rename" in fresh["refused"][0]["error"]
    again = upload(page, ("one.png", png_bytes(lab.metal(78)[0])))
    assert again["added"] == ["one"]
    twice = upload(page, ("two.png", png_bytes(lab.metal(78)[0])))
    assert "same image as 'one'" in twice["refused"][0]["error"]
    assert same == "" or "same image" in same


def test_the_sample_fills_an_empty_project_only(study):
    from sorby.core.errors import ProjectError

    with pytest.raises(ProjectError, match="for an empty one"):
        adding.add_sample(study)


def test_names_are_json_never_markup(page, study):
    name = "<img src=x onerror=alert(1)>.png"
    pixels = np.random.default_rng(5).integers(0, 255, (40, 50), dtype=np.uint8)
    (added,) = upload(page, (name, png_bytes(pixels)))["added"]
    assert "<" not in added
    answer = page.patch("/api/fields/p0", json={"specimen": "<script>alert(1)</script>"})
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.text)["specimen"] == "<script>alert(1)</script>"
