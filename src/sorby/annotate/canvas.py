"""A mask under review with the defects in it: they change together, or not at all."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sorby.annotate.boxes import slices, united
from sorby.annotate.edit import Patch, set_piece
from sorby.annotate.index import Change, Confidence, DefectIndex, joined
from sorby.annotate.journal import boxes_of, decode, difference, encode
from sorby.annotate.objects import CONFIDENCE_STEPS, Defect, Piece, Stamp, counted, piece_at
from sorby.core.records import IGNORE

_STRIP_PX = 1 << 22
_NORMAL_95 = 1.96


class Canvas:
    """A mask, its defects, and what the gesture that is being made has changed so far.

    Parameters
    ----------
    mask : ndarray of shape (M, N), uint8
        Changed in place from now on.
    confidence : callable
        See `DefectIndex`.
    """

    def __init__(self, mask: np.ndarray, confidence: Confidence) -> None:
        self.mask = mask
        self.index = DefectIndex(confidence)
        self.counts = np.zeros(256, np.int64)
        self._differences: list[Patch] = []
        self._changes: list[Change] = []
        rows = max(1, _STRIP_PX // max(1, mask.shape[1]))
        for top in range(0, mask.shape[0], rows):
            self.counts += counted(mask[top : top + rows])

    # ------------------------------------------------------------------ one gesture

    def paint(
        self,
        patch: Patch | None,
        stamp: Stamp,
        *,
        fresh: Defect | None = None,
        model: str | None = None,
    ) -> None:
        """Put a patch into the mask; see `DefectIndex.paint`."""
        if patch is None:
            return
        self._note(patch)
        self._changes.append(self.index.paint(self.mask, patch, stamp, fresh=fresh, model=model))

    def take_away(self, defects: Iterable[Defect], value: int, stamp: Stamp) -> None:
        """Delete defects (value 0) or ignore their pixels (255); they become ghosts."""
        state = "ignored" if value == IGNORE else "rejected"
        for defect in defects:
            piece = self.piece(defect)
            patch = set_piece(self.mask, piece, value)
            if patch is None:
                continue
            self._note(patch)
            self.mask[slices(patch.box)] = patch.values
            ghost = defect.ghost(piece.inside, state, stamp.author, stamp.time)
            self.change(Change((defect,), (ghost,)))

    def restate(self, defects: Iterable[Defect], state: str, stamp: Stamp) -> None:
        """Give defects another state; their pixels stay."""
        before = tuple(defect for defect in defects if defect.state != state)
        after = tuple(
            replace(defect, state=state, author=stamp.author, time=stamp.time) for defect in before
        )
        self.change(Change(before, after))

    def turn(self, entry: bytes, change: Change) -> None:
        """Do a recorded gesture, or undo it with the change reversed."""
        for part in decode(entry):
            self._note_values(part, self.mask[slices(part.box)] ^ part.values)
            self.mask[slices(part.box)] ^= part.values
        self.change(change)

    @property
    def is_changed(self) -> bool:
        """Whether anything changed since the last finish."""
        return bool(self._differences) or any(c.before or c.after for c in self._changes)

    def piece(self, defect: Defect) -> Piece:
        """Pixels of a defect of the mask."""
        found = piece_at(self.mask, defect.point, margin=max(8, *_reach(defect)))
        assert found is not None  # the index follows every patch
        return found

    def change(self, change: Change) -> None:
        """Change defects; their pixels stay."""
        self.index.apply(change)
        self._changes.append(change)

    def _note(self, patch: Patch) -> None:
        self._note_values(difference(self.mask, patch), patch.values)

    def _note_values(self, part: Patch, values: np.ndarray) -> None:
        old = self.mask[slices(part.box)]
        self.counts += counted(values) - counted(old)
        self._differences.append(part)

    # ------------------------------------------------------------------ its end

    def finish(self) -> tuple[bytes, Change]:
        """Journal entry and change of the defects since the last finish."""
        made = encode(self._differences), joined(self._changes)
        self._differences, self._changes = [], []
        return made

    def take_back(self) -> None:
        """Undo all since the last finish."""
        entry, change = self.finish()
        self.turn(entry, change.reversed())
        self.finish()

    # ------------------------------------------------------------------ what the page is told

    def patch_of(self, entry: bytes) -> dict[str, Any] | None:
        """Pixels as they are now in the smallest box around all that an entry touches."""
        boxes = boxes_of(entry)
        if not boxes:
            return None
        box = united(boxes)
        values = zlib.compress(np.ascontiguousarray(self.mask[slices(box)]).tobytes(), 1)
        return {"box": list(box), "values": base64.b64encode(values).decode()}

    def porosity(self) -> dict[str, float]:
        """Share of defect pixels, and how far it may fall by what is not verified.

        ``fraction`` counts the mask as it is. ``low`` counts verified defects fully and the
        others by their confidence, less 1.96 standard deviations; ``high`` is the upper end of
        the same interval and never below ``fraction``. Defects that nobody and nothing has found
        are in neither.
        """
        n_valid = int(self.counts.sum() - self.counts[IGNORE])
        n_defect = int(self.counts[1:IGNORE].sum())
        sums = self.index.sums
        expected = sums.verified + sums.expected / CONFIDENCE_STEPS
        spread = _NORMAL_95 * math.sqrt(sums.variance) / CONFIDENCE_STEPS
        least = min(n_defect, max(sums.verified, expected - spread))
        most = max(n_defect, min(sums.area, expected + spread))
        scale = 1 / n_valid if n_valid else 0.0
        return {"fraction": n_defect * scale, "low": least * scale, "high": most * scale}


def _reach(defect: Defect) -> Sequence[int]:
    row, column = defect.point
    box = defect.box
    return row - box[0] + 1, box[2] - row + 1, column - box[1] + 1, box[3] - column + 1
