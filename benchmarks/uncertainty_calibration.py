"""Calibration, tables and figure of `uncertainty.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, logit
from uncertainty_members import N_CHOICES, N_MEMBERS, Model, Shelf

from sorby.core.records import IGNORE
from sorby.metrics import Reliability, reliability
from sorby.segment import base_model

if TYPE_CHECKING:
    from uncertainty import TestFields

UNSURE = (0.01, 0.99)
NEAREST = 1e-6
N_BINS = 15
CORRECTIONS = ("none", "temperature", "temperature and bias")
MODELS = {
    "base": "the box",
    "tuned": "1 from the box",
    "member": "1 member",
    "mean": "10 members",
}


def corrected(probability: np.ndarray, slope: float, bias: float) -> np.ndarray:
    """Probability whose logit is ``slope`` times the old one, plus ``bias``."""
    return expit(slope * logit(np.clip(probability, NEAREST, 1 - NEAREST)) + bias)


def fitted(probability: np.ndarray, truth: np.ndarray, correction: str) -> tuple[float, float]:
    """Slope (1 / temperature) and bias with the least cross entropy on validation pixels."""
    if correction == "none":
        return 1.0, 0.0
    logits = logit(np.clip(probability, NEAREST, 1 - NEAREST))

    def loss(values: np.ndarray) -> float:
        bias = values[1] if len(values) > 1 else 0.0
        z = np.exp(values[0]) * logits + bias
        return float(np.mean(np.logaddexp(0, z) - truth * z))

    start = [0.0, 0.0] if "bias" in correction else [0.0]
    found = minimize(loss, start, method="Nelder-Mead").x
    return float(np.exp(found[0])), float(found[1]) if len(found) > 1 else 0.0


def calibrate(test: TestFields, shelf: Shelf, family: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of calibration.csv and of bins.csv: each model, with each correction."""
    rows, bins = [], []
    members, tuned = shelf.many("A", range(N_MEMBERS)), shelf.many("tuned", range(N_CHOICES))
    every = tuple(one.micrograph.name for one in shelf.pool)
    cases = [("base", 0, [Model(base_model()[0], 0.0, every)]), ("mean", 0, members)]
    cases += [("tuned", number, [tuned[number]]) for number in range(N_CHOICES)]
    cases += [("member", number, [members[number]]) for number in range(N_CHOICES)]
    for name, choice, models in cases:
        plain = [test.look(model.segmenter) for model in models]
        own = [_validation(test, shelf, model) for model in models]
        is_unsure = (np.mean(plain, axis=0) > UNSURE[0]) & (np.mean(plain, axis=0) < UNSURE[1])
        for correction in CORRECTIONS:
            fits = [fitted(*validation, correction) for validation in own]
            p = np.mean([corrected(a, *fit) for a, fit in zip(plain, fits, strict=True)], axis=0)
            about = {"family": family, "model": name, "choice": choice, "correction": correction}
            slope, bias = np.mean(fits, axis=0)
            parts = {"all": np.ones(p.size, bool), "unsure": is_unsure}
            for part, kept in parts.items():
                said, true = p[kept], test.truth[kept]
                found = reliability(said, true, n_bins=N_BINS)
                inside = np.clip(said, NEAREST, 1 - NEAREST)
                nll = -np.mean(np.where(true, np.log(inside), np.log1p(-inside)))
                scores = {"ece": found.expected_error, "nll": nll, "n_px": int(kept.sum())}
                rows.append({**about, "part": part, "slope": slope, "bias": bias, **scores})
                for number in range(N_BINS):
                    numbers = {
                        "n_px": found.n_px[number],
                        "summed": found.summed_probability[number],
                        "n_defect": found.n_defect[number],
                    }
                    bins.append({**about, "part": part, "bin": number, **numbers})
    return pd.DataFrame(rows), pd.DataFrame(bins)


def _validation(test: TestFields, shelf: Shelf, model: Model) -> tuple[np.ndarray, np.ndarray]:
    held = [one for one in shelf.pool if one.micrograph.name in model.validated_on]
    samples = [one.valid & (one.mask != IGNORE) for one in held]
    pairs = list(zip(held, samples, strict=True))
    said = np.concatenate([test.plain(model.segmenter, one)[s] for one, s in pairs])
    return said.astype(float), np.concatenate([one.mask[s] == 1 for one, s in pairs])


# ---------------------------------------------------------------------- tables

SHOWN = (
    *("spearman_px", "spearman_inner_px", "spearman_crop", "caught_0.01", "caught_0.05"),
    *("inner_caught_0.01", "inner_caught_0.05", "auroc", "inner_auroc"),
    *("spearman_crop_errors", "cpu_train", "cpu_look"),
)


def summary(forms: pd.DataFrame, errors: str) -> pd.DataFrame:
    """Mean over the families of each choice; its mean, and as _sd its spread over choices."""
    kept = forms[(forms["errors"] == errors) | forms["errors"].isna()]
    keys = ["form", "measure"]
    each = kept.groupby([*keys, "choice"], sort=False)[list(SHOWN)].mean()
    mean = each.groupby(keys, sort=False).mean()
    return mean.join(each.groupby(keys, sort=False).std(), rsuffix="_sd")


def by_field(fields: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation over all fields: with the reference, and with the share that is wrong."""
    rows = []
    fields = fields.drop_duplicates(["form", "measure", "choice", "field"])
    for (form, measure, choice), own in fields.groupby(["form", "measure", "choice"], sort=False):
        ranks = own[["mean", "reference", "wrong_share"]].rank()
        inside = own.groupby("family")[["mean", "reference", "wrong_share"]].rank()
        rows.append(
            {
                **{"form": form, "measure": measure, "choice": choice},
                "reference": ranks["mean"].corr(ranks["reference"]),
                "reference_in_family": inside["mean"].corr(inside["reference"]),
                "wrong": ranks["mean"].corr(ranks["wrong_share"]),
                "wrong_in_family": inside["mean"].corr(inside["wrong_share"]),
            }
        )
    numbers = pd.DataFrame(rows).groupby(["form", "measure"], sort=False)
    return numbers.mean().drop(columns="choice")


def pooled_bins(bins: pd.DataFrame) -> pd.DataFrame:
    keys = ["model", "correction", "part", "bin"]
    return bins.groupby(keys, sort=False)[["n_px", "summed", "n_defect"]].sum().reset_index()


def _reliability(rows: pd.DataFrame) -> Reliability:
    return Reliability(*(rows[name].to_numpy() for name in ("n_px", "summed", "n_defect")))


def print_tables(tables: dict[str, pd.DataFrame]) -> None:
    wide = {"display.width": 250, "display.max_rows": 500, "display.max_columns": 50}
    with pd.option_context(*[part for pair in wide.items() for part in pair]):
        for errors in ("in use", "reference"):
            print(f"\nErrors of the mask {errors}")
            print(summary(tables["forms"], errors).round(3).to_string())
        forms = tables["forms"][tables["forms"]["errors"] == "in use"]
        for column in ("n_wrong", "n_wrong_inner"):
            counts = forms[forms["form"] == "at random"].groupby("family")[column]
            print(f"\n{column}\n{counts.agg(['mean', 'min', 'max'])}")
        print("\nBy family, caught_0.01 / inner_caught_0.05")
        shown = forms.groupby(["form", "measure", "family"], sort=False)
        print(shown[["caught_0.01", "inner_caught_0.05"]].mean().unstack().round(3).to_string())
        print(f"\nBy field\n{by_field(tables['fields']).round(3).to_string()}")
        keys = ["part", "model", "correction"]
        calibration = tables["calibration"].groupby([*keys, "family"], sort=False)
        print(f"\nECE\n{calibration['ece'].mean().unstack().round(4).to_string()}")
        print(f"\nNLL\n{calibration['nll'].mean().unstack().round(4).to_string()}")
        print(f"\nSlope\n{calibration['slope'].mean().unstack().round(3).to_string()}")
        print(f"\nBias\n{calibration['bias'].mean().unstack().round(3).to_string()}")
        pooled = pooled_bins(tables["bins"]).groupby(keys, sort=False)
        errors = {key: _reliability(rows).expected_error for key, rows in pooled}
        print(f"\nECE, pooled\n{pd.Series(errors).round(4).to_string()}")
        plain = pooled_bins(tables["bins"]).query("correction == 'none' and part == 'all'")
        for model, rows in plain.groupby("model", sort=False):
            found = _reliability(rows)
            shown = {"n_px": found.n_px, "said": found.mean_probability, "true": found.defect_share}
            print(f"\n{model}\n{pd.DataFrame(shown).round(3).to_string()}")


# ---------------------------------------------------------------------- figure

CURVES = {
    ("10 members", "doubt"): ("10 members, 4m(1-m) of the mean", "#0072B2", "-"),
    ("10 members", "spread"): ("10 members, spread", "#56B4E9", "--"),
    ("3 from the box", "doubt"): ("3 from the box, 4m(1-m)", "#D55E00", "-"),
    ("1 from the box", "doubt"): ("1 from the box, 4p(1-p)", "#E69F00", "-"),
    ("shared stem", "doubt"): ("shared stem, 5 heads, 4m(1-m)", "#009E73", "-"),
    ("nearness of the boundary", "none"): ("nearness of the boundary", "#555555", ":"),
    ("at random", "none"): ("at random", "#BBBBBB", "-"),
}
COLOURS = {"base": "#555555", "tuned": "#E69F00", "member": "#009E73", "mean": "#0072B2"}


def draw(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Reliability of the models, and how many errors the most uncertain pixels hold."""
    figure, axes = plt.subplots(1, 3, figsize=(12.6, 4.3), layout="constrained")
    _draw_reliability(axes[0], tables["bins"])
    forms = tables["forms"][tables["forms"]["errors"] == "in use"]
    _draw_catching(axes[1], forms, "caught_", "b  all wrong pixels")
    _draw_catching(axes[2], forms, "inner_caught_", "c  without pixels at the true boundary")
    axes[2].legend(frameon=False, fontsize=7.5, loc="lower right", bbox_to_anchor=(1.0, 0.06))
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _draw_reliability(axis: plt.Axes, bins: pd.DataFrame) -> None:
    plain = pooled_bins(bins).query("correction == 'none' and part == 'all'")
    axis.plot([0, 1], [0, 1], color="#BBBBBB", lw=1)
    for model, name in MODELS.items():
        found = _reliability(plain[plain["model"] == model])
        x, y = found.mean_probability, found.defect_share
        axis.plot(x, y, "o-", color=COLOURS[model], ms=3.5, lw=1.3, label=name)
    axis.set(xlabel="probability of defect", ylabel="share that is defect", aspect="equal")
    axis.set(xlim=(0, 1), ylim=(0, 1))
    axis.set_title("a  reliability, three families pooled", loc="left", fontsize=10)
    axis.legend(frameon=False, fontsize=8, loc="upper left")
    axis.spines[["top", "right"]].set_visible(False)


def _draw_catching(axis: plt.Axes, forms: pd.DataFrame, prefix: str, title: str) -> None:
    columns = [name for name in forms if name.startswith(prefix)]
    shares = [100 * float(name.removeprefix(prefix)) for name in columns]
    for (form, measure), (label, colour, line) in CURVES.items():
        own = forms[(forms["form"] == form) & (forms["measure"] == measure)]
        values = 100 * own.groupby("choice")[columns].mean()
        axis.plot(shares, values.mean(), line, color=colour, lw=1.5, label=label)
        axis.fill_between(shares, values.min(), values.max(), color=colour, alpha=0.15, lw=0)
    axis.set_xscale("log")
    axis.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10, 20], ["0.1", "0.2", "0.5", *"125", "10", "20"])
    axis.minorticks_off()
    axis.set(xlabel="most uncertain pixels looked at, %", ylabel="wrong pixels among them, %")
    axis.set_ylim(0, 100)
    axis.set_title(title, loc="left", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
