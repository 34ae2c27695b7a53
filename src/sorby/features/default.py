"""Which embedder the product uses."""

from __future__ import annotations

from sorby.learn.pretrained import has_weights


def default_embedder() -> str:
    """Name of the best embedder that can run here.

    Returns
    -------
    str
        "network" if the extra ``pretrained`` is installed, else "statistics".

    Examples
    --------
    >>> default_embedder() in ("network", "statistics")
    True
    """
    return "network" if has_weights() else "statistics"
