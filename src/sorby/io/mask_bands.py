"""Label PNGs of large fields, written and read a band of rows after the other."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sorby.core.files import atomic_path
from sorby.io.mask_palette import TAG, TAG_TEXT, palette

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_READ_BYTES = 1 << 20


def write_mask_bands(path: Path, shape: tuple[int, int], bands: Iterable[np.ndarray]) -> None:
    """Write a mask as `sorby.io.write_mask` does, without ever holding it.

    Parameters
    ----------
    path : Path
        File to write, with the suffix .png.
    shape : tuple of int
        (M, N) of the mask.
    bands : iterable of ndarray of shape (m, N), uint8
        Its rows from the top.

    Raises
    ------
    ProjectError
        If the disk refuses.
    """
    header = struct.pack(">IIBBBBB", shape[1], shape[0], 8, 3, 0, 0, 0)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.write(_SIGNATURE)
        _chunk(stream, b"IHDR", header)
        _chunk(stream, b"PLTE", bytes(palette()))
        _chunk(stream, b"tEXt", f"{TAG}\0{TAG_TEXT}".encode("latin-1"))
        packer = zlib.compressobj()
        for band in bands:
            lines = np.zeros((len(band), shape[1] + 1), np.uint8)  # each begins with its filter, 0
            lines[:, 1:] = band
            if packed := packer.compress(lines.tobytes()):
                _chunk(stream, b"IDAT", packed)
        _chunk(stream, b"IDAT", packer.flush())
        _chunk(stream, b"IEND", b"")


def _chunk(stream: BinaryIO, kind: bytes, content: bytes) -> None:
    stream.write(struct.pack(">I", len(content)) + kind + content)
    stream.write(struct.pack(">I", zlib.crc32(kind + content)))


def unfiltered_mask(path: Path) -> np.ndarray | None:
    """Pixels of a palette PNG whose rows are stored as they are, decoded into one array.

    Pillow holds such an image three times while it hands it over.

    Parameters
    ----------
    path : Path
        A PNG file that was checked.

    Returns
    -------
    ndarray of shape (M, N), uint8, or None
        None where the file is of another kind or damaged: let Pillow judge it.
    """
    with path.open("rb") as stream:
        head = stream.read(33)
        if len(head) < 33 or head[:8] != _SIGNATURE or head[24:29] != b"\x08\x03\x00\x00\x00":
            return None
        columns, rows = struct.unpack(">II", head[16:24])
        found, row, rest = np.empty((rows, columns), np.uint8), 0, b""
        try:
            for content in _inflated(stream):
                content = rest + content
                n = len(content) // (columns + 1)
                lines = np.frombuffer(content, np.uint8, n * (columns + 1)).reshape(n, columns + 1)
                if lines[:, 0].any() or row + n > rows:
                    return None
                found[row : row + n], row = lines[:, 1:], row + n
                rest = content[n * (columns + 1) :]
        except (struct.error, zlib.error):
            return None
    return found if row == rows and not rest else None


def _inflated(stream: BinaryIO) -> Iterator[bytes]:
    """Content of the image's chunks, some megabytes at a time."""
    unpacker = zlib.decompressobj()
    while True:
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind == b"IEND":
            return
        if kind != b"IDAT":
            stream.seek(length + 4, 1)
            continue
        crc = zlib.crc32(kind)
        while length:
            packed = stream.read(min(length, _READ_BYTES))
            if not packed:
                raise zlib.error("truncated")
            length, crc = length - len(packed), zlib.crc32(packed, crc)
            while packed:
                yield unpacker.decompress(packed, 4 * _READ_BYTES)
                packed = unpacker.unconsumed_tail
        if stream.read(4) != struct.pack(">I", crc):
            raise zlib.error("damaged")
