"""What a file may ask for before it is decoded, and how a damaged one is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sorby.core.errors import ReadError, SorbyError

MAX_PIXELS = 500_000_000
"""Most pixels of one image: 20,000 x 20,000 passes, a decompression bomb does not."""

MAX_DECODED_BYTES = 4 * 1024**3
"""Most bytes that one image may occupy once decoded, all channels counted."""

_BYTES = re.compile(r"""\s*\((?:chunk )?b(['"]).*?\1(?:\.\.\.)?\)|(?:,?\s*\w+=|\s*)b(['"]).*?\2""")
"""Raw bytes in a library's message: they tell a person nothing."""


def check_size(path: Path, *, height: int, width: int, bytes_per_pixel: float) -> None:
    """Refuse an image by what its header claims, before any pixel is decoded.

    Parameters
    ----------
    path : Path
        Named in the message.
    height, width : int
        Size that the header claims, in px.
    bytes_per_pixel : float
        Bytes of one decoded pixel, all channels counted.

    Raises
    ------
    ReadError
        If the image is empty or larger than `MAX_PIXELS` or `MAX_DECODED_BYTES`.

    Examples
    --------
    >>> check_size(Path("mosaic.tif"), height=20_000, width=20_000, bytes_per_pixel=3)
    """
    if height < 1 or width < 1:
        raise ReadError(
            f"{path} says it is {width} x {height} px: it holds no image. "
            "The file is damaged: export it again."
        )
    pixels, size = height * width, height * width * bytes_per_pixel
    if pixels > MAX_PIXELS or size > MAX_DECODED_BYTES:
        raise ReadError(
            f"{path} says it is {width} x {height} px ({pixels / 1e6:,.0f} Mpx, "
            f"{size / 1024**3:.1f} GiB decoded). At most {MAX_PIXELS / 1e6:,.0f} Mpx and "
            f"{MAX_DECODED_BYTES / 1024**3:.0f} GiB are read. "
            "Cut it into fields or export it smaller; if it is not that large, it is damaged."
        )


def checked_file(path: Path) -> Path:
    """Path of a regular file that holds something.

    Parameters
    ----------
    path : Path
        What the user named.

    Returns
    -------
    Path
        The same, as a Path.

    Raises
    ------
    ReadError
        If it is missing, a folder, a device, not allowed, or empty.
    """
    path = Path(path)
    try:
        if not path.exists():
            raise ReadError(f"{path} does not exist. Check the spelling and the folder.")
        if path.is_dir():
            raise ReadError(f"{path} is a folder; one file is needed. Name a file in it.")
        if not path.is_file():
            raise ReadError(f"{path} is not a regular file. Copy it to a folder first.")
        if path.stat().st_size == 0:
            raise ReadError(f"{path} is empty (0 bytes). Copy or export it again.")
    except (OSError, ValueError) as error:
        raise ReadError(f"{path!s} cannot be looked at: {error}. Check its name.") from error
    return path


@contextmanager
def decoding(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a decoder raises on a damaged file into a ReadError.

    Decoders fed with damaged files raise almost anything (struct.error, KeyError, SyntaxError);
    this is the one place where all of it is caught.

    Parameters
    ----------
    path : Path
        Named in the message.
    what : str
        What the file is taken for, with its article ("a PNG image").

    Raises
    ------
    ReadError
        In place of any exception that is not a SorbyError.
    """
    try:
        yield
    except SorbyError:
        raise
    except MemoryError as error:
        raise ReadError(
            f"{path} needs more memory than is free. Close other programs, "
            "cut it into fields or export it smaller."
        ) from error
    except Exception as error:
        found = str(error).strip().splitlines()[:1] or [type(error).__name__]
        words = _BYTES.sub("", found[0]).strip()[:200]
        raise ReadError(
            f"{path} cannot be read as {what}: {words}. "
            "The file is truncated, damaged or of an unusual kind: "
            "copy it again, or open and save it as an uncompressed TIFF."
        ) from error
