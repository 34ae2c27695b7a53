"""What a mask by the model in the box costs: memory, time, seams; printed beside the goals.

    python benchmarks/inference.py [--side 8192] [--method base] [--check]

Makes a project of one generated micrograph (a TIFF of strips), and runs `sorby predict` on it as
a person would, in a process of its own: its peak memory is that of all of it, torch and the
interpreter included, and its time is that of the processor, start included. Then a field of
2048 px is predicted at once and in small tiles on the disk: the largest difference is the seam.
Last, the engines are timed on one tile, the best of several runs. Other programs make times
longer: the load of the machine is printed. With --check, exit 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

PEAK_GB, SEAM = 1.0, 1e-4
BLOCK, TRIAL_PX = 1024, 1024


def micrograph(side: int) -> np.ndarray:
    """Gray values of metal in uneven light with round pores of 3 to 20 px, 180 to a Mpx."""
    rng = np.random.default_rng(0)
    block = rng.normal(190, 4, (BLOCK, BLOCK)).astype(np.float32)
    rows, columns = np.indices((45, 45)) - 22
    for place in range(196):
        row, column = (np.array(divmod(place, 14)) * 72 + rng.integers(0, 20, 2)).astype(int)
        part = block[row : row + 45, column : column + 45]
        part[rows**2 + columns**2 <= rng.integers(3, 21) ** 2] = 55
    n = -(-side // BLOCK)
    whole = np.tile(block.clip(0, 255).astype(np.uint8), (n, n))[:side, :side]
    light = 1 - 0.25 * (np.arange(side) / side) ** 2
    return np.stack([(line * light).astype(np.uint8) for line in whole])


def measure_predict(folder: Path, side: int, method: str) -> tuple[float, float, float]:
    """Peak memory in GB, seconds of the processor and of the clock of `sorby predict`."""
    import tifffile

    (folder / "images").mkdir()
    tifffile.imwrite(folder / "images" / "field.tif", micrograph(side), rowsperstrip=64)
    sorby = [sys.executable, "-m", "sorby"]
    new = [*sorby, "new", str(folder / "project"), "--polished", str(folder / "images")]
    subprocess.run(new, check=True, capture_output=True)
    began = time.monotonic()
    words = [*sorby, "predict", str(folder / "project"), "--method", method]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        assert process.stderr
        raise SystemExit(process.stderr.read().decode())
    seconds = time.monotonic() - began
    return used.ru_maxrss / 1024**2, used.ru_utime + used.ru_stime, seconds


def seam(folder: Path) -> float:
    """Largest difference of the probability in small tiles on the disk and at once."""
    from sorby.core.planes import on_disk
    from sorby.core.records import Micrograph
    from sorby.segment import base_model

    segmenter, _ = base_model()
    field = Micrograph(micrograph(2048))
    whole = segmenter(field, tile_px=4096)
    tiled = segmenter(field, tile_px=320, new_plane=on_disk(folder))
    return float(np.abs(tiled[:] - whole).max())


def engines() -> dict[str, float]:
    """Seconds of the processor for a Mpx of planes, by engine; one thread."""
    import torch

    from sorby.learn import runtime
    from sorby.segment import base_model

    torch.set_num_threads(1)
    segmenter, _ = base_model()
    n_channels = len(segmenter.channels)
    planes = np.random.default_rng(0).random((1, n_channels, TRIAL_PX, TRIAL_PX), np.float32)
    folded = runtime.folded(segmenter.network)
    found = {
        "torch as trained": _cpu_seconds(runtime.torch_engine(segmenter.network), planes),
        "torch, normalisation folded": _cpu_seconds(runtime.torch_engine(folded), planes),
    }
    try:
        found["ONNX Runtime"] = _cpu_seconds(runtime.onnx_engine(folded, n_channels), planes)
    except ImportError:
        print("onnxruntime is not installed: left out")
    return found


def _cpu_seconds(run: Callable[[np.ndarray], np.ndarray], planes: np.ndarray) -> float:
    times = []
    for _ in range(5):
        began = time.process_time()
        run(planes)
        times.append(time.process_time() - began)
    return min(times) / (TRIAL_PX**2 / 1e6)


def main() -> int:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--side", type=int, default=8192, help="edge of the field, in px")
    words.add_argument("--method", default="base", help="one of the methods without labels")
    words.add_argument("--check", action="store_true", help="exit 1 if a goal is missed")
    options = words.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        peak, cpu, clock = measure_predict(Path(name), options.side, options.method)
        apart = seam(Path(name))
    side, n_mpx = options.side, options.side**2 / 1e6
    rows = [
        (f"{side} x {side} px: peak memory of the process, GB", peak, PEAK_GB),
        (f"{side} x {side} px: Mpx a second of the processor", n_mpx / cpu, None),
        (f"{side} x {side} px: seconds by the clock", clock, None),
        ("tiles against the whole: largest difference", apart, SEAM),
    ]
    rows += [
        (f"network alone, {key}: CPU-s a Mpx", value, None) for key, value in engines().items()
    ]
    print(f"{'':58}{'measured':>10}{'goal':>8}")
    for what, value, goal in rows:
        limit = "" if goal is None else f"{goal:8g}{'' if value <= goal else '  missed'}"
        print(f"{what:58}{value:10.3g}{limit}")
    print(f"load of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    goals = [(value, goal) for _, value, goal in rows if goal is not None]
    n_met = sum(value <= goal for value, goal in goals)
    print(f"goals met: {n_met} of {len(goals)}; peak memory {peak:.2f} GB")
    return 1 if n_met < len(goals) and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
