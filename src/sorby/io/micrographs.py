"""Reading one micrograph from a file of any known format, and listing files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sorby.core.errors import ReadError
from sorby.core.records import Micrograph
from sorby.io import READERS
from sorby.io.limits import checked_file

SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)
"""First bytes of a file, and the reader they call for."""

FOREIGN = (
    (b"%PDF", "is a PDF"),
    (b"PK\x03\x04", "is a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "is an old office document or a microscope's own format"),
    (b"GIF8", "is a GIF picture"),
    (b"RIFF", "is a WebP picture, a sound or a film"),
    (b"\x00\x00\x00\x0cjP  ", "is a JPEG 2000 picture"),
    (b"<", "is a web page, an SVG drawing or XML"),
    (b"\x1f\x8b", "is a gzip archive"),
    (b"\x7fELF", "is a program"),
    (b"MZ", "is a program"),
    (b"SQLite", "is a database"),
)
"""First bytes of files that people take for images, and what they are."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
"""Suffixes that mark an image when a folder is searched."""


def read_micrograph(
    path: Path | str, *, page: int = 0, um_per_px: float | None = None
) -> Micrograph:
    """Read a micrograph and its scale from a file.

    The content decides the format, not the suffix; a plug-in's format goes by its suffix.

    Parameters
    ----------
    path : Path or str
        PNG, JPEG, BMP or TIFF file, or one that a plug-in reads.
    page : int
        Page of a multi-page TIFF, from 0.
    um_per_px : float or None
        Edge length of a pixel in µm. It wins over whatever the file says.

    Returns
    -------
    Micrograph
        Gray values as recorded, uint8, uint16 or float32; colour becomes luminance, alpha is
        dropped. ``pixel_size`` is None where neither the caller nor the file knows it. Large
        uncompressed TIFF images are memory-mapped, read-only.

    Raises
    ------
    ReadError
        If the file is missing, empty, damaged, too large or not an image.
    ScaleError
        If `um_per_px` is impossible, or it is not given and the file's pixels are not square.
    SettingError
        If the page does not exist.

    Examples
    --------
    >>> read_micrograph("field_01.tif", um_per_px=0.65).um_per_px  # doctest: +SKIP
    0.65
    """
    path = checked_file(Path(path))
    return READERS[format_of(path)](path, page=page, um_per_px=um_per_px)


def format_of(path: Path) -> str:
    """Name of the reader that a file calls for.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    str
        A name in `READERS`.

    Raises
    ------
    ReadError
        If neither the first bytes nor the suffix belong to a known format.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise ReadError(
            f"{path} cannot be opened: {error.strerror or error}. Check its permissions."
        ) from error
    suffix = path.suffix.lower().removeprefix(".")
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    if suffix in READERS and suffix not in {name for _, name in SIGNATURES}:
        return suffix
    raise ReadError(
        f"{path} is not an image that Sorby reads: it {_looks_like(head)}. "
        f"Formats: {', '.join(READERS)}. Export it as TIFF or PNG."
    )


def _looks_like(head: bytes) -> str:
    """What a file is by its first bytes, in words of people."""
    for signature, words in FOREIGN:
        if head.startswith(signature):
            return words
    if not head:
        return "is empty"
    is_text = all(byte >= 32 or byte in b"\t\n\r" for byte in head)
    return "holds text" if is_text else "holds something else, whatever its name says"


def count_pages(path: Path | str) -> int:
    """Number of pages of an image file.

    Parameters
    ----------
    path : Path or str
        An image file.

    Returns
    -------
    int
        1 for everything but multi-page TIFF.

    Raises
    ------
    ReadError
        If the file is missing, damaged or not an image.
    """
    path = checked_file(Path(path))
    if format_of(path) != "tiff":
        return 1
    from sorby.io.tiff import count_tiff_pages

    return count_tiff_pages(path)


def micrograph_paths(paths: Iterable[Path | str]) -> list[Path]:
    """Image files that files and folders stand for.

    Parameters
    ----------
    paths : iterable of Path or str
        Files are taken as they are, whatever their suffix; folders give the image files directly
        in them (by suffix, hidden files left out), sorted by name.

    Returns
    -------
    list of Path
        In the order given, each file once.

    Raises
    ------
    ReadError
        If a path does not exist or a folder holds no image.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if not path.is_dir():
            found[checked_file(path)] = None
            continue
        inside = sorted(p for p in path.iterdir() if _looks_like_image(p))
        if not inside:
            raise ReadError(
                f"{path} holds no image ({', '.join(SUFFIXES)}). "
                "Name the folder that holds the images; folders within it are not searched."
            )
        found.update(dict.fromkeys(inside))
    return list(found)


def _looks_like_image(path: Path) -> bool:
    suffix = path.suffix.lower()
    known = suffix in SUFFIXES or suffix.removeprefix(".") in READERS
    return known and not path.name.startswith(".") and path.is_file()
