"""Where things lie in a project's folder.

::

    DIR/
    ├── sorby.db          fields, masks, labels, results, history
    ├── images/           copies, where the user asked for copies
    ├── masks/<field>/    0001.png, 0002.png, ... : versions, none is ever overwritten;
    │                     0002.probability.tif beside those that a model made
    ├── models/           0001.safetensors, ... : every model that was trained
    ├── cache/            what can be computed again: embeddings, checkpoints, ensembles
    └── results/          what a person opens: tables, process map, report
"""

from __future__ import annotations

from pathlib import Path

DATABASE = "sorby.db"
RESULTS = "results"


def copy_name(name: str, kind: str, suffix: str, sha256: str) -> str:
    """Relative path of a copied image.

    Parameters
    ----------
    name, kind : str
        Name of the field, and "polished" or "etched".
    suffix : str
        Of the original file.
    sha256 : str
        Hash of its content.

    Returns
    -------
    str
        Under ``images/``; the name is for people, the hash makes it unique.
    """
    return f"images/{name.replace('/', '_')}.{kind}.{sha256[:12]}{suffix.lower()}"


def mask_name(name: str, version: int) -> str:
    """Relative path of a version of a field's mask.

    Parameters
    ----------
    name : str
        Name of the field.
    version : int
        1, 2, ...

    Returns
    -------
    str
        Under ``masks/``.
    """
    return f"masks/{name}/{version:04d}.png"


def probability_name(name: str, version: int) -> str:
    """Relative path of the probability that a version of a field's mask was cut from."""
    return f"masks/{name}/{version:04d}.probability.tif"


def model_name(number: int) -> str:
    """Relative path of a model: under ``models/``."""
    return f"models/{number:04d}.safetensors"


def models_folder(folder: Path) -> Path:
    """Folder of the models, whose files are never overwritten."""
    return Path(folder) / "models"


def cache_folder(folder: Path) -> Path:
    """Folder of what can be computed again; removing it loses time, nothing else."""
    return Path(folder) / "cache"


def results_folder(folder: Path) -> Path:
    """Folder of the files a person opens."""
    return Path(folder) / RESULTS
