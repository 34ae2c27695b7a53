"""Correcting masks: pure operations on a mask, the defects in it, and a journal of gestures."""

from sorby.annotate.canvas import Canvas
from sorby.annotate.edit import (
    Patch,
    fill_holes,
    lasso_fill,
    merge,
    paint,
    put,
    set_piece,
    split,
)
from sorby.annotate.index import Change, DefectIndex, joined
from sorby.annotate.journal import UNDOABLE, redo_target, toggle, undo_target
from sorby.annotate.objects import STATES, Defect, Piece, Stamp, piece_at, pieces_in, scan
from sorby.annotate.queue import chosen, ordered

__all__ = [
    "STATES",
    "UNDOABLE",
    "Canvas",
    "Change",
    "Defect",
    "DefectIndex",
    "Patch",
    "Piece",
    "Stamp",
    "chosen",
    "fill_holes",
    "joined",
    "lasso_fill",
    "merge",
    "ordered",
    "paint",
    "piece_at",
    "pieces_in",
    "put",
    "redo_target",
    "scan",
    "set_piece",
    "split",
    "toggle",
    "undo_target",
]
