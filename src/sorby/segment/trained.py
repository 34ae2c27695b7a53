"""A trained segmenter: from a field to the probability of each class, tile by tile."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sorby.core.errors import ModelError, SettingError
from sorby.core.planes import NewPlane, Plane
from sorby.core.records import Micrograph, ModelCard
from sorby.core.tiling import windows
from sorby.learn import NETWORKS
from sorby.learn.checkpoint import load_checkpoint, save_checkpoint
from sorby.learn.legacy import load_paper_weights
from sorby.learn.runtime import engine, torch_engine
from sorby.segment.planes import FieldView, PlaneCache, Planes, check_channels, field_planes
from sorby.segment.scaling import resized_to
from sorby.segment.streaming import HALO_PX, probability_of, streamed_probability

TASK = "defect segmentation"

TILE_PX = 1536
"""Edge of a tile."""

STREAMED_TILE_PX = 1024
"""Largest edge of a tile of a field that is too large to be seen at once."""

AT_ONCE_PX = 4_200_000
"""What the network sees of fields up to this size is held as a whole: quicker, 100 bytes a px."""


@dataclass(frozen=True)
class TrainedSegmenter:
    """A network and how a field is shown to it.

    Attributes
    ----------
    network : Module
        In evaluation mode; logits (n, 1 or classes + 1, M, N).
    network_name : str
        Its name in ``NETWORKS``.
    channels : tuple of str
        Planes it sees, see `sorby.segment.planes.field_planes`.
    classes : tuple of str
        Defect classes.
    um_per_px : float or None
        Scale that fields are brought to; None: they are taken as they are.
    threshold : float
        Probability from which a pixel is called defect.
    finds_outside : bool
        Whether resin and outside, as the zero-label method sees them, are left out.
    """

    network: nn.Module = field(repr=False)
    network_name: str
    channels: tuple[str, ...]
    classes: tuple[str, ...]
    um_per_px: float | None
    threshold: float
    finds_outside: bool

    def __call__(
        self,
        micrograph: Micrograph,
        *,
        valid: np.ndarray | None = None,
        tile_px: int = TILE_PX,
        planes: PlaneCache | None = None,
        new_plane: NewPlane | None = None,
    ) -> np.ndarray:
        """Probability of each defect class.

        Fields above `AT_ONCE_PX` are seen tile by tile: the same to 1e-4, in less memory.

        Parameters
        ----------
        micrograph : Micrograph
            The image, (M, N).
        valid : ndarray of bool of shape (M, N), optional
            Pixels that are sample; the others get probability 0.
        tile_px : int
            Edge of the tiles, in px at the model's scale; changes no result.
        planes : PlaneCache, optional
            Keeps what the network sees of fields that are predicted again.
        new_plane : callable, optional
            Makes the planes that are worked in, and returned, tile by tile whatever the size;
            see `sorby.core.planes`.

        Returns
        -------
        ndarray of shape (M, N, classes), float32
            0 to 1; NaN where no sample is seen (resin, outside).
        """
        is_small = micrograph.pixels.size <= AT_ONCE_PX
        if new_plane is not None or (planes is None and not is_small):
            return self._streamed(micrograph, valid, tile_px, new_plane or np.zeros)
        see = planes or field_planes
        seen = see(
            micrograph,
            valid,
            channels=self.channels,
            um_per_px=self.um_per_px,
            sees_outside=self.finds_outside,
        )
        found = class_probability(self.network, seen.values, tile_px=tile_px)
        probability = self._at_full_size(found, seen, valid)
        if micrograph.pixels.dtype.kind == "f":
            probability[~np.isfinite(micrograph.pixels)] = 0
        return probability

    def _streamed(
        self, micrograph: Micrograph, valid: Plane | None, tile_px: int, new_plane: NewPlane
    ) -> np.ndarray:
        tile_px = min(tile_px, STREAMED_TILE_PX)
        view = FieldView(
            micrograph,
            valid,
            channels=self.channels,
            um_per_px=self.um_per_px,
            tile_px=tile_px,
            new_plane=new_plane,
        )
        found: np.ndarray = streamed_probability(
            view,
            engine(self.network, len(self.channels)),
            n_classes=len(self.classes),
            stride=int(self.network.stride),  # type: ignore[arg-type]
            tile_px=tile_px,
            finds_outside=self.finds_outside,
            new_plane=new_plane,
        )
        return found

    def _at_full_size(
        self, found: np.ndarray, planes: Planes, valid: np.ndarray | None
    ) -> np.ndarray:
        probability = np.clip(resized_to(found, planes.shape), 0, 1).transpose(1, 2, 0)
        if valid is not None:
            probability[~np.asarray(valid, bool)] = 0
        if self.finds_outside:
            probability[planes.outside] = np.nan
        return np.ascontiguousarray(probability)


def class_probability(
    network: nn.Module, planes: np.ndarray, *, tile_px: int = TILE_PX
) -> np.ndarray:
    """Probability of each defect class at the scale of the planes.

    Parameters
    ----------
    network : Module
        In evaluation mode, with a ``stride``.
    planes : ndarray of shape (channels, M, N), float32
        Its input.
    tile_px : int
        Edge of the tiles; rounded to what the network's stride divides.

    Returns
    -------
    ndarray of shape (classes, M, N), float32
        Background left out.
    """
    n_rows, n_columns = planes.shape[1:]
    stride = int(network.stride)  # type: ignore[arg-type]
    padded = np.pad(planes, ((0, 0), (0, -n_rows % stride), (0, -n_columns % stride)), "symmetric")
    run, found = torch_engine(network), None
    size = max(stride, tile_px // stride * stride)
    for window in windows(padded.shape[1:], size=size, halo=-(-HALO_PX // stride) * stride):
        each = probability_of(run(padded[None, :, *window.padded])[0])
        if found is None:
            found = np.empty((each.shape[0], *padded.shape[1:]), np.float32)
        found[:, *window.core] = each[:, *window.inner]
    assert found is not None
    return found[:, :n_rows, :n_columns]


def save_segmenter(path: Path, segmenter: TrainedSegmenter, card: ModelCard) -> None:
    """Write a segmenter and its card as one safetensors file.

    Parameters
    ----------
    path : Path
        The file.
    segmenter : TrainedSegmenter
        What `load_segmenter` gives back.
    card : ModelCard
        Its ``settings`` gain the entry ``segmenter``.

    Raises
    ------
    ProjectError
        If the disk refuses.
    """
    about = asdict(
        TrainedSegmenter(
            nn.Identity(),
            segmenter.network_name,
            segmenter.channels,
            segmenter.classes,
            segmenter.um_per_px,
            segmenter.threshold,
            segmenter.finds_outside,
        )
    )
    del about["network"]
    settings = {**card.settings, "segmenter": about}
    arrays = {key: value.cpu() for key, value in segmenter.network.state_dict().items()}
    save_checkpoint(path, arrays, ModelCard(**{**asdict(card), "task": TASK, "settings": settings}))


def load_segmenter(path: Path) -> tuple[TrainedSegmenter, ModelCard]:
    """Read a segmenter without executing anything in its file.

    Parameters
    ----------
    path : Path
        A safetensors file of `save_segmenter`, or the paper's ``.pth`` (AtomAI U-Net weights).

    Returns
    -------
    segmenter : TrainedSegmenter
        Ready to be called.
    card : ModelCard
        Its text is not to be trusted.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or holds no segmenter.
    """
    path = Path(path)
    if path.suffix == ".pth":
        return _paper_segmenter(path)
    arrays, card = load_checkpoint(path)
    about = card.settings.get("segmenter")
    if card.task != TASK or not isinstance(about, dict):
        raise ModelError(
            f"{path.name} holds a model for {card.task!r}, not for {TASK}. Choose one that "
            "sorby train made: sorby models DIR --export FILE"
        )
    try:
        segmenter = _rebuilt(about, arrays)
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError, SettingError) as error:
        raise ModelError(
            f"{path.name} does not fit its own description ({str(error).splitlines()[0]}). "
            "Choose another model, or copy it again."
        ) from error
    return segmenter, card


def _rebuilt(about: dict[str, object], arrays: dict[str, np.ndarray]) -> TrainedSegmenter:
    channels, classes = (tuple(str(t) for t in about[k]) for k in ("channels", "classes"))  # type: ignore[attr-defined]
    scale, threshold = about["um_per_px"], float(about["threshold"])  # type: ignore[arg-type]
    if not 0 < threshold < 1 or not (scale is None or 0 < float(scale) < np.inf):  # type: ignore[arg-type]
        raise ValueError(f"threshold {threshold}, µm/px {scale}")
    if not classes:
        raise ValueError("it names no class")
    check_channels(channels)
    for key, array in arrays.items():
        if not np.isfinite(array).all() or (key.endswith("_var") and (array < 0).any()):
            raise ValueError(f"{key} holds values that are not finite, or a negative variance")
    name = str(about["network_name"])
    network = NETWORKS[name](in_channels=len(channels), n_classes=len(classes))
    network.load_state_dict({key: torch.from_numpy(value) for key, value in arrays.items()})
    return TrainedSegmenter(
        ready(network),
        name,
        channels,
        classes,
        None if scale is None else float(scale),  # type: ignore[arg-type]
        threshold,
        bool(about["finds_outside"]),
    )


def _paper_segmenter(path: Path) -> tuple[TrainedSegmenter, ModelCard]:
    network = NETWORKS["paper"](in_channels=1, n_classes=1)
    network.load_state_dict(load_paper_weights(path))
    segmenter = TrainedSegmenter(
        ready(network), "paper", ("minmax",), ("defect",), None, 0.5, finds_outside=False
    )
    card = ModelCard(
        name=path.name,
        task=TASK,
        classes=segmenter.classes,
        trained_on="not said: weights in the form of arXiv 2603.13831",
        limits="Depends on µm/px and on the darkest and brightest pixel of an image.",
    )
    return segmenter, card


def ready(network: nn.Module) -> nn.Module:
    """Network in evaluation mode and in the memory layout that is quick on a CPU."""
    return network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
