"""The one training loop: steps on random crops, checks on whole fields, and it can be killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sorby.core.errors import ModelError
from sorby.core.progress import OnStep, ShouldStop, never, silent
from sorby.core.records import ModelCard
from sorby.learn.checkpoint import load_checkpoint, save_checkpoint
from sorby.learn.sampling import Crops
from sorby.learn.unet import CorrectingUNet

MOST_ENTRIES = 1000
"""About so many entries of a curve are kept, those with a look among them."""

Loss = Callable[..., Tensor]
State = dict[str, Tensor]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns.

    Attributes
    ----------
    n_steps : int
        Batches at most.
    batch : int
        Crops a batch.
    learning_rates : tuple of tuple
        (share of the steps, rate) corner points between which the rate goes in a straight line.
    decay : float
        Weight decay (AdamW).
    average : float
        Share of the old in the running average of the weights that is kept; 0 keeps the last.
    check_every : int
        Steps between looks at the validation fields.
    patience : int
        Looks without a better score after which training stops.
    """

    n_steps: int
    batch: int
    learning_rates: tuple[tuple[float, float], ...]
    decay: float = 0.0
    average: float = 0.0
    check_every: int = 20
    patience: int = 1_000_000

    def rate(self, step: int) -> float:
        """Learning rate of a step (the first is 0)."""
        shares, rates = zip(*self.learning_rates, strict=True)
        return float(np.interp(step / max(self.n_steps - 1, 1), shares, rates))


@dataclass(frozen=True)
class Check:
    """What a look at the validation fields says.

    Attributes
    ----------
    score : float
        Higher is better: decides which weights are kept.
    loss : float
        Of the validation fields.
    """

    score: float
    loss: float


@dataclass
class Progress:
    """Where a training stands: all that its checkpoint holds beside weights and moments."""

    step: int = 0
    best_step: int = 0
    best_score: float = -np.inf
    stale: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Trained:
    """Outcome of a training.

    Attributes
    ----------
    state : dict of str to Tensor
        The weights that scored best on the validation fields.
    progress : Progress
        Curve, best step, seconds.
    is_whole : bool
        False where it was stopped before its last step.
    """

    state: State
    progress: Progress
    is_whole: bool = True


def initialise(network: nn.Module, rng: np.random.Generator) -> None:
    """Draw the weights of a network from a generator (Kaiming normal; biases 0).

    A network that corrects a guess starts with no correction.

    Parameters
    ----------
    network : Module
        Changed in place.
    rng : numpy.random.Generator
        The draws depend on it alone, not on torch's global state.
    """
    draws = torch.Generator().manual_seed(int(rng.integers(2**62)))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=draws)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    if isinstance(network, CorrectingUNet):
        network.start_from_guess()


def fit(
    network: nn.Module,
    crops: Crops,
    *,
    loss: Loss,
    schedule: Schedule,
    check: Callable[[nn.Module], Check],
    checkpoint: Path | None = None,
    every_s: float = 10.0,
    on_step: OnStep = silent,
    should_stop: ShouldStop = never,
) -> Trained:
    """Train a network; the weights that do best on the validation fields are kept.

    Those that it starts from are among them.

    Parameters
    ----------
    network : Module
        With initial weights; trained in place.
    crops : Crops
        Where batches come from.
    loss : callable
        ``f(logits, labels) -> scalar``.
    schedule : Schedule
        How long and how fast.
    check : callable
        ``f(network in evaluation mode) -> Check``.
    checkpoint : Path, optional
        File that is written every ``every_s`` seconds, and gone on from where it exists: the
        result is the same as without the interruption.
    every_s : float
        Seconds between checkpoints.
    on_step : callable
        Told after each step, with ``loss=`` and, where looked, ``valid_f1=``.
    should_stop : callable
        Asked after each step. True ends the training with the best weights so far; the checkpoint
        is written first, so that it can go on later as if it had not been stopped.

    Returns
    -------
    Trained
        Best weights and the curve.

    Raises
    ------
    ModelError
        If the checkpoint belongs to another training, or the loss is no longer finite.
    """
    run = _Run(network, crops, schedule, check)
    if checkpoint is not None and checkpoint.is_file():
        run.restore(checkpoint)
    if not run.progress.curve:
        run.look_at_start()
    saved = time.monotonic()
    while run.progress.step < schedule.n_steps and run.progress.stale < schedule.patience:
        entry = run.advance(loss)
        is_stopped = run.progress.step < schedule.n_steps and should_stop()
        if checkpoint is not None and (is_stopped or time.monotonic() - saved > every_s):
            run.save(checkpoint)
            saved = time.monotonic()
        score = {"valid_f1": entry["valid_f1"]} if "valid_f1" in entry else {}
        on_step(run.progress.step, schedule.n_steps, loss=entry["train_loss"], **score)
        if is_stopped:
            run.look_at_end()
            return Trained(run.best, run.progress, is_whole=False)
    return Trained(run.best, run.progress)


class _Run:
    """Network, its running average, its optimiser and how far they are."""

    def __init__(
        self,
        network: nn.Module,
        crops: Crops,
        schedule: Schedule,
        check: Callable[[nn.Module], Check],
    ) -> None:
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._crops, self._schedule, self._check = crops, schedule, check
        self._optimiser = torch.optim.AdamW(
            network.parameters(), lr=schedule.rate(0), weight_decay=schedule.decay
        )
        self._average = _copy(network.state_dict())
        self.best = _copy(self._average)
        self.progress = Progress()

    def look_at_start(self) -> None:
        """Score the weights that training starts from: it must not end with worse ones."""
        self.progress.curve.append({"step": 0.0, **self._look()})

    def look_at_end(self) -> None:
        """Score the last weights of a stopped training: they may be its best."""
        last = self.progress.curve[-1]
        if last["step"] < self.progress.step:
            self.progress.curve.append({"step": float(self.progress.step), **self._look()})
        elif "valid_f1" not in last:
            last |= self._look()

    def advance(self, loss: Loss) -> dict[str, float]:
        began = time.monotonic()
        value = self._learn(loss)
        self.progress.step += 1
        step, last = self.progress.step, self._schedule.n_steps
        entry = {"step": float(step), "train_loss": value}
        is_look = step % self._schedule.check_every == 0 or step == last
        if is_look:
            entry |= self._look()
        if is_look or step % max(1, last // MOST_ENTRIES) == 0:
            self.progress.curve.append(entry)
        self.progress.seconds += time.monotonic() - began
        return entry

    def _learn(self, loss: Loss) -> float:
        planes, labels = self._crops.batch(self._schedule.batch)
        for group in self._optimiser.param_groups:
            group["lr"] = self._schedule.rate(self.progress.step)
        self._network.train()
        planes = planes.contiguous(memory_format=torch.channels_last)
        value = loss(self._network(planes), labels)
        if not torch.isfinite(value):
            raise ModelError(
                f"The training loss became {value.item()} at step {self.progress.step + 1}. "
                "Check that the images hold finite gray values, or train anew with another seed."
            )
        self._optimiser.zero_grad(set_to_none=True)
        value.backward()
        self._optimiser.step()
        # A young average would remember the first random weights: it starts short.
        step = self.progress.step
        share = min(self._schedule.average, (1 + step) / (10 + step))
        _blend(self._average, self._network.state_dict(), share)
        return float(value.detach())

    def _look(self) -> dict[str, float]:
        own = _copy(self._network.state_dict())
        self._network.load_state_dict(self._average)
        self._network.eval()
        with torch.inference_mode():
            check = self._check(self._network)
        self._network.load_state_dict(own)
        if check.score > self.progress.best_score:
            self.best = _copy(self._average)
            self.progress.best_score, self.progress.best_step = check.score, self.progress.step
            self.progress.stale = 0
        else:
            self.progress.stale += 1
        return {"valid_loss": check.loss, "valid_f1": check.score}

    # ------------------------------------------------------------------ checkpoints

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {}
        for name, state in self._states().items():
            arrays |= {f"{name}/{key}": value for key, value in state.items()}
        for number, moments in self._optimiser.state_dict()["state"].items():
            arrays |= {f"moments/{number}/{key}": value for key, value in moments.items()}
        settings = {
            "progress": asdict(self.progress) | {"best_score": _finite(self.progress.best_score)},
            "rng": self._crops.rng.bit_generator.state,
            "schedule": asdict(self._schedule),
        }
        save_checkpoint(path, arrays, ModelCard("checkpoint", "training", (), settings=settings))

    def restore(self, path: Path) -> None:
        try:
            arrays, card = load_checkpoint(path)
        except ModelError as error:
            raise _another_training(path) from error
        if card.task != "training" or card.settings.get("schedule") != _plain(self._schedule):
            raise _another_training(path)
        try:
            self._take_over(
                {key: torch.from_numpy(array.copy()) for key, array in arrays.items()},
                card.settings,
            )
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise _another_training(path) from error

    def _take_over(self, tensors: State, settings: dict[str, Any]) -> None:
        own, self._average, self.best = (
            {
                key.partition("/")[2]: value
                for key, value in tensors.items()
                if key.startswith(f"{name}/")
            }
            for name in ("network", "average", "best")
        )
        self._network.load_state_dict(own)
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            kind, _, rest = key.partition("/")
            if kind == "moments":
                number, _, name = rest.partition("/")
                moments.setdefault(int(number), {})[name] = value
        whole = self._optimiser.state_dict() | {"state": moments}
        self._optimiser.load_state_dict(whole)
        self._crops.rng.bit_generator.state = settings["rng"]
        known = dict(settings["progress"])
        if known["best_score"] is None:
            known["best_score"] = -np.inf
        self.progress = Progress(**known)

    def _states(self) -> dict[str, State]:
        return {
            "network": self._network.state_dict(),
            "average": self._average,
            "best": self.best,
        }


def _another_training(path: Path) -> ModelError:
    return ModelError(
        f"{path} is damaged or belongs to another training. Delete that file and train again."
    )


def _copy(state: State) -> State:
    return {key: value.detach().clone() for key, value in state.items()}


def _blend(average: State, latest: State, share: float) -> None:
    for key, value in average.items():
        if value.is_floating_point():
            value.lerp_(latest[key], 1 - share)
        else:
            value.copy_(latest[key])


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _plain(schedule: Schedule) -> dict[str, Any]:
    """Schedule as it comes back from JSON."""
    plain = asdict(schedule)
    plain["learning_rates"] = [list(corner) for corner in schedule.learning_rates]
    return plain
