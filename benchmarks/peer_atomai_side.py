"""What is run inside AtomAI's environment by ``peer_atomai.py``; Sorby is not imported here.

    python peer_atomai_side.py learn FIELDS.npz FOLDER CAP_CPU_SECONDS
    python peer_atomai_side.py speed FIELDS.npz OUT.json
    python peer_atomai_side.py predict FIELD.npy WEIGHTS.pth OUT.npz REPEATS
    python peer_atomai_side.py hold FIELDS.npz
    python peer_atomai_side.py start

FIELDS.npz holds image_0, mask_0, image_1, ... and ``trains`` (which of them are learnt from).
``learn`` appends a line an epoch to FOLDER/epochs.csv and goes on where it was stopped. ``hold``
prepares the patches and takes a few steps, ``start`` imports AtomAI and ends: their peak memory
is measured from outside.
"""

from __future__ import annotations

import csv
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

PATCH_PX, PATCHES_PER_FIELD, BATCH = 256, 64, 16
VARIATION = {
    "rotation": True,
    "zoom": 1.1,
    "gauss_noise": [0, 25],
    "poisson_noise": [30, 34],
    "salt_and_pepper": [0, 10],
    "blur": [1, 20],
    "contrast": [8, 13],
}
"""The paper's list of operations with the ranges of Sorby's preset ``paper``: milder than AtomAI's
own defaults. In the paper's call rotation and zoom never run; here they do."""


def minmax(image: np.ndarray) -> np.ndarray:
    return (image - image.min()) / np.ptp(image)


def read_fields(path: Path) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        n = len(stored["trains"])
        images = [minmax(stored[f"image_{i}"].astype(np.float64)) for i in range(n)]
        masks = [stored[f"mask_{i}"] for i in range(n)]
        return images, masks, stored["trains"]


def patches(images: list[np.ndarray], masks: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Crops of all fields, varied once, as the paper prepares them."""
    from atomai.transforms import datatransform
    from atomai.utils import extract_patches_

    cut = [
        extract_patches_(image, mask, PATCH_PX, PATCHES_PER_FIELD, random_state=number)
        for number, (image, mask) in enumerate(zip(images, masks, strict=True))
    ]
    crops, labels = (np.concatenate(parts) for parts in zip(*cut, strict=True))
    vary = datatransform(
        n_channels=1,
        dim_order_in="channel_last",
        dim_order_out="channel_first",
        seed=1,
        **VARIATION,
    )
    return vary.run(crops, labels[..., None])


def compiled(crops: np.ndarray, labels: np.ndarray):  # type: ignore[no-untyped-def]
    """AtomAI's model with its data, as its ``fit`` prepares it: four in five patches train."""
    import atomai
    from sklearn.model_selection import train_test_split

    seen, held, seen_labels, held_labels = train_test_split(
        crops, labels, test_size=0.2, random_state=1
    )
    model = atomai.models.Segmentor(model="Unet", nb_classes=1)
    model.compile_trainer(
        (seen, seen_labels, held, held_labels),
        loss="ce",
        training_cycles=1,
        batch_size=BATCH,
        full_epoch=True,
    )
    return model


def rate(share: float) -> float:
    """The paper's three rates, over the CPU-seconds that there are."""
    return 1e-3 if share < 0.5 else 1e-4 if share < 0.75 else 1e-5


def probability(model, image: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    found = model.predict(image, compute_coords=False, verbose=False)
    return found[0, : image.shape[0], : image.shape[1], 0]


def learn(fields: Path, folder: Path, cap: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    epochs, state = folder / "epochs.csv", folder / "state.pt"
    images, masks, trains = read_fields(fields)
    began = time.process_time()
    crops, labels = patches(*([one[i] for i in np.flatnonzero(trains)] for one in (images, masks)))
    model = compiled(crops, labels)
    spent, epoch = time.process_time() - began, 0
    if state.exists():
        known = torch.load(state, weights_only=True)
        model.net.load_state_dict(known["network"])
        model.optimizer.load_state_dict(known["optimiser"])
        spent, epoch = known["spent"], known["epoch"]
        torch.manual_seed(1000 + epoch)
    else:
        print(f"{len(crops)} patches prepared in {spent:.0f} CPU-seconds", flush=True)
    while spent < cap:
        now = rate(spent / cap)
        for group in model.optimizer.param_groups:
            group["lr"] = now
        began = time.process_time()
        model.step_full()
        spent, epoch = spent + time.process_time() - began, epoch + 1
        found = {f"probability_{i}": probability(model, image) for i, image in enumerate(images)}
        np.savez(folder / f"epoch_{epoch:03d}.npz", **found)
        torch.save(model.net.state_dict(), folder / f"epoch_{epoch:03d}.pth")
        torch.save(
            {
                "network": model.net.state_dict(),
                "optimiser": model.optimizer.state_dict(),
                "spent": spent,
                "epoch": epoch,
            },
            state,
        )
        losses = [model.loss_acc[name][-1] for name in ("train_loss", "test_loss")]
        row = [epoch, round(spent, 1), now, *(round(float(loss), 6) for loss in losses)]
        is_new = not epochs.exists()
        with epochs.open("a", newline="") as out:
            writer = csv.writer(out)
            if is_new:
                writer.writerow(["epoch", "cpu_seconds", "rate", "train_loss", "held_loss"])
            writer.writerow(row)
        print(*row, flush=True)


def gemm_peak() -> float:
    """FLOP a CPU-second of a single precision matrix product, the best of several."""
    left, right = torch.rand(2048, 2048), torch.rand(2048, 2048)
    times = []
    for _ in range(8):
        began = time.process_time()
        left @ right
        times.append(time.process_time() - began)
    return 2 * 2048**3 / min(times)


def speed(fields: Path, out: Path) -> None:
    """Patches a CPU-second of AtomAI's own training step over its own loader."""
    from torch.utils.flop_counter import FlopCounterMode

    images, masks, trains = read_fields(fields)
    crops, labels = patches(*([one[i] for i in np.flatnonzero(trains)] for one in (images, masks)))
    model = compiled(crops, labels)
    batches = [batch for batch, _ in zip(model.train_loader, range(5), strict=False)]
    with FlopCounterMode(display=False) as counter:
        model.train_step(*batches[0])
    times = []
    for _ in range(2):
        for batch in batches:
            began = time.process_time()
            model.train_step(*batch)
            times.append(time.process_time() - began)
    flops = counter.get_total_flops() / BATCH
    found = {
        "patches_per_cpu_s": BATCH / float(np.median(times)),
        "flops_a_patch": flops,
        "peak": gemm_peak(),
    }
    out.write_text(json.dumps(found))


def predict(field: Path, weights: Path, out: Path, repeats: int) -> None:
    """AtomAI's predictor with given weights: probability and CPU-seconds."""
    import atomai

    model = atomai.models.Segmentor(model="Unet", nb_classes=1)
    model.net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    # AtomAI's first prediction passes noise through the network to learn its stride. In training
    # mode, as a model is made, that would shift the normalisation's running averages.
    model.net.eval()
    image = np.load(field, allow_pickle=False)
    times = []
    for _ in range(repeats):
        began = time.process_time()
        found = probability(model, image)
        times.append(time.process_time() - began)
    np.savez(out, probability=found, cpu_seconds=times)


def hold(fields: Path) -> None:
    """Prepare the patches and take a few steps: memory does not grow after those."""
    images, masks, trains = read_fields(fields)
    crops, labels = patches(*([one[i] for i in np.flatnonzero(trains)] for one in (images, masks)))
    model = compiled(crops, labels)
    for batch, _ in zip(model.train_loader, range(3), strict=False):
        model.train_step(*batch)
    for batch, _ in zip(model.test_loader, range(1), strict=False):
        model.test_step(*batch)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["learn", fields, folder, cap]:
            learn(Path(fields), Path(folder), float(cap))
        case ["speed", fields, out]:
            speed(Path(fields), Path(out))
        case ["predict", field, weights, out, repeats]:
            predict(Path(field), Path(weights), Path(out), int(repeats))
        case ["hold", fields]:
            hold(Path(fields))
        case ["start"]:
            import atomai  # noqa: F401
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
