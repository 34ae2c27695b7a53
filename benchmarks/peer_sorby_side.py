"""Sorby's half of ``peer_atomai.py``: each command in a process of its own, one thread.

    python peer_sorby_side.py learn DATA OUT.csv SEEDS
    python peer_sorby_side.py speed DATA OUT.json
    python peer_sorby_side.py network WEIGHTS.pth FIELD.npy OUT.json
    python peer_sorby_side.py predict FIELD.npy MODEL OUT.npz REPEATS
    python peer_sorby_side.py hold DATA
    python peer_sorby_side.py start

MODEL is "base" (the model in the box) or a ``.pth`` of AtomAI. ``start`` imports torch and ends:
its peak memory is the floor under the others.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from ablation import read_fields, score

from sorby.core.records import Micrograph
from sorby.core.rng import generator
from sorby.learn import LOSSES, NETWORKS, Check, Crops, Example, fit, initialise, runtime
from sorby.learn.loop import Schedule
from sorby.segment import LabelledField, base_model, load_segmenter, preset, train
from sorby.segment.planes import field_planes

FAST = preset("fast")
N_PATCHES = 384
STOPS = (10, 20, 40, 60, 1000)
TRIAL_PX = 1024
torch.set_num_threads(1)


def split(folder: Path) -> tuple[list[LabelledField], list[LabelledField]]:
    """Of every family the first half of the fields, by name, trains; the others are the test."""
    sides: tuple[list[LabelledField], list[LabelledField]] = ([], [])
    for _, own in read_fields(folder).groupby("family"):
        fields = sorted(own["field"], key=lambda one: one.micrograph.name)
        half = (len(fields) + 1) // 2
        sides[0].extend(fields[:half])
        sides[1].extend(fields[half:])
    return sides


def stopped(pool: list[LabelledField], step: int, *, seed: int, start):  # type: ignore[no-untyped-def]
    """What the product yields, and its CPU-seconds, where training is stopped at a step."""
    done = 0

    def on_step(number: int, _: int, **__: float) -> None:
        nonlocal done
        done = number

    return train(
        pool,
        classes=("defect",),
        settings=FAST,
        rng=generator(seed),
        start=start,
        on_step=on_step,
        should_stop=lambda: done >= step,
    )


def learn(folder: Path, out: Path, seeds: int) -> None:
    """Test scores after trainings of several lengths; rows that OUT.csv holds stay."""
    pool, test = split(folder)
    rows = pd.read_csv(out).to_dict("records") if out.exists() else []
    known = {(row["start"], row["seed"], row["stop"]) for row in rows}
    for start in ("box", "random"):
        for seed in range(seeds):
            for stop in STOPS:
                if (start, seed, stop) in known:
                    continue
                box = base_model()[0] if start == "box" else None
                segmenter, record = stopped(pool, stop, seed=seed, start=box)
                found = pd.DataFrame(score(segmenter, segmenter.threshold, test, {})).mean()
                row = {
                    "start": start,
                    "seed": seed,
                    "stop": stop,
                    "steps": int(record.curve[-1]["step"]),
                    "best_step": record.best_step,
                    "cpu_seconds": round(record.cpu_seconds, 1),
                    "threshold": segmenter.threshold,
                    **found.round(4),
                }
                rows.append(row)
                pd.DataFrame(rows).to_csv(out, index=False)


def crops_of(pool: list[LabelledField], crop_px: int) -> Crops:
    examples = []
    for one in pool:
        seen = field_planes(one.micrograph, one.valid, channels=FAST.channels)
        examples.append(Example(one.micrograph.name, seen.values, one.mask))
    return Crops(
        examples,
        crop_px=crop_px,
        on_defects=FAST.on_defects,
        variation=FAST.variation,
        has_guess=True,
        rng=generator(0),
    )


def loop_seconds(network: torch.nn.Module, crops: Crops, batch: int, n_steps: int) -> float:
    """CPU-seconds of a step of Sorby's loop: crops, their variation, learning, the average."""
    times = [time.process_time()]
    schedule = Schedule(n_steps + 1, batch, ((0.0, 1e-3), (1.0, 1e-3)), 1e-2, 0.98, 10**9)
    fit(
        network,
        crops,
        loss=LOSSES["bce"],
        schedule=schedule,
        check=lambda _: Check(0.0, 0.0),
        on_step=lambda *_, **__: times.append(time.process_time()),
    )
    return float(np.median(np.diff(times)[1:-1]))


def step_of(network: torch.nn.Module, crops: Crops, batch: int) -> Callable[[], None]:
    """The same step without the making of crops: one batch, again and again."""
    planes, labels = crops.batch(batch)
    planes = planes.contiguous(memory_format=torch.channels_last)
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)

    def step() -> None:
        loss = LOSSES["bce"](network(planes), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    return step


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return float(np.median(times))


def speed(folder: Path, out: Path) -> None:
    """Patches a CPU-second and FLOP a patch, by the size of a patch and the batch."""
    from peer_atomai_side import gemm_peak
    from torch.utils.flop_counter import FlopCounterMode

    pool, _ = split(folder)
    found: dict[str, object] = {}
    for crop_px, batch in ((256, 8), (256, 16), (FAST.crop_px, FAST.batch)):
        network = NETWORKS["fast"](in_channels=len(FAST.channels), n_classes=1)
        initialise(network, generator(0))
        crops = crops_of(pool, crop_px)
        looped = loop_seconds(network, crops, batch, n_steps=24)
        step = step_of(network, crops, batch)
        with FlopCounterMode(display=False) as counter:
            step()
        found[f"{crop_px} px, batch {batch}"] = {
            "patches_per_cpu_s": batch / looped,
            "network_alone_per_cpu_s": batch / median_seconds(step, 16),
            "flops_a_patch": counter.get_total_flops() / batch,
        }
    found["peak"] = gemm_peak()
    out.write_text(json.dumps(found))


def network(weights: Path, field: Path, out: Path) -> None:
    """CPU-seconds a Mpx of the networks alone, by engine, and pixels that differ from torch."""
    micrograph = Micrograph(np.load(field, allow_pickle=False)[:TRIAL_PX, :TRIAL_PX])
    found: dict[str, dict[str, tuple[float, int]]] = {}
    for name, model in {"AtomAI's": load_segmenter(weights)[0], "fast": base_model()[0]}.items():
        planes = field_planes(micrograph, None, channels=model.channels).values[None]
        folded = runtime.folded(model.network)
        plain = runtime.torch_engine(model.network)
        engines = {"torch": plain, "torch, folded": runtime.torch_engine(folded)}
        try:
            engines["ONNX Runtime"] = runtime.onnx_engine(folded, planes.shape[1])
        except (ImportError, RuntimeError):  # the exporter says so where onnx is missing
            print("onnxruntime or onnx is not installed: left out")
        found[name] = {key: _engine(run, planes, plain(planes)) for key, run in engines.items()}
    out.write_text(json.dumps(found))


def _engine(run: runtime.Engine, planes: np.ndarray, like: np.ndarray) -> tuple[float, int]:
    seconds = median_seconds(lambda: run(planes), 5) / (TRIAL_PX**2 / 1e6)
    return seconds, int(np.count_nonzero((run(planes) >= 0) != (like >= 0)))


def predict(field: Path, model: str, out: Path, repeats: int) -> None:
    """The whole path from pixels to probability: CPU-seconds."""
    segmenter = base_model()[0] if model == "base" else load_segmenter(Path(model))[0]
    micrograph = Micrograph(np.load(field, allow_pickle=False))
    times, found = [], np.zeros(0)
    for _ in range(repeats):
        began = time.process_time()
        found = segmenter(micrograph)
        times.append(time.process_time() - began)
    np.savez(out, probability=found[..., 0].astype(np.float32), cpu_seconds=times)


def hold(folder: Path) -> None:
    """A training on as many crops as AtomAI's patches."""
    pool, _ = split(folder)
    stopped(pool, N_PATCHES // FAST.batch, seed=0, start=None)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["learn", folder, out, seeds]:
            learn(Path(folder), Path(out), int(seeds))
        case ["speed", folder, out]:
            speed(Path(folder), Path(out))
        case ["network", weights, field, out]:
            network(Path(weights), Path(field), Path(out))
        case ["predict", field, model, out, repeats]:
            predict(Path(field), model, Path(out), int(repeats))
        case ["hold", folder]:
            hold(Path(folder))
        case ["start"]:
            pass
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
