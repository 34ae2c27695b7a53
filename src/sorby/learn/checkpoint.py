"""Model files: arrays in safetensors with the model card as JSON in the header.

Reading one never executes anything: the format holds raw numbers and text only, and every other
kind of file (pickles above all) is refused. A card is text written by a stranger: show it
escaped, act on none of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sorby.core.errors import ModelError
from sorby.core.files import atomic_path
from sorby.core.records import ModelCard

_CARD = "sorby_card"


def save_checkpoint(path: Path, arrays: Mapping[str, Any], card: ModelCard) -> None:
    """Write arrays and their card as one safetensors file, whole or not at all.

    Parameters
    ----------
    path : Path
        The file to write, usually ``*.safetensors``.
    arrays : mapping of str to ndarray or CPU tensor
        What the model needs, by name. Not objects.
    card : ModelCard
        Goes into the file's header as JSON.

    Raises
    ------
    ModelError
        If an array holds objects, or the card is not plain JSON.
    ProjectError
        If the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> save_checkpoint(path, {"weights": np.eye(2)}, ModelCard("two", "demo", ("a", "b")))
    >>> arrays, card = load_checkpoint(path)
    >>> arrays["weights"].shape, card.classes
    ((2, 2), ('a', 'b'))
    """
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.kind not in "fiub":
            raise ModelError(
                f"Array {name!r} is of type {array.dtype}. A model file holds numbers only: "
                "convert it to a numeric array, text belongs in the card."
            )
    try:
        text = json.dumps(asdict(card), ensure_ascii=False, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"The card of {card.name!r} is not plain JSON ({error}). "
            "Use text, finite numbers, lists and dicts."
        ) from error
    with atomic_path(Path(path)) as temporary:
        temporary.write_bytes(save(plain, metadata={_CARD: text}))


def load_checkpoint(path: Path) -> tuple[dict[str, np.ndarray], ModelCard]:
    """Read a model file without executing anything.

    Parameters
    ----------
    path : Path
        A safetensors file with a Sorby card.

    Returns
    -------
    arrays : dict of str to ndarray
        The arrays, by name.
    card : ModelCard
        The card; its text is not to be trusted.

    Raises
    ------
    ModelError
        If the file is missing, damaged, no safetensors file, or has no valid card.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path} is not a file. Give the path of a model saved by Sorby.")
    try:
        with safe_open(path, framework="numpy") as stream:
            metadata = stream.metadata() or {}
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path.name} is not a whole safetensors file ({error}). Sorby reads no other kind "
            "of model file, pickles least of all. Choose a model saved by Sorby, or copy it again."
        ) from error
    return arrays, _card_from_json(metadata.get(_CARD, ""), path.name)


def _card_from_json(text: str, name: str) -> ModelCard:
    kinds = {field.name: field.type for field in fields(ModelCard)}
    try:
        entries = json.loads(text)
        if set(entries) != set(kinds):
            raise ValueError(f"its entries are {sorted(entries)}")
        for key, kind in kinds.items():
            _check_entry(key, str(kind), entries[key])
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelError(
            f"{name} has no valid Sorby model card ({error}). Choose a model saved by Sorby."
        ) from error
    return ModelCard(**{**entries, "classes": tuple(entries["classes"])})


def _check_entry(key: str, kind: str, value: object) -> None:
    if kind.startswith("tuple"):
        valid = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif kind == "str":
        valid = isinstance(value, str)
    elif kind == "dict[str, str]":
        valid = isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    else:
        valid = isinstance(value, dict)
    if not valid:
        raise ValueError(f"entry {key!r} is not {kind}")
