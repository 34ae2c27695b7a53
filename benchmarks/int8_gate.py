"""What integers of 8 bits would do to the masks of the model in the box: the gate they must pass.

    python benchmarks/int8_gate.py FOLDER

FOLDER holds polished_am (see ``ablation.py``). Weights are rounded to 8 bits a channel and the
input of each convolution to 8 bits a tensor, its range taken from SYNTHETIC sections, as a static
quantisation does; sums are kept exact. Prints by family how much the masks change.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from ablation import read_fields
from torch import Tensor, nn

from sorby.core.records import Micrograph
from sorby.core.rng import generator
from sorby.learn import runtime
from sorby.segment import base_model, compare, mask_from_probability
from sorby.segment.planes import field_planes
from sorby.segment.trained import class_probability
from sorby.synthetic import random_section

LEVELS, N_SECTIONS = 255, 24
CLIPPED = (0.0, 1e-5, 1e-4)
"""Shares of the values cut off at either end of a range, to give the others finer steps."""


def ranges(network: nn.Module, planes: list[np.ndarray], clipped: float) -> dict[nn.Module, tuple]:  # type: ignore[type-arg]
    """Smallest and largest input of each convolution over some fields."""
    found: dict[nn.Module, list[tuple[float, float]]] = {}

    def see(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        values = inputs[0].numpy()
        low, high = np.quantile(values, (clipped, 1 - clipped))
        found.setdefault(module, []).append((float(low), float(high)))

    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    hooks = [module.register_forward_pre_hook(see) for module in convolutions]
    for each in planes:
        class_probability(network, each)
    for hook in hooks:
        hook.remove()
    return {
        module: (min(low for low, _ in seen), max(high for _, high in seen))
        for module, seen in found.items()
    }


def rounded(values: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    step = (torch.as_tensor(high) - torch.as_tensor(low)).clamp(min=1e-12) / LEVELS
    zero = torch.round(-torch.as_tensor(low) / step)
    return (torch.clamp(torch.round(values / step) + zero, 0, LEVELS) - zero) * step


def quantise(network: nn.Module, seen: dict[nn.Module, tuple]) -> None:  # type: ignore[type-arg]
    """Round weights for good, and inputs whenever the network runs."""
    for module, (low, high) in seen.items():
        assert isinstance(module, nn.Conv2d)
        weight = module.weight.data
        most = weight.abs().amax(dim=(1, 2, 3), keepdim=True)
        module.weight.data = rounded(weight, -most, most)
        module.register_forward_pre_hook(
            lambda _, inputs, low=low, high=high: (rounded(inputs[0], low, high),)
        )


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__)
        return 2
    model = base_model()[0]
    fields = read_fields(Path(arguments[0]))
    sections = [random_section((256, 256), rng=generator(seed)) for seed in range(N_SECTIONS)]
    calibration = [
        field_planes(Micrograph(one.pixels), None, channels=model.channels).values
        for one in sections
    ]
    test = [
        field_planes(one.micrograph, one.valid, channels=model.channels).values
        for one in fields["field"]
    ]

    def masks(network: nn.Module) -> list[np.ndarray]:
        found = (class_probability(network, planes)[0] for planes in test)
        return [
            mask_from_probability(p[..., None], valid=one.valid, threshold=model.threshold)
            for p, one in zip(found, fields["field"], strict=True)
        ]

    exact = masks(runtime.folded(model.network))
    rows = []
    for clipped in CLIPPED:
        network = runtime.folded(model.network)
        quantise(network, ranges(network, calibration, clipped))
        for one, before, after in zip(fields.itertuples(), exact, masks(network), strict=True):
            counts = [compare(mask, one.field.mask) for mask in (before, after)]
            areas = [np.count_nonzero(mask == 1) for mask in (before, after)]
            rows.append(
                {
                    "clipped": clipped,
                    "family": one.family,
                    "pixels changed, %": 100 * np.mean(before != after),
                    "of the defect pixels, %": 100 * (before != after).sum() / max(areas[0], 1),
                    "area, relative change, %": 100 * (areas[1] / max(areas[0], 1) - 1),
                    "macro-F1, change": counts[1].macro_f1 - counts[0].macro_f1,
                }
            )
    table = pd.DataFrame(rows)
    print(table.groupby(["clipped", "family"]).mean().round(3).to_string())
    print(table.drop(columns="family").groupby("clipped").agg(["mean", "min", "max"]).T.round(3))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
