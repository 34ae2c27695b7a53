"""Map of the images by likeness: where the pool lies, and which images were picked when."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from sorby.core.errors import SettingError
from sorby.report import style

_WIDTH_MM = 120.0
_MAP_MM = (116.0, 74.0)
_LEGEND_LINE_MM, _CAPTION_MM, _COLUMNS = 4.2, 4.6, 6
_NAME_MM = (14.0, 2.8)
_DISC_MM = 3.1
_NO_CLUSTER = -1
_NEEDED = ("image", "x", "y", "cluster", "role", "round")
_ROLES = ("pool", "labelled", "test")

_FILLS = ("#77AADD", "#EE9977", "#44BB99", "#DDCC66", "#DDA3C0", "#AAAA55", "#99CCEE", "#BBBBBB")
_EDGES = ("#2F6699", "#A3492A", "#1C7058", "#857413", "#8F4C6C", "#5F5F1D", "#3F7D9E", "#6A6A6A")
_MARKERS = ("o", "s", "^", "D", "v", "P", "h", "X")
_UNGROUPED = ("#d5d9dd", "#83898f", "o")


def embedding_figure(
    points: pd.DataFrame, *, method: str = "t-SNE", synthetic: bool = False
) -> Figure:
    """Map of the images: alike ones lie together, picked ones carry the number of their round.

    Clusters differ in colour and in marker; images of the test set are hollow. Picks that would
    cover one another are moved apart, with a hairline to where they belong.

    Parameters
    ----------
    points : DataFrame
        One row an image: ``image``, ``x``, ``y`` (place on the map, no unit), ``cluster``
        (int; -1 none), ``role`` ("pool", "labelled" or "test"), ``round`` (the round in which
        the image was picked, else missing).
    method : str
        How the map was made, for the words under it.
    synthetic : bool
        Whether the images come from a generator: the figure is then marked.

    Returns
    -------
    matplotlib.figure.Figure
        120 mm wide. Picks have the ``gid`` ``pick``.

    Raises
    ------
    SettingError
        If the table lacks a column or names another role.

    Examples
    --------
    >>> points = pd.DataFrame(
    ...     {"image": ["a", "b"], "x": [0.0, 1.0], "y": [0.0, 2.0], "cluster": 0,
    ...      "role": ["pool", "labelled"], "round": [None, 1]})
    >>> figure = embedding_figure(points)
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "pick"]
    ['1']
    """
    _check(points)
    points = points[points["x"].notna() & points["y"].notna()]
    with style.house_style():
        clusters, roles = _cluster_handles(points), _role_handles(points)
        n_lines = 1 + math.ceil(len(clusters) / _COLUMNS)
        below = n_lines * _LEGEND_LINE_MM + _CAPTION_MM + 1.0
        height = _MAP_MM[1] + below + 2
        figure = style.new_figure(_WIDTH_MM, height)
        axes = figure.add_axes(
            (2 / _WIDTH_MM, below / height, _MAP_MM[0] / _WIDTH_MM, _MAP_MM[1] / height)
        )
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, color="#c3c8cd")
        if points.empty:
            style.say(axes, "No image has a place on the map.")
        else:
            _draw(axes, points)
        _write_below(figure, clusters, roles, method, height)
        if synthetic:
            style.watermark(figure)
    return figure


def _check(points: pd.DataFrame) -> None:
    missing = [name for name in _NEEDED if name not in points]
    if missing:
        raise SettingError(
            f"The table of the map has no column {', '.join(missing)}. It needs "
            f"{', '.join(_NEEDED)}: one row an image."
        )
    others = sorted(set(points["role"].astype(str)) - set(_ROLES))
    if others:
        raise SettingError(
            f"Images of the map have the role {', '.join(others)}. A role is one of: "
            f"{', '.join(_ROLES)}."
        )


def _look(cluster: int) -> tuple[str, str, str]:
    """Fill, edge and marker of a cluster."""
    if cluster == _NO_CLUSTER:
        return _UNGROUPED
    turn = cluster % len(_FILLS)
    return _FILLS[turn], _EDGES[turn], _MARKERS[turn]


def _is_pick(points: pd.DataFrame) -> pd.Series:
    return points["round"].notna() & (points["role"] != "test")


def _is_labelled_before(points: pd.DataFrame) -> pd.Series:
    return (points["role"] == "labelled") & points["round"].isna()


def _draw(axes: Axes, points: pd.DataFrame) -> None:
    mm = _frame(axes, points)
    picks, before = _is_pick(points), _is_labelled_before(points)
    rest = points[~picks & ~before]
    for _, rows in rest.groupby(["role", "cluster"]):
        role, cluster = str(rows["role"].iloc[0]), int(rows["cluster"].iloc[0])
        fill, edge, marker = _look(cluster)
        axes.plot(
            rows["x"],
            rows["y"],
            linestyle="none",
            marker=marker,
            ms=4.6,
            mfc="none" if role == "test" else fill,
            mec=edge,
            mew=0.9 if role == "test" else 0.5,
            zorder=2.5 if role == "test" else 2,
            gid=f"{role}:{cluster}",
        )
    axes.plot(
        points.loc[before, "x"],
        points.loc[before, "y"],
        linestyle="none",
        marker="o",
        ms=5.5,
        mfc=style.INK,
        mec="white",
        mew=0.6,
        zorder=3,
        gid="labelled-before",
    )
    _name_clusters(axes, points, mm)
    _picks(axes, points[picks].sort_values("round", kind="stable"), mm)


def _frame(axes: Axes, points: pd.DataFrame) -> float:
    """Set equal scales that fill the frame; returns the map's units in a millimetre."""
    places = points[["x", "y"]].to_numpy(float)
    low, high = places.min(axis=0), places.max(axis=0)
    size = np.array(_MAP_MM) - 4 * _DISC_MM
    mm = float(np.max((high - low) / size)) or 1.0 / size.min()
    half = mm * np.array(_MAP_MM) / 2
    middle = (low + high) / 2
    axes.set_aspect("equal", adjustable="box")
    axes.set(
        xlim=(middle[0] - half[0], middle[0] + half[0]),
        ylim=(middle[1] - half[1], middle[1] + half[1]),
        autoscale_on=False,
    )
    return mm


def _name_clusters(axes: Axes, points: pd.DataFrame, mm: float) -> None:
    """Write a cluster's number beside it, so that it is known without its colour."""
    places = points[["x", "y"]].to_numpy(float)
    known = points[points["cluster"] != _NO_CLUSTER]
    taken: list[np.ndarray] = []
    for cluster in sorted({int(number) for number in known["cluster"]}):
        rows = known[known["cluster"] == cluster]
        place = _free_place(axes, rows[["x", "y"]].to_numpy(float), places, taken, mm)
        taken.append(place)
        axes.text(
            place[0],
            place[1],
            f"cluster {cluster}",
            ha="center",
            va="center",
            fontsize=6.8,
            color=_look(cluster)[1],
            weight="bold",
            zorder=2.8,
            path_effects=[withStroke(linewidth=2.2, foreground="white")],
            gid="cluster-name",
        )


def _free_place(
    axes: Axes, members: np.ndarray, places: np.ndarray, taken: list[np.ndarray], mm: float
) -> np.ndarray:
    """Centre of a cluster's name: over, under or beside it, where it covers least."""
    low, high = members.min(axis=0), members.max(axis=0)
    middle, half = members.mean(axis=0), mm * np.array(_NAME_MM) / 2
    away = half + 0.9 * _DISC_MM * mm
    candidates = [
        np.array([middle[0], high[1] + away[1]]),
        np.array([middle[0], low[1] - away[1]]),
        np.array([high[0] + away[0], middle[1]]),
        np.array([low[0] - away[0], middle[1]]),
    ]
    frame = np.transpose([axes.get_xlim(), axes.get_ylim()])
    reach = half + 0.5 * _DISC_MM * mm

    def cost(place: np.ndarray) -> int:
        covered = int((np.abs(places - place) < reach).all(axis=1).sum())
        touches = sum(bool((np.abs(other - place) < 2 * half).all()) for other in taken)
        leaves = bool((place - half < frame[0]).any() or (place + half > frame[1]).any())
        return covered + 10 * touches + 50 * leaves

    return min(candidates, key=cost)


def _picks(axes: Axes, picks: pd.DataFrame, mm: float) -> None:
    """Numbered discs, ringed in the colour of the cluster they were picked from."""
    wanted = picks[["x", "y"]].to_numpy(float)
    placed = moved_apart(wanted, 1.02 * _DISC_MM * mm)
    rounds, clusters = picks["round"].astype(float), picks["cluster"].astype(int)
    for number, cluster, start, end in zip(rounds, clusters, wanted, placed, strict=True):
        if np.hypot(*(end - start)) > 0.35 * _DISC_MM * mm:
            axes.plot(*np.transpose([start, end]), color=style.INK, lw=0.5, zorder=3)
            axes.plot(*start, ".", color=style.INK, ms=2.5, zorder=3)
        axes.text(
            end[0],
            end[1],
            f"{number:g}",
            ha="center",
            va="center_baseline",
            fontsize=6.2,
            color="white",
            weight="bold",
            zorder=5,
            gid="pick",
        )
        axes.plot(
            *end,
            "o",
            ms=_DISC_MM / 25.4 * 72,
            mfc=style.INK,
            mec=_look(cluster)[0],
            mew=1.0,
            zorder=4,
            gid="pick",
        )


def moved_apart(places: np.ndarray, distance: float) -> np.ndarray:
    """Places near the given ones, no two closer than a distance.

    Parameters
    ----------
    places : ndarray of shape (n, 2)
        Where discs would lie if each were alone.
    distance : float
        Smallest distance between two centres.

    Returns
    -------
    ndarray of shape (n, 2)
        The same places where none were close.

    Examples
    --------
    >>> moved_apart(np.array([[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]]), 2.0).round(1).tolist()
    [[-1.0, 0.0], [1.0, 0.0], [9.0, 0.0]]
    """
    placed = np.array(places, dtype=float)
    for _ in range(100):
        is_still = True
        for first in range(len(placed)):
            for second in range(first + 1, len(placed)):
                apart = placed[second] - placed[first]
                length = float(np.hypot(*apart))
                if length >= distance * (1 - 1e-6):
                    continue
                direction = apart / length if length > 0 else np.array([1.0, 0.0])
                push = direction * (distance - length) / 2
                placed[first] -= push
                placed[second] += push
                is_still = False
        if is_still:
            break
    return placed


def _cluster_handles(points: pd.DataFrame) -> list[Line2D]:
    """Entries of the legend for the clusters that the images of the pool fall into."""
    found = sorted({int(cluster) for cluster in points.loc[points["role"] != "test", "cluster"]})
    if found == [_NO_CLUSTER]:
        return [_handle("image of the pool", *_UNGROUPED)]
    known = [cluster for cluster in found if cluster != _NO_CLUSTER]
    handles = [_handle(f"cluster {cluster}", *_look(cluster)) for cluster in known]
    return handles + [_handle("in no cluster", *_UNGROUPED)] * (_NO_CLUSTER in found)


def _role_handles(points: pd.DataFrame) -> list[Line2D]:
    """Entries of the legend for picks and test images."""
    shown = {
        _handle("picked, with its round", style.INK, style.INK, "o", size=7.5): _is_pick(points),
        _handle("labelled before the first round", style.INK, "white", "o"): (
            _is_labelled_before(points)
        ),
        _handle("test image", "none", style.QUIET, "o", width=0.9): points["role"] == "test",
    }
    return [handle for handle, rows in shown.items() if rows.any()]


def _handle(
    label: str, fill: str, edge: str, marker: str, width: float = 0.5, size: float = 5.0
) -> Line2D:
    return Line2D(
        [], [], linestyle="none", marker=marker, mfc=fill, mec=edge, mew=width, ms=size, label=label
    )


def _write_below(
    figure: Figure, clusters: list[Line2D], roles: list[Line2D], method: str, height_mm: float
) -> None:
    figure.text(
        2 / _WIDTH_MM,
        1.2 / height_mm,
        f"Place by likeness ({method}): neighbours look alike; "
        "axes and distances between groups have no unit.",
        fontsize=6.4,
        color=style.QUIET,
        va="bottom",
        gid="caption",
    )
    look = {"borderaxespad": 0, "borderpad": 0, "handletextpad": 0.3, "columnspacing": 1.6}
    for handles, up_mm in ((roles, 0.0), (clusters, _LEGEND_LINE_MM)):
        if handles:
            figure.legend(
                handles=handles,
                loc="lower left",
                bbox_to_anchor=(1.2 / _WIDTH_MM, (_CAPTION_MM + up_mm) / height_mm),
                ncols=_COLUMNS,
                labelspacing=0.55,
                **look,
            )
