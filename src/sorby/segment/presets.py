"""How a segmenter is trained: three presets, and what each setting means."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sorby.core.errors import SettingError
from sorby.learn.loop import Schedule
from sorby.learn.sampling import Variation

Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class TrainSettings:
    """Everything that decides what a network learns, beside the labels and the seed.

    Attributes
    ----------
    network, loss : str
        Names in ``sorby.learn.NETWORKS`` and ``LOSSES``.
    channels : tuple of str
        Planes that the network sees, see `sorby.segment.planes.field_planes`.
    crop_px, batch : int
        Edge of a training crop, in px at the model's scale; crops a step.
    on_defects : float
        Share of the crops that are centred near a defect.
    n_steps, warm_steps : int
        Steps a class, from random weights and from those of an earlier model: with one class
        the first guess is right but for the boundary, with several it says little.
    crops_per_field, n_epochs : int
        Where ``crops_per_field`` is not 0, the steps are those of ``n_epochs`` passes through so
        many crops a labelled field.
    learning_rates, warm_rates : tuple of tuple
        (share of the steps, rate) corners; from random weights, and from an earlier model's.
    kept : float
        Share of the weights that training starts from, where they are of a model of the same
        single class, in the weights that it ends with: what the labels do not show is not
        forgotten. Of several classes an early model knows too little to be kept.
        See `sorby.segment.validation.settle`.
    decay, average : float
        Weight decay; share of the old kept by the running average of the weights (0 for none).
    check_every, patience : int
        Steps between looks at the validation fields (0: one an epoch), and looks a class without
        a better score before it stops.
    variation : Variation
        How crops are varied.
    has_guess : bool
        Whether the last channel is a first guess that the network corrects.
    resamples : bool
        Whether fields are brought to a common µm/px.
    """

    network: str
    loss: str
    channels: tuple[str, ...]
    crop_px: int
    batch: int
    on_defects: float
    n_steps: int
    warm_steps: int
    learning_rates: Corners
    warm_rates: Corners
    kept: float
    decay: float
    average: float
    check_every: int
    patience: int
    variation: Variation
    has_guess: bool
    resamples: bool = True
    crops_per_field: int = 0
    n_epochs: int = 0

    def schedule(self, n_fields: int, n_classes: int, *, warm: bool) -> Schedule:
        """Schedule of a training on so many fields, warm from an earlier model or not."""
        steps = n_classes * (self.warm_steps if warm else self.n_steps)
        every = self.check_every
        if self.crops_per_field:
            epoch = -(-self.crops_per_field * n_fields // self.batch)
            steps, every = self.n_epochs * epoch, epoch
        return Schedule(
            n_steps=steps,
            batch=self.batch,
            learning_rates=self.warm_rates if warm else self.learning_rates,
            decay=self.decay,
            average=self.average,
            check_every=every,
            patience=n_classes * self.patience,
        )


_PAPER_RATES = ((0.0, 1e-3), (0.1, 1e-3), (0.1, 1e-4), (0.2, 1e-4), (0.2, 1e-5), (1.0, 1e-5))

_FAST = TrainSettings(
    network="fast",
    loss="bce",
    channels=("gray", "darkness", "classical"),
    crop_px=160,
    batch=8,
    on_defects=0.75,
    n_steps=120,
    warm_steps=80,
    learning_rates=((0.0, 2e-4), (0.25, 2e-3), (1.0, 2e-5)),
    warm_rates=((0.0, 1e-4), (0.25, 1e-3), (1.0, 1e-5)),
    kept=0.5,
    decay=1e-2,
    average=0.98,
    check_every=10,
    patience=5,
    variation=Variation(
        flips=True, turn_deg=15, zoom=1.3, gain=0.2, offset=0.1, noise=0.1, blur_px=0.7
    ),
    has_guess=True,
)

PRESETS: dict[str, TrainSettings] = {
    "fast": _FAST,
    "best": replace(_FAST, n_steps=400, warm_steps=300, patience=12),
    "paper": TrainSettings(
        network="paper",
        loss="bce",
        channels=("minmax",),
        crop_px=256,
        batch=16,
        on_defects=0.0,
        n_steps=0,
        warm_steps=0,
        learning_rates=_PAPER_RATES,
        warm_rates=_PAPER_RATES,
        kept=0.0,
        decay=0.0,
        average=0.0,
        check_every=0,
        patience=100,
        variation=Variation(
            flips=True, zoom=1.1, gain=0.2, noise=0.05, blur_px=1.0, poisson=0.05, salt_pepper=0.01
        ),
        has_guess=False,
        resamples=False,
        crops_per_field=500,
        n_epochs=200,
    ),
}
"""``fast``: half a minute on two cores. ``best``: up to four times as long. ``paper``: the recipe
of arXiv 2603.13831 (Adam, 20 epochs at 1e-3, 20 at 1e-4, the rest at 1e-5; 500 crops of 256 px a
field; at most 200 epochs, the published run stopped at 197), many hours on a CPU."""


def preset(name: str) -> TrainSettings:
    """Settings of a preset.

    Parameters
    ----------
    name : {"fast", "best", "paper"}
        Which.

    Returns
    -------
    TrainSettings
        Frozen.

    Raises
    ------
    SettingError
        If there is no such preset.

    Examples
    --------
    >>> preset("fast").network
    'fast'
    """
    if name not in PRESETS:
        raise SettingError(f"{name!r} is not a preset. Choose from: {', '.join(PRESETS)}.")
    return PRESETS[name]
