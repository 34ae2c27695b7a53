"""The paper's data from a server of our own: whole and right, or not there."""

import functools
import hashlib
import http.server
import os
import pickle
import socket
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sorby.cli import main
from sorby.core.errors import ProjectError, ReadError, SettingError
from sorby.io import is_sorby_mask, read_mask, read_micrograph
from sorby.workflow import fetch_paper
from sorby.workflow.fetching import PAPER_FILES, PaperFile
from sorby.workflow.patches import read_patches

PATHS = {
    "model": "Defect Detection/seg_model.pth",
    "classification": "Defect Classification/patches.pkl",
    "detection": "Defect Detection/fields.pkl",
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.content.get(self.path)
        if content is None:
            return self.send_error(404)
        self.send_response(200)
        if self.server.says_length:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: self.server.cut_at])
        return None

    def log_message(self, *values):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.content = [], {}
        running.cut_at, running.says_length = None, True
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def publish(server, tmp_path):
    """Put contents on the server; gives what fetches them."""

    def put(**contents):
        files = []
        for kind, content in contents.items():
            raw = content if isinstance(content, bytes) else pickle.dumps(content, 4)
            server.content["/" + PATHS[kind].replace(" ", "%20")] = raw
            digest = hashlib.sha256(raw).hexdigest()
            files.append(PaperFile(PATHS[kind], len(raw), digest, kind))
        url = f"http://127.0.0.1:{server.server_port}"
        return functools.partial(fetch_paper, tmp_path / "set", base_url=url, files=tuple(files))

    return put


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "set"


def objects(values):
    array = np.empty(len(values), object)
    for place, value in enumerate(values):
        array[place] = value
    return array


@pytest.fixture
def fields(rng):
    sizes = [(30, 40), (20, 25), (16, 16)]
    return SimpleNamespace(
        images=[rng.integers(0, 256, size, dtype=np.uint8) for size in sizes],
        masks=[(rng.random(size) < 0.2).astype(np.uint8) for size in sizes],
    )


def left_over(folder):
    return [p for p in folder.rglob("*") if p.is_file()]


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("hold", [list, objects], ids=["lists", "objects"])
@pytest.mark.parametrize("scale", [np.uint8(1), np.uint8(255), 1.0, True], ids=str)
def test_fields_of_different_sizes_become_images_and_masks(
    publish, folder, fields, protocol, hold, scale
):
    masks = [mask.astype(bool) if scale is True else mask * scale for mask in fields.masks]
    content = pickle.dumps({"images": hold(fields.images), "masks": hold(masks)}, protocol)
    answer = publish(detection=content)()
    assert answer["sets"]["detection"]["n_images"] == 3
    assert answer["notes"] == []
    for number, (image, mask) in enumerate(zip(fields.images, fields.masks, strict=True), start=1):
        name = f"field_{number:03d}.png"
        pixels = read_micrograph(folder / "detection" / "images" / name).pixels
        np.testing.assert_array_equal(pixels, image)
        path = folder / "detection" / "masks" / name
        assert is_sorby_mask(path)
        np.testing.assert_array_equal(read_mask(path), mask)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (lambda gray: gray, lambda gray: gray),
        (lambda gray: gray[..., None], lambda gray: gray),
        (lambda gray: np.repeat(gray[..., None], 3, axis=-1), lambda gray: gray),
        (lambda gray: gray / 255, lambda gray: gray),
        (lambda gray: gray.astype(np.int64), lambda gray: gray),
        (lambda gray: gray.astype(np.uint16) * 257, lambda gray: gray.astype(np.uint16) * 257),
    ],
    ids=["gray", "one channel", "RGB", "fractions", "int64", "uint16"],
)
def test_stacks_of_any_number_type_keep_their_gray_values(publish, folder, rng, stack, expected):
    gray = rng.integers(0, 256, (2, 12, 9), dtype=np.uint8)
    gray[:, 0, 0] = 255
    publish(detection={"images": stack(gray), "masks": gray > 128})()
    for number, image in enumerate(expected(gray), start=1):
        path = folder / "detection" / "images" / f"field_{number:03d}.png"
        np.testing.assert_array_equal(read_micrograph(path).pixels, image)


def test_masks_with_values_between_are_cut_at_half_and_that_is_said(publish, folder):
    mask = np.array([[0, 100, 128, 255]], np.uint8)
    answer = publish(detection={"images": [mask, mask], "masks": [mask, mask > 200]})()
    assert answer["notes"] == ["1 masks hold values between background and defect: cut at half."]
    assert read_mask(folder / "detection" / "masks" / "field_001.png").tolist() == [[0, 0, 1, 1]]


def test_a_mask_without_defect_is_all_background(publish, folder):
    empty = np.zeros((3, 4), np.uint8)
    publish(detection={"images": [empty], "masks": [empty]})()
    assert not read_mask(folder / "detection" / "masks" / "field_001.png").any()


def test_the_published_numbers_of_patches_name_their_classes(publish, folder, rng):
    images = rng.integers(0, 256, (197, 128, 128), dtype=np.uint8)
    labels = np.array([0] * 45 + [1] * 152)
    answer = publish(classification={"images": images, "labels": labels})()
    found = answer["sets"]["classification"]
    assert found["counts"] == {"lack_of_fusion": 45, "porosity": 152}
    patches, table = read_patches(folder / "classification")  # as sorby classify evaluate does
    np.testing.assert_array_equal(patches, images)
    assert table["label"].tolist() == ["lack_of_fusion"] * 45 + ["porosity"] * 152


@pytest.mark.parametrize(
    ("labels", "expected", "n_notes"),
    [
        (np.array([0, 1, 1]), ["class_0", "class_1", "class_1"], 1),
        ([np.int64(2), np.int64(2), np.int64(1)], ["class_2", "class_2", "class_1"], 1),
        (np.array([[1], [0], [1]]), ["class_1", "class_0", "class_1"], 1),
        (["pore", "crack", "pore"], ["pore", "crack", "pore"], 0),
    ],
)
def test_other_labels_are_kept_as_they_are(publish, folder, labels, expected, n_notes):
    images = np.zeros((3, 128, 128), np.uint8)
    answer = publish(classification={"images": images, "labels": labels})()
    assert read_patches(folder / "classification")[1]["label"].tolist() == expected
    assert len(answer["notes"]) == n_notes


def test_what_is_there_and_whole_is_not_fetched_again(publish, folder, server):
    fetch = publish(model=b"weights")
    assert fetch()["fetched"] == ["seg_model.pth"]
    assert (folder / "seg_model.pth").read_bytes() == b"weights"
    assert server.asked == ["/Defect%20Detection/seg_model.pth"]
    assert fetch()["fetched"] == []
    assert len(server.asked) == 1
    (folder / "downloads" / "seg_model.pth").write_bytes(b"damaged")
    assert fetch()["fetched"] == ["seg_model.pth"]
    assert (folder / "downloads" / "seg_model.pth").read_bytes() == b"weights"


def test_a_mask_that_a_person_corrected_is_left_alone(publish, folder, fields):
    fetch = publish(detection={"images": fields.images, "masks": fields.masks})
    fetch()
    corrected = folder / "detection" / "masks" / "field_002.png"
    corrected.write_bytes(b"mine")
    (folder / "detection" / "masks" / "field_003.png").unlink()
    fetch()
    assert corrected.read_bytes() == b"mine"
    assert (folder / "detection" / "masks" / "field_003.png").is_file()


def test_progress_is_told_by_the_megabyte(publish):
    told = []
    publish(model=bytes(2_500_000))(on_step=lambda *values, **more: told.append((*values, more)))
    assert told == [(n, 2, {"step": "fetch seg_model.pth"}) for n in (1, 2, 2)]


@pytest.mark.parametrize("says_length", [True, False])
@pytest.mark.parametrize("cut_at", [0, 100_000])
def test_a_cut_connection_leaves_nothing_and_the_next_run_goes_on(
    publish, folder, server, says_length, cut_at
):
    fetch = publish(model=bytes(500_000))
    server.cut_at, server.says_length = cut_at, says_length
    with pytest.raises(ReadError, match=r"of 500,000 bytes\).*run the same command again"):
        fetch()
    assert left_over(folder) == []
    server.cut_at, server.says_length = None, True
    assert fetch()["fetched"] == ["seg_model.pth"]


def test_files_fetched_before_the_cut_are_kept(publish, folder, server):
    fetch = publish(model=b"weights", detection=bytes(9))
    del server.content["/" + PATHS["detection"].replace(" ", "%20")]
    with pytest.raises(ReadError, match=r"fields\.pkl could not be fetched.*404"):
        fetch()
    assert left_over(folder) == [folder / "downloads" / "seg_model.pth"]


def test_another_file_under_the_same_name_is_refused(publish, folder, server):
    fetch = publish(model=b"weights")
    for other in (b"WEIGHTS", b"weights" * 100_000):
        server.content["/" + PATHS["model"].replace(" ", "%20")] = other
        with pytest.raises(ReadError, match=r"not the published file.*removed"):
            fetch()
        assert left_over(folder) == []


def test_a_server_that_is_not_there_is_named(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ReadError, match=rf"from {url}.*refused.*Check the connection"):
            fetch_paper(tmp_path / "set", base_url=url)
    assert left_over(tmp_path) == []


def test_a_full_disk_is_the_disks_fault_and_not_the_connections(publish, folder, monkeypatch):
    fetch = publish(model=b"weights")
    from sorby.workflow import fetching

    class Full(fetching._Measured):
        def __init__(self, stream, file, on_step):
            super().__init__(SimpleNamespace(write=self.fail), file, on_step)

        def fail(self, chunk):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "_Measured", Full)
    with pytest.raises(ProjectError, match="Free some space"):
        fetch()
    assert left_over(folder) == []


def test_without_pooch_the_extra_is_named(publish, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(SettingError, match=r"pip install 'sorby\[data\]'"):
        publish(model=b"weights")()


class Bomb:
    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return (os.mkdir, (str(self.place),))


@pytest.mark.parametrize("kind", ["detection", "classification"])
def test_a_file_that_wants_to_run_something_is_refused(publish, tmp_path, kind):
    place = tmp_path / "executed"
    with pytest.raises(ReadError, match=r"posix\.mkdir"):
        publish(**{kind: {"images": [np.eye(2)], "masks": Bomb(place), "labels": [0]}})()
    assert not place.exists()


IMAGE = np.zeros((3, 4), np.uint8)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([IMAGE], "list"),
        ({"images": [IMAGE]}, "images"),
        ({"images": [IMAGE], "masks": []}, "1 images and 0 masks"),
        ({"images": [], "masks": []}, "at least one"),
        ({"images": IMAGE[0, 0], "masks": [IMAGE]}, "no lists"),
        ({"images": 3, "masks": [IMAGE]}, "no lists"),
        ({"images": [IMAGE], "masks": [IMAGE.T]}, "equal"),
        ({"images": ["text"], "masks": [IMAGE]}, "image 1 of fields.pkl is a str"),
        ({"images": [IMAGE[None, None]], "masks": [IMAGE]}, "shape"),
        ({"images": [IMAGE - 1.0], "masks": [IMAGE]}, "0 to 65535"),
        ({"images": [IMAGE], "masks": [IMAGE * np.nan]}, "mask 1"),
        ({"images": [IMAGE[:0]], "masks": [IMAGE]}, "shape"),
    ],
)
def test_another_structure_is_refused_with_what_was_found(publish, content, said):
    with pytest.raises(ReadError, match=said):
        publish(detection=content)()


@pytest.mark.parametrize("labels", [[[0, 1]], [[1], [2, 3]], [None], [b"raw"]])
def test_labels_that_are_no_classes_are_refused(publish, labels):
    images = [IMAGE] * len(labels)
    with pytest.raises(ReadError, match="label"):
        publish(classification={"images": images, "labels": labels})()


def test_the_published_files_are_named_once_each():
    assert sorted(file.kind for file in PAPER_FILES) == ["classification", "detection", "model"]
    assert len({file.name for file in PAPER_FILES}) == 3
    assert all(len(file.sha256) == 64 and file.size > 10**6 for file in PAPER_FILES)


def test_the_command_says_what_came_and_where_it_is(publish, monkeypatch, capsys, fields):
    from sorby import workflow

    fetch = publish(model=b"weights", detection={"images": fields.images, "masks": fields.masks})
    monkeypatch.setattr(
        workflow, "fetch_paper", lambda to, on_step: fetch(on_step=on_step), raising=False
    )
    assert main(["data", "fetch", "paper", "--to", "set"]) == 0
    told = capsys.readouterr().out
    assert "Fetched seg_model.pth, fields.pkl." in told
    assert f"detection: 3 images in {Path(fetch.args[0]) / 'detection'}" in told
    assert main(["data", "fetch", "paper", "--to", "set"]) == 0
    assert "nothing: every file was there" in capsys.readouterr().out
