"""Train the model in the box on SYNTHETIC sections, and write it where the package ships it.

    python benchmarks/base_model.py [--fields N] [--steps N] [--seed N] [--out FILE]

Nothing but `sorby.synthetic.random_section` is seen: no real image, no real mask. The defaults
are those of the shipped file. A fifth of the fields chooses the weights and the threshold.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from sorby.core.records import Micrograph, ModelCard
from sorby.learn.sampling import Variation
from sorby.segment import LabelledField, preset, save_segmenter, train
from sorby.synthetic import random_section

SHIPPED = Path(__file__).parents[1] / "src" / "sorby" / "segment" / "base.safetensors"
CLASSES = ("defect",)
EDGES_PX = (224, 400)


def labelled_section(seed: tuple[int, int]) -> LabelledField:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(*EDGES_PX)), int(rng.integers(*EDGES_PX)))
    section = random_section(shape, rng=rng)
    name = f"section_{seed[1]:05d}"
    return LabelledField(Micrograph(section.pixels, name=name), section.mask, group=name)


def settings(n_steps: int):
    """The preset ``fast``, longer; the sections vary enough by themselves."""
    return replace(
        preset("fast"),
        n_steps=n_steps,
        learning_rates=((0.0, 2e-4), (0.05, 2e-3), (1.0, 1e-5)),
        average=0.998,
        check_every=250,
        patience=n_steps,
        variation=Variation(flips=True, zoom=1.15, gain=0.1, offset=0.03, noise=0.03),
    )


def said(step: int, n_steps: int, **numbers: float) -> None:
    if "valid_f1" in numbers:
        print(f"step {step} of {n_steps}: macro-F1 {numbers['valid_f1']:.4f}", flush=True)


def main(arguments: list[str]) -> int:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--fields", type=int, default=2400)
    words.add_argument("--steps", type=int, default=8000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--out", type=Path, default=SHIPPED)
    asked = words.parse_args(arguments)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        seeds = [(asked.seed, number) for number in range(asked.fields)]
        fields = list(pool.map(labelled_section, seeds, chunksize=16))
    segmenter, record = train(
        fields,
        classes=CLASSES,
        settings=settings(asked.steps),
        rng=np.random.default_rng(asked.seed),
        on_step=said,
    )
    card = ModelCard(
        name="base",
        task="",
        classes=CLASSES,
        trained_on=f"{len(record.trained_on)} SYNTHETIC sections (domain randomisation)",
        scores={"synthetic_macro_f1": round(record.score, 4)},
        limits=(
            "Polished sections in reflected light: dark pores, lack of fusion and cracks on "
            "metal. It has seen no real image. Other dark phases are called defect; a second "
            "threshold convention than about 0.6 of the depth of the deep defects needs labels."
        ),
        licence="MIT",
        settings={
            "fields": asked.fields,
            "steps": asked.steps,
            "best_step": record.best_step,
            "seed": asked.seed,
            "cpu_seconds": round(record.cpu_seconds),
        },
    )
    save_segmenter(asked.out, segmenter, card)
    print(f"synthetic macro-F1 {record.score:.4f} at {segmenter.threshold}, {card.settings}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
