"""Trains what `uncertainty.py` compares: members, models from the box, snapshots, shared stems.

Every model is one safetensors file, OUT/models/FAMILY/KIND-SEED-NUMBER, whose card says what it
cost and which fields chose its weights; files that are there already are not trained again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from sorby.core.records import ModelCard
from sorby.core.rng import generator
from sorby.learn import LOSSES, Check, Crops, Example, fit, initialise
from sorby.learn.unet import build
from sorby.segment import (
    LabelledField,
    PlaneCache,
    TrainedSegmenter,
    base_model,
    load_segmenter,
    preset,
    save_segmenter,
    train,
)
from sorby.segment.holdout import hold_out
from sorby.segment.trained import ready

FAST = preset("fast")
CLASSES = ("defect",)
N_MEMBERS, N_TUNED, N_CHOICES = 10, 6, 3
N_SNAPSHOTS, N_HEADS, CROPS_A_HEAD = 5, 5, 4
CYCLE_STEPS = 40

FIRST_SEED = {"tuned": 0, "A": 1000, "B": 2000, "late": 3000, "cyclic": 4000, "heads": 5000}
"""A and B are the two ensembles, trained alike; no seed is in both."""


@dataclass(frozen=True)
class Model:
    """A model of the shelf, its share of the CPU-seconds of its training, and its validation."""

    segmenter: TrainedSegmenter
    cpu_seconds: float
    validated_on: tuple[str, ...]


class Shelf:
    """Models of one family left out, trained when they are first asked for.

    Parameters
    ----------
    folder : Path
        Of the files.
    pool : sequence of LabelledField
        The fields of the other families.
    planes : PlaneCache
        Keeps what the networks see.
    """

    def __init__(self, folder: Path, pool: Sequence[LabelledField], planes: PlaneCache) -> None:
        self.folder, self.pool, self.planes = folder, list(pool), planes

    def models(self, kind: str, number: int) -> list[Model]:
        """One model of kind A, B or tuned; all of a training of the other kinds."""
        seed = FIRST_SEED[kind] + number
        paths = sorted(self.folder.glob(f"{kind}-{seed}-*.safetensors"))
        if not paths:
            self._train(kind, seed)
            paths = sorted(self.folder.glob(f"{kind}-{seed}-*.safetensors"))
        found = []
        for path in paths:
            segmenter, card = load_segmenter(path)
            about = card.settings
            found.append(Model(segmenter, about["cpu_seconds"], tuple(about["validated_on"])))
        return found

    def many(self, kind: str, numbers: Sequence[int]) -> list[Model]:
        """Models of several trainings, in one list."""
        return [model for number in numbers for model in self.models(kind, number)]

    def _train(self, kind: str, seed: int) -> None:
        began = time.process_time()
        if kind in ("A", "B", "tuned"):
            segmenter, record = train(
                self.pool,
                classes=CLASSES,
                settings=FAST,
                rng=generator(seed),
                start=base_model()[0] if kind == "tuned" else None,
                planes=self.planes,
            )
            networks, validated_on = [segmenter.network], record.validated_on
            threshold = segmenter.threshold
        else:
            by_kind = {"late": self._snapshots, "cyclic": self._snapshots, "heads": self._heads}
            networks, validated_on, threshold = by_kind[kind](kind, generator(seed)), (), 0.5
        cost = (time.process_time() - began) / len(networks)
        about = {"seed": seed, "cpu_seconds": cost, "validated_on": list(validated_on)}
        self.folder.mkdir(parents=True, exist_ok=True)
        for number, network in reversed(list(enumerate(networks))):
            model = TrainedSegmenter(
                ready(network), "fast", FAST.channels, CLASSES, None, threshold, False
            )
            card = ModelCard(f"{kind} {seed}", "", CLASSES, settings=about)
            save_segmenter(self.folder / f"{kind}-{seed}-{number}.safetensors", model, card)
        print(f"{self.folder.name} {kind}-{seed}: {cost * len(networks):.1f} CPU-s", flush=True)

    def _snapshots(self, kind: str, rng: np.random.Generator) -> list[nn.Module]:
        """Weights of one training: every ten of its last steps, or at the end of each cycle."""
        split_rng, first_rng, crops_rng = rng.spawn(3)
        network = build(len(FAST.channels))
        initialise(network, first_rng)
        schedule = replace(
            FAST.schedule(len(self.pool), 1, warm=False), average=0.0, patience=10**6
        )
        if kind == "cyclic":
            cycles = np.arange(N_SNAPSHOTS) / N_SNAPSHOTS
            ends = [(float(c + 0.999 / N_SNAPSHOTS), 2e-5) for c in cycles]
            tops = [(0.0, 2e-4), (0.05, 2e-3), *((float(c), 2e-3) for c in cycles[1:])]
            schedule = replace(
                schedule,
                n_steps=N_SNAPSHOTS * CYCLE_STEPS,
                learning_rates=tuple(sorted([*ends, *tops])),
                check_every=CYCLE_STEPS,
            )
        seen: list[dict[str, Tensor]] = []

        def keep(looked_at: nn.Module) -> Check:
            seen.append({key: value.clone() for key, value in looked_at.state_dict().items()})
            return Check(float(len(seen)), 0.0)

        crops = self._crops(self._training_fields(split_rng), crops_rng)
        fit(network, crops, loss=LOSSES[FAST.loss], schedule=schedule, check=keep)
        return [_network(state) for state in seen[-N_SNAPSHOTS:]]

    def _heads(self, kind: str, rng: np.random.Generator) -> list[nn.Module]:
        """Networks that share the way down; each has its own way up, split and crops."""
        first_rng, *others = rng.spawn(1 + N_HEADS)
        network = SharedStem([build(len(FAST.channels)) for _ in range(N_HEADS)], first_rng)
        pairs = [own.spawn(2) for own in others]
        crops = CropsOfHeads([self._crops(self._training_fields(a), b) for a, b in pairs])
        schedule = replace(FAST.schedule(len(self.pool), 1, warm=False), check_every=10**6)
        n_looks = iter(range(10**6))
        fit(
            network,
            crops,  # type: ignore[arg-type]
            loss=LOSSES[FAST.loss],
            schedule=schedule,
            check=lambda _: Check(float(next(n_looks)), 0.0),
        )
        return [_network(one.state_dict()) for one in network.networks]

    def _training_fields(self, rng: np.random.Generator) -> list[Example]:
        """Examples of the fields that a split like that of `train` trains on."""
        told = [bool((one.mask == 1).any()) for one in self.pool]
        held = hold_out([one.group for one in self.pool], has_defects=told, rng=rng)
        kept = [one for one, is_held in zip(self.pool, held, strict=True) if not is_held]
        return [
            Example(
                one.micrograph.name,
                self.planes(one.micrograph, one.valid, channels=FAST.channels).values,
                one.mask,
            )
            for one in kept
        ]

    def _crops(self, examples: Sequence[Example], rng: np.random.Generator) -> Crops:
        return Crops(
            examples,
            crop_px=FAST.crop_px,
            on_defects=FAST.on_defects,
            variation=FAST.variation,
            has_guess=FAST.has_guess,
            rng=rng,
        )


class SharedStem(nn.Module):
    """Networks with one way down; in training each sees its own part of a batch."""

    def __init__(self, networks: Sequence[nn.Module], rng: np.random.Generator) -> None:
        super().__init__()
        for network, own in zip(networks, rng.spawn(len(networks)), strict=True):
            initialise(network, own)
            network.down = networks[0].down
        self.networks = nn.ModuleList(networks)

    def forward(self, image: Tensor) -> Tensor:
        """Logits of a batch, each part by its own head."""
        parts = image.chunk(len(self.networks))
        return torch.cat([own(part) for own, part in zip(self.networks, parts, strict=True)])


class CropsOfHeads:
    """Batches of which each head's part is drawn from its own training fields."""

    def __init__(self, each: Sequence[Crops]) -> None:
        self._each, self.rng = each, each[0].rng

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """`CROPS_A_HEAD` crops a head, one head after the other, whatever ``size`` is."""
        pairs = [crops.batch(CROPS_A_HEAD) for crops in self._each]
        planes, labels = (torch.cat(parts) for parts in zip(*pairs, strict=True))
        return planes, labels


def _network(state: dict[str, Tensor]) -> nn.Module:
    network = build(len(FAST.channels))
    network.load_state_dict(state)
    return network


def train_all(fields: pd.DataFrame, out: Path, planes: PlaneCache) -> dict[str, Shelf]:
    """Shelf of each family, full: about 40 minutes on one core, and it may be stopped.

    Parameters
    ----------
    fields : DataFrame
        With the columns ``family`` and ``field`` (a `LabelledField`).
    out : Path
        Folder of the models.
    planes : PlaneCache
        Keeps what the networks see.

    Returns
    -------
    dict of str to Shelf
        By the family that is left out.
    """
    counts = {"A": N_MEMBERS, "B": N_MEMBERS, "tuned": N_TUNED}
    shelves = {}
    for family in sorted(set(fields["family"])):
        pool = list(fields.loc[fields["family"] != family, "field"])
        shelves[family] = Shelf(out / "models" / family, pool, planes)
    for kind in ("tuned", "A", "B", "heads", "late", "cyclic"):
        for shelf in shelves.values():
            shelf.many(kind, range(counts.get(kind, N_CHOICES)))
    return shelves
