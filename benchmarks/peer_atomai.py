"""Sorby beside AtomAI 0.8.1, the package of the paper, on the same fields, one thread each.

    python benchmarks/peer_atomai.py FOLDER DATA WEIGHTS.pth [PART...]

FOLDER is made, and holds AtomAI's environment and every result. DATA is a folder as for
``ablation.py``; WEIGHTS.pth are weights of AtomAI's U-Net. Parts, all without one named:
``learn`` (an hour and more: CAP CPU-seconds of AtomAI, then Sorby), ``speed``, ``inference``,
``memory``. ``learn`` goes on where it was stopped. Every time is of the processor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pandas as pd
from ablation import read_fields, score
from peer_sorby_side import split

from sorby.segment import SEGMENTERS, compare, mask_from_probability

HERE = Path(__file__).parent
CAP_CPU_S = 3600
SEEDS = 3
THRESHOLDS = np.round(np.arange(0.05, 0.96, 0.05), 2)
LARGE_PX, TIMED_PX = 4096, 2048
NEEDS = ("torch==2.13.0", "atomai==0.8.1", "six", "pillow")
STAND_IN = {
    "torchvision/__init__.py": "",
    "torchvision/models.py": "mobilenet_v2 = resnet50 = vgg16 = None\n",
    "torchvision/utils.py": "make_grid = None\n",
    "torchvision-0.13.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: torchvision\nVersion: 0.13.0\n"
    ),
    "torchvision-0.13.0.dist-info/INSTALLER": "peer_atomai\n",
    "torchvision-0.13.0.dist-info/RECORD": "",
}
"""AtomAI imports torchvision for names of models and grids of images only."""


def environment(folder: Path) -> Path:
    """AtomAI's own Python; made where it is missing."""
    python = folder / "bin" / "python"
    if python.exists():
        return python
    venv.create(folder, with_pip=True)
    where = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    packages = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True)
    for name, text in STAND_IN.items():
        path = Path(packages.stdout.strip()) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    subprocess.run([python, "-m", "pip", "install", "-q", *NEEDS], check=True)
    return python


def onnx_runtime(folder: Path) -> Path:
    """ONNX Runtime in a folder of its own, so that nothing else of Sorby's sees it."""
    if not folder.exists():
        words = ["-q", "--no-deps", "--target", folder, "-c", HERE.parent / "constraints.txt"]
        needs = ["onnxruntime", "flatbuffers", "protobuf", "packaging", "onnx", "ml_dtypes"]
        subprocess.run([sys.executable, "-m", "pip", "install", *words, *needs], check=True)
    return folder


def child(python: Path | str, script: str, *words: object, also: Path | None = None) -> float:
    """Run one side with one thread; its peak memory in GB."""
    command = [str(python), str(HERE / script), *map(str, words)]
    more = {"PYTHONPATH": str(also)} if also else {}
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1", **more})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(
            f"{script} {words[0]} ended with {process.returncode}: see its lines above. "
            "Where memory ran out, close other programs or make LARGE_PX smaller."
        )
    return used.ru_maxrss / 1024**2


def write_fields(data: Path, path: Path) -> list[str]:
    """The fields in the form that AtomAI's side reads; boxes of scale bars count as metal."""
    table = read_fields(data)
    training = {one.micrograph.name for one in split(data)[0]}
    names = [one.micrograph.name for one in table["field"]]
    arrays: dict[str, np.ndarray] = {"trains": np.array([name in training for name in names])}
    for number, one in enumerate(table["field"]):
        arrays[f"image_{number}"] = one.micrograph.pixels
        arrays[f"mask_{number}"] = (one.mask == 1).astype(np.uint8)
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return names


def large_field(data: Path, side: int, path: Path) -> None:
    """A field of the data, mirrored until it is so large."""
    pixels = read_fields(data)["field"].iloc[-1].micrograph.pixels
    block = np.vstack(
        [np.hstack([pixels, pixels[:, ::-1]]), np.hstack([pixels, pixels[:, ::-1]])[::-1]]
    )
    repeats = [-(-side // length) for length in block.shape]
    np.save(path, np.ascontiguousarray(np.tile(block, repeats)[:side, :side]))


# ------------------------------------------------------------------ equal quality


def curve(data: Path, folder: Path) -> pd.DataFrame:
    """Scores of AtomAI's epochs on the test fields, at 0.5 and at two better thresholds."""
    table, (training, _) = read_fields(data), split(data)
    names = {one.micrograph.name for one in training}
    rows = []
    for epoch in pd.read_csv(folder / "epochs.csv").to_dict("records"):
        with np.load(folder / f"epoch_{epoch['epoch']:03d}.npz", allow_pickle=False) as stored:
            found = [stored[f"probability_{number}"] for number in range(len(table))]
        sides: dict[bool, list[list[tuple[float, float]]]] = {True: [], False: []}
        for one, probability in zip(table["field"], found, strict=True):
            each = []
            for t in THRESHOLDS:
                mask = mask_from_probability(probability[..., None], valid=one.valid, threshold=t)
                counts = compare(mask, one.mask)
                each.append((counts.any_defect.defect_f1, counts.macro_f1))
            sides[one.micrograph.name in names].append(each)
        learnt, test = (np.mean(sides[side], axis=0) for side in (True, False))
        half, chosen = int(np.argmin(np.abs(THRESHOLDS - 0.5))), int(learnt[:, 1].argmax())
        best = int(test[:, 0].argmax())
        for name, at in (("half", half), ("learnt", chosen), ("best", best)):
            epoch[f"threshold_{name}"] = float(THRESHOLDS[at])
            epoch[f"defect_f1_{name}"], epoch[f"macro_f1_{name}"] = test[at].round(4)
        rows.append(epoch)
    return pd.DataFrame(rows)


def learn(python: Path, data: Path, folder: Path) -> None:
    fields, epochs, ours = (
        folder / "fields.npz",
        folder / "learn_atomai",
        folder / "learn_sorby.csv",
    )
    write_fields(data, fields)
    child(python, "peer_atomai_side.py", "learn", fields, epochs, CAP_CPU_S)
    child(sys.executable, "peer_sorby_side.py", "learn", data, ours, SEEDS)
    theirs = curve(data, epochs)
    theirs.to_csv(folder / "peer_atomai_curve.csv", index=False)
    print("\nAtomAI, test fields, by epoch")
    print(theirs.to_string(index=False))
    rows = pd.read_csv(ours)
    print("\nSorby, test fields, where training is stopped at a step: mean and sd of the seeds")
    numbers = ["cpu_seconds", "defect_f1", "macro_f1"]
    print(rows.groupby(["start", "stop"])[numbers].agg(["mean", "std"]).round(3).to_string())
    print("\nWithout labels, test fields")
    for name in SEGMENTERS:
        free = pd.DataFrame(score(SEGMENTERS[name], 0.5, split(data)[1], {})).mean()
        print(f"{name:16}{free['defect_f1']:.3f} / {free['macro_f1']:.3f}")


# ------------------------------------------------------------------ speed and memory


def speed(python: Path, data: Path, folder: Path) -> None:
    fields, out = folder / "fields.npz", folder / "speed.json"
    write_fields(data, fields)
    rows = []
    for turn in range(2):
        child(python, "peer_atomai_side.py", "speed", fields, out)
        theirs = json.loads(out.read_text())
        child(sys.executable, "peer_sorby_side.py", "speed", data, out)
        ours = json.loads(out.read_text())
        peak = max(theirs["peak"], ours.pop("peak"))
        first = theirs["patches_per_cpu_s"]
        sides = {"AtomAI, 256 px, batch 16": theirs, **{f"Sorby, {k}": v for k, v in ours.items()}}
        for name, one in sides.items():
            alone = one.get("network_alone_per_cpu_s", one["patches_per_cpu_s"])
            row = {
                "turn": turn,
                "what": name,
                "patches a CPU-s": one["patches_per_cpu_s"],
                "times AtomAI": one["patches_per_cpu_s"] / first,
                "MFLOP a patch": one["flops_a_patch"] / 1e6,
                "share of peak": one["flops_a_patch"] * one["patches_per_cpu_s"] / peak,
                "network alone": alone,
                "its share": one["flops_a_patch"] * alone / peak,
                "peak GFLOP/s": peak / 1e9,
            }
            rows.append(row)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def inference(python: Path, data: Path, folder: Path, weights: Path) -> None:
    field, out, found = folder / "field.npy", folder / "network.json", {}
    large_field(data, TIMED_PX, field)
    n_mpx = TIMED_PX**2 / 1e6
    ways = {
        "AtomAI's predictor": (python, "peer_atomai_side.py", weights),
        "Sorby, the same weights": (sys.executable, "peer_sorby_side.py", weights),
        "Sorby, fast": (sys.executable, "peer_sorby_side.py", "base"),
    }
    for name, (interpreter, script, model) in ways.items():
        child(interpreter, script, "predict", field, model, folder / "found.npz", 3)
        with np.load(folder / "found.npz", allow_pickle=False) as stored:
            seconds = float(np.median(stored["cpu_seconds"])) / n_mpx
            found[name] = stored["probability"], seconds
    also = onnx_runtime(folder / "onnx")
    child(sys.executable, "peer_sorby_side.py", "network", weights, field, out, also=also)
    theirs, first = found["AtomAI's predictor"]
    print(f"\nwhole path, {TIMED_PX} x {TIMED_PX} px: Mpx a CPU-s, times AtomAI")
    for name, (_, seconds) in found.items():
        print(f"{name:40}{1 / seconds:8.2f}{first / seconds:8.1f}")
    for name, engines in json.loads(out.read_text()).items():
        for engine, (seconds, n_apart) in engines.items():
            line = f"network alone, {name}, {engine}"
            print(f"{line:40}{1 / seconds:8.2f}{first / seconds:8.1f}  {n_apart} px from torch")
    same = found["Sorby, the same weights"][0]
    differ = int(np.count_nonzero((same >= 0.5) != (theirs >= 0.5)))
    print(f"pixels that differ: {differ} of {same.size}; largest {np.abs(same - theirs).max():.2g}")


def memory(python: Path, data: Path, folder: Path, weights: Path) -> None:
    fields, field, out = folder / "fields.npz", folder / "field.npy", folder / "found.npz"
    write_fields(data, fields)
    large_field(data, LARGE_PX, field)
    peer, ours = "peer_atomai_side.py", "peer_sorby_side.py"
    peaks = {
        "import alone": (child(python, peer, "start"), child(sys.executable, ours, "start")),
        "training, 384 patches": (
            child(python, peer, "hold", fields),
            child(sys.executable, ours, "hold", data),
        ),
        f"predicting {LARGE_PX} x {LARGE_PX} px": (
            child(python, peer, "predict", field, weights, out, 1),
            child(sys.executable, ours, "predict", field, "base", out, 1),
        ),
    }
    print("\npeak memory, GB: AtomAI, Sorby, ratio; both less the import, ratio")
    floor = peaks["import alone"]
    for name, (theirs, mine) in peaks.items():
        line = f"{name:36}{theirs:8.2f}{mine:8.2f}{theirs / mine:8.1f}"
        if name != "import alone":
            net = theirs - floor[0], mine - floor[1]
            line += f"{net[0]:10.2f}{net[1]:8.2f}{net[0] / net[1]:8.1f}"
        print(line)


def main(arguments: list[str]) -> int:
    parts = arguments[3:] or ["learn", "speed", "inference", "memory"]
    if len(arguments) < 3 or set(parts) - {"learn", "speed", "inference", "memory"}:
        print(__doc__)
        return 2
    folder, data, weights = (Path(word).resolve() for word in arguments[:3])
    folder.mkdir(parents=True, exist_ok=True)
    python = environment(folder / "atomai")
    for part in parts:
        match part:
            case "learn":
                learn(python, data, folder)
            case "speed":
                speed(python, data, folder)
            case "inference":
                inference(python, data, folder, weights)
            case "memory":
                memory(python, data, folder, weights)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
