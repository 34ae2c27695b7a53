"""Train the model in the box on SYNTHETIC sections, and write it where the package ships it.

    python benchmarks/base_model.py [--fields N] [--steps N] [--seed N] [--out FILE]
    python benchmarks/base_model.py --show FILE.png

The second form draws twelve of the sections with their truth, and trains nothing.

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
from PIL import Image
from scipy import ndimage

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


def show(path: Path) -> None:
    """Twelve sections: as recorded, and with defects in red and uncounted pixels in blue."""
    rows = []
    for number in range(12):
        section = random_section((200, 280), rng=np.random.default_rng((0, number)))
        marked = np.stack([section.pixels] * 3, axis=-1)
        for value, colour in ((1, (220, 30, 30)), (255, (40, 90, 255))):
            part = section.mask == value
            marked[part & ~ndimage.binary_erosion(part)] = colour
        rows.append(np.concatenate([np.stack([section.pixels] * 3, axis=-1), marked], axis=1))
    sheet = [np.concatenate(rows[start : start + 2], axis=1) for start in range(0, 12, 2)]
    Image.fromarray(np.concatenate(sheet)).save(path, optimize=True)


def said(step: int, n_steps: int, **numbers: float) -> None:
    if "valid_f1" in numbers:
        print(f"step {step} of {n_steps}: macro-F1 {numbers['valid_f1']:.4f}", flush=True)


def main(arguments: list[str]) -> int:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--fields", type=int, default=1600)
    words.add_argument("--steps", type=int, default=6000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--out", type=Path, default=SHIPPED)
    words.add_argument("--show", type=Path, metavar="FILE.png")
    asked = words.parse_args(arguments)
    if asked.show:
        show(asked.show)
        return 0
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
            "validation_threshold": segmenter.threshold,
            "cpu_seconds": round(record.cpu_seconds),
        },
    )
    # Half, like the other methods without labels; validation's own choice is on the card.
    save_segmenter(asked.out, replace(segmenter, threshold=0.5), card)
    print(f"synthetic macro-F1 {record.score:.4f} at {segmenter.threshold}, {card.settings}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
