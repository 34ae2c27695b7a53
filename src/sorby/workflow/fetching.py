"""The paper's published data: fetched, checked against its hashes, turned into images.

The only place in Sorby that uses the network, and only when it is asked to. What comes down is
taken for hostile until its hash is right, and the pickles are read without running them.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from sorby.core.errors import ReadError, SettingError
from sorby.core.files import atomic_path, content_hash, inside
from sorby.core.progress import OnStep, silent

PAPER_URL = (
    "https://media.githubusercontent.com/media/"
    "MI-LAB-IITM/Semi_Automated_AM_Defect_Analysis_Framework/main"
)
"""Where the paper's repository keeps its large files."""

PAPER_CLASSES = {152: "porosity", 45: "lack_of_fusion"}
"""Classes of the published patches, known by how many there are of each; the file has numbers."""

_CHUNK = 2**16
_MEGABYTE = 10**6


@dataclass(frozen=True)
class PaperFile:
    """One published file.

    Attributes
    ----------
    path : str
        In the repository.
    size : int
        In bytes.
    sha256 : str
        64 hexadecimal digits.
    kind : {"detection", "classification", "model"}
        What it becomes.
    """

    path: str
    size: int
    sha256: str
    kind: Literal["detection", "classification", "model"]

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rsplit("/", 1)[-1]


PAPER_FILES = (
    PaperFile(
        "Defect Detection/seg_model.pth",
        2_418_278,
        "c52d9dbe9d3c8474fb627f04375d38d51099492a8feaafbd16c78953319135ef",
        "model",
    ),
    PaperFile(
        "Defect Classification/Classification_training_dataset.pkl",
        3_229_478,
        "790ff16a339ed60a1f23db139ac99f2a616c70a449e9463d9f2f0c71d7e5b628",
        "classification",
    ),
    PaperFile(
        "Defect Detection/SMILE_dataset.pkl",
        140_872_871,
        "92ba9fe72812d4bc35b8418a91d5648cb0c79d4fa6471d94f6c93ba5625ffc45",
        "detection",
    ),
)
"""The published files, the smallest first."""


def fetch_paper(
    folder: Path,
    *,
    on_step: OnStep = silent,
    base_url: str = PAPER_URL,
    files: Sequence[PaperFile] = PAPER_FILES,
) -> dict[str, Any]:
    """Fetch the paper's data sets and write them as images and tables.

    A file that is there with the right hash is not fetched again, and an image, mask or table
    that is there is left as it is: a fetch that was interrupted goes on.

    Parameters
    ----------
    folder : Path
        Gets ``downloads/`` (the files as published), ``detection/images``, ``detection/masks``,
        ``classification/images``, ``classification/labels.csv`` and ``seg_model.pth``.
    on_step : callable
        Told after each megabyte.
    base_url : str
        Where the files are, without the last slash.
    files : sequence of PaperFile
        What to fetch.

    Returns
    -------
    dict
        ``folder``, ``fetched`` (names), ``sets`` (by kind: ``path``, what is in it), ``notes``.

    Raises
    ------
    SettingError
        If pooch is not installed.
    ReadError
        If the server cannot be reached, breaks off or sends another file, or if a file holds
        anything but arrays.
    ProjectError
        If the disk refuses.

    Examples
    --------
    >>> fetch_paper(Path("paper"))["fetched"]  # doctest: +SKIP
    ['seg_model.pth', 'Classification_training_dataset.pkl', 'SMILE_dataset.pkl']
    """
    from sorby.workflow.running import named

    folder, fetched = Path(folder), []
    places = {file: inside(folder / "downloads", file.name) for file in files}
    for file, place in places.items():
        if not _is_whole(place, file):
            _fetch(file, place, base_url, named(on_step, f"fetch {file.name}"))
            fetched.append(file.name)
    sets, notes = {}, []
    for file, place in places.items():
        sets[file.kind], remarks = _WRITERS[file.kind](place, folder)
        notes += remarks
    return {"folder": str(folder), "fetched": fetched, "sets": sets, "notes": notes}


def _is_whole(place: Path, file: PaperFile) -> bool:
    return (
        place.is_file() and place.stat().st_size == file.size and content_hash(place) == file.sha256
    )


class _Measured:
    """Stream that counts what is written, refuses more than announced, keeps the disk's error."""

    def __init__(self, stream: BinaryIO, file: PaperFile, on_step: OnStep) -> None:
        self.stream, self.file, self.on_step = stream, file, on_step
        self.written = 0
        self.disk_error: OSError | None = None

    def write(self, chunk: bytes) -> None:
        before, self.written = self.written, self.written + len(chunk)
        if self.written > self.file.size:
            raise ReadError(_other_file(self.file, f"more than {self.file.size:,} bytes"))
        try:
            self.stream.write(chunk)
        except OSError as error:
            self.disk_error = error
            raise
        if self.written // _MEGABYTE > before // _MEGABYTE or self.written == self.file.size:
            self.on_step(self.written // _MEGABYTE, self.file.size // _MEGABYTE)

    def flush(self) -> None:
        """Leave it to the end: pooch asks after every chunk."""


def _fetch(file: PaperFile, place: Path, base_url: str, on_step: OnStep) -> None:
    """Fetch one file; it is there whole and right, or not at all."""
    download = _downloader()
    url = f"{base_url}/{file.path.replace(' ', '%20')}"
    with atomic_path(place) as temporary:
        with temporary.open("wb") as stream:
            measured = _Measured(stream, file, on_step)
            try:
                download(url, measured, None)
            except ReadError:
                raise
            except Exception as error:
                if error is measured.disk_error:
                    raise
                raise ReadError(_cut_off(file, url, measured.written, error)) from error
        if measured.written != file.size:
            raise ReadError(_cut_off(file, url, measured.written, EOFError("it ended early")))
        found = content_hash(temporary)
        if found != file.sha256:
            raise ReadError(_other_file(file, f"a file with the hash {found[:12]}..."))


def _downloader() -> Callable[..., Any]:
    try:
        from pooch import HTTPDownloader
    except ImportError as error:
        raise SettingError(
            "Fetching needs the package pooch, which is not installed. "
            "Run: pip install 'sorby[data]'"
        ) from error
    return HTTPDownloader(progressbar=False, chunk_size=_CHUNK, timeout=30)


def _cut_off(file: PaperFile, url: str, written: int, error: BaseException) -> str:
    while error.__cause__ or error.__context__:  # the first cause says it in the fewest words
        error = error.__cause__ or error.__context__ or error
    said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return (
        f"{file.name} could not be fetched from {url}: {said} (after {written:,} of "
        f"{file.size:,} bytes). Nothing half-written was kept. Check the connection and run the "
        "same command again: files that are whole are not fetched twice."
    )


def _other_file(file: PaperFile, found: str) -> str:
    return (
        f"{file.name}: the server sent {found}, not the published file of {file.size:,} bytes "
        f"({file.sha256[:12]}...). It was removed. Try again; if it happens again, the published "
        "file has changed or something on the way alters it, and this Sorby does not know it."
    )


def _write_model(place: Path, folder: Path) -> tuple[dict[str, Any], list[str]]:
    path = folder / "seg_model.pth"
    if not path.is_file() or content_hash(path) != content_hash(place):
        with atomic_path(path) as temporary:
            shutil.copyfile(place, temporary)
    return {"path": str(path)}, []


def _write_detection(place: Path, folder: Path) -> tuple[dict[str, Any], list[str]]:
    from sorby.io import write_mask, write_micrograph

    images, masks = _columns(place, "images", "masks")
    target, between = folder / "detection", 0
    for number, (image, mask) in enumerate(zip(images, masks, strict=True), start=1):
        name = f"field_{number:03d}.png"
        pixels = _gray(image, f"image {number} of {place.name}")
        defect, is_blurred = _defect(mask, f"mask {number} of {place.name}")
        if defect.shape != pixels.shape:
            raise ReadError(
                f"{place.name}: image {number} is {pixels.shape} and its mask {defect.shape} "
                "(rows, columns). They must be equal: the file is not the published one."
            )
        between += is_blurred
        _unless_there(target / "images" / name, write_micrograph, pixels)
        _unless_there(target / "masks" / name, write_mask, defect)
    notes = [f"{between} masks hold values between background and defect: cut at half."]
    return {"path": str(target), "n_images": len(images)}, notes if between else []


def _write_classification(place: Path, folder: Path) -> tuple[dict[str, Any], list[str]]:
    from sorby.io import write_micrograph

    patches, labels = _columns(place, "images", "labels")
    classes, notes = _class_names(labels, place.name)
    target, rows = folder / "classification", []
    for number, (patch, label) in enumerate(zip(patches, classes, strict=True), start=1):
        name = f"patch_{number:03d}.png"
        pixels = _gray(patch, f"image {number} of {place.name}")
        _unless_there(target / "images" / name, write_micrograph, pixels)
        rows.append((name, label))
    _unless_there(target / "labels.csv", _write_labels, rows)
    counts = dict(sorted(Counter(classes).items()))
    return {"path": str(target), "n_images": len(patches), "counts": counts}, notes


_WRITERS: dict[str, Callable[[Path, Path], tuple[dict[str, Any], list[str]]]] = {
    "model": _write_model,
    "detection": _write_detection,
    "classification": _write_classification,
}


def _unless_there(path: Path, write: Callable[[Path, Any], None], content: Any) -> None:
    """Write a file that is not there: what a person changed since stays."""
    if not path.exists():
        write(path, content)


def _write_labels(path: Path, rows: list[tuple[str, str]]) -> None:
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        csv.writer(stream, lineterminator="\n").writerows([("file", "label"), *rows])


def _columns(place: Path, first: str, second: str) -> tuple[Any, Any]:
    """Two entries of equal length of a pickled dict."""
    from sorby.io.legacy import read_pickled_arrays

    found = read_pickled_arrays(place)
    if not isinstance(found, dict) or not {first, second} <= set(found):
        held = sorted(map(str, found))[:5] if isinstance(found, dict) else type(found).__name__
        raise ReadError(
            f"{place.name} holds {held}. Needed is a dict with {first!r} and {second!r}: "
            "it is not the published file. Delete it and fetch again."
        )
    columns = found[first], found[second]
    if not all(isinstance(c, list | tuple) or getattr(c, "shape", ()) for c in columns):
        raise ReadError(f"{place.name}: {first} and {second} are no lists. Fetch the file again.")
    if len(columns[0]) != len(columns[1]) or not len(columns[0]):
        raise ReadError(
            f"{place.name} holds {len(columns[0])} {first} and {len(columns[1])} {second}. "
            "They must be as many, and at least one: delete the file and fetch it again."
        )
    return columns


def _numbers(values: Any, what: str) -> np.ndarray:
    """Gray values from 0 up, as uint8, uint16 or float32."""
    from sorby.io.gray import gray_values

    array = np.asarray(values) if isinstance(values, np.ndarray) else np.empty(0, object)
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf" or not array.size:
        raise ReadError(
            f"{what} is a {type(values).__name__} of type {array.dtype} and shape {array.shape}. "
            "Needed is an array of numbers, (rows, columns) or (rows, columns, channels)."
        )
    gray = gray_values(array, Path(what))
    if gray.min() < 0 or gray.max() > 65535:
        raise ReadError(f"{what} has values from {gray.min():g} to {gray.max():g}; 0 to 65535 fit.")
    return gray


def _gray(values: Any, what: str) -> np.ndarray:
    """Image as uint8 or uint16; floats up to 1 are fractions of white."""
    gray = _numbers(values, what)
    if gray.dtype in (np.uint8, np.uint16):
        return gray
    top = gray.max()
    is_fraction = top <= 1 and np.asarray(values).dtype.kind == "f"
    scaled = np.rint(gray * 255) if is_fraction else np.rint(gray)
    return scaled.astype(np.uint8 if top <= 255 else np.uint16)


def _defect(values: Any, what: str) -> tuple[np.ndarray, bool]:
    """Mask of 0 and 1, and whether there were values between."""
    gray = _numbers(values, what)
    top = gray.max()
    is_blurred = bool(((gray != 0) & (gray != top)).any())
    defect = (gray > top / 2) if top else np.zeros(gray.shape, bool)
    return defect.astype(np.uint8), is_blurred


def _class_names(labels: Any, name: str) -> tuple[list[str], list[str]]:
    """Class of each patch as text, and what had to be assumed."""
    from sorby.io.limits import decoding

    with decoding(Path(name), "labels of patches"):
        array = np.asarray(labels).reshape(len(labels), -1)
    if array.shape[1] != 1 or array.dtype.kind not in "biufU":
        raise ReadError(
            f"{name}: its labels are of type {array.dtype} and shape {np.shape(labels)}. "
            "Needed is one number or word a patch: delete the file and fetch it again."
        )
    texts = [str(label) for label in array[:, 0].tolist()]
    counts = Counter(texts)
    if array.dtype.kind == "U":
        return texts, []
    if sorted(counts.values()) == sorted(PAPER_CLASSES):
        return [PAPER_CLASSES[counts[text]] for text in texts], []
    note = f"{name} numbers its classes without naming them: they are called class_0, class_1, ..."
    return [f"class_{text}" for text in texts], [note]
