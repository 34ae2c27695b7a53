"""Answers of the learning loop as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sorby.cli.answers import percent, table, with_notes

_SHOWN = ("macro_f1", "defect_f1", "precision", "recall")


def selected(answer: dict[str, Any], folder: Path) -> str:
    """Answer of ``sorby select``."""
    rows = [[pick["image"], pick["reason"]] for pick in answer["picks"]]
    text = (
        f"Round {answer['round']}, {answer['strategy']}: {len(rows)} of {answer['n_pool']} fields "
        f"({answer['n_labelled']} labelled already).\n{table(['image', 'why'], rows)}\n"
        f"Next: correct their masks (sorby predict {folder}; sorby masks export {folder} masks/), "
        f"then sorby masks import {folder} masks/ and sorby train {folder}"
    )
    bare = answer["test_without_mask"]
    if bare:
        fields = f"the {len(bare)} test fields" if len(bare) > 1 else "the test field"
        text += f"\nLabel {fields} too, once, for sorby evaluate: {', '.join(bare)}"
    return with_notes(text, answer)


def trained_model(answer: dict[str, Any], folder: Path) -> str:
    """Answer of ``sorby train``."""
    if not answer["is_new"]:
        text = f"Nothing has changed since model {answer['model']}, which is in use."
        return with_notes(text, answer)
    text = (
        f"Model {answer['model']} is in use: trained on {len(answer['trained_on'])} fields in "
        f"{answer['seconds']:.0f} s, macro-F1 {answer['validation_macro_f1']:.3f} on "
        f"{len(answer['validated_on'])} others ({', '.join(answer['validated_on'][:4])}), "
        f"threshold {answer['threshold']:.2f}.\nNext: sorby predict {folder}"
    )
    return with_notes(text, answer)


def scored(answer: dict[str, Any]) -> str:
    """Answer of ``sorby evaluate``."""
    lines = {f"model {answer['model']}": answer, **answer["baselines"]}
    rows = [
        [name, *(_mean_sd(score[key]) for key in _SHOWN), f"{score['pooled']['macro_f1']:.3f}"]
        for name, score in lines.items()
    ]
    head = ["", *(name.replace("_f1", "-F1") for name in _SHOWN), "pooled macro-F1"]
    text = (
        f"{answer['n']} locked test fields, mean ± sd over fields:\n{table(head, rows)}\n"
        f"pooled over all pixels: defect-F1 {answer['pooled']['defect_f1']:.3f}, "
        f"precision {answer['pooled']['precision']:.3f}, recall {answer['pooled']['recall']:.3f}"
    )
    if len(answer["classes"]) > 1:
        classes = ((name, _mean_sd(score)) for name, score in answer["classes"].items())
        text += "\n" + table(["class", "F1"], classes)
    return with_notes(text, answer)


def _mean_sd(score: Mapping[str, float]) -> str:
    sd = score["sd"]
    return f"{score['mean']:.3f}" + ("" if sd is None or sd != sd else f" ± {sd:.3f}")


def shelved(answer: dict[str, Any], folder: Path) -> str:
    """Answer of ``sorby models``."""
    if not answer["models"]:
        return f"No model yet: sorby train {folder}"
    rows = [
        [
            model["number"],
            _state(model, answer["current"]),
            model["preset"],
            model["n_trained_on"],
            f"{model['validation_macro_f1']:.3f}",
            model["threshold"],
            model["time"],
            ", ".join(model["classes"]),
        ]
        for model in answer["models"]
    ]
    head = ["model", "", "preset", "fields", "validation", "threshold", "made", "classes"]
    text = table(head, rows)
    return f"{text}\nThe model in use is in {answer['exported']}" if answer["exported"] else text


def _state(model: dict[str, Any], current: int | None) -> str:
    states = ["in use"] if model["number"] == current else []
    return ", ".join([*states, *([] if model["is_whole"] else ["file lost"])])


def ran_rounds(answer: dict[str, Any]) -> str:
    """Answer of ``sorby run --annotator``."""
    rows = [
        [
            one["round"],
            one["n_labelled"],
            _mean_sd(one["macro_f1"]),
            _mean_sd(one["defect_f1"]),
            f"{one['seconds']['select'] + one['training_seconds'] + one['seconds']['evaluate']:.0f}"
            + (" (known)" if one["training_was_known"] else ""),
            ", ".join(one["picks"]),
        ]
        for one in answer["rounds"]
    ]
    text = (
        f"{answer['strategy']}, labels by {answer['annotator']}, seed {answer['seed']}\n"
        + table(["round", "labelled", "macro-F1", "defect-F1", "seconds", "picks"], rows)
    )
    for name, score in answer["rounds"][-1]["baselines"].items() if answer["rounds"] else ():
        text += f"\n{name}: macro-F1 {_mean_sd(score['macro_f1'])}, defect-F1 " + _mean_sd(
            score["defect_f1"]
        )
    return with_notes(text, answer)


def experimented(answer: dict[str, Any]) -> str:
    """Answer of ``sorby experiment``."""
    synthetic = " SYNTHETIC images." if answer["synthetic"] else ""
    rows = [
        [
            one["strategy"],
            one["round"],
            f"{one['n_labelled']:.0f}",
            *(_mean_sd({"mean": one[k], "sd": one[f"{k}_sd"]}) for k in _SHOWN[:2]),
            f"{one['wasserstein']:.2f}",
            f"{one['actions']:.0f} ({one['actions_drawn']:.0f})",
        ]
        for one in answer["by_round"]
    ]
    head = ["strategy", "round", "labelled", "macro-F1", "defect-F1", "Wasserstein",
            "actions (drawn)"]  # fmt: skip
    free = [
        f"{one['way']}: macro-F1 {_mean_sd({'mean': one['macro_f1'], 'sd': one['macro_f1_sd']})}"
        for one in answer["baselines"]
    ]
    times = [
        f"{one['what']}: {one['mean']:.1f} s, {one['largest']:.1f} s at most ({one['n']}; goal "
        f"{one['goal']:.0f} s)"
        for one in answer["times"]
    ]
    text = (
        f"{answer['seeds_reached']} of {answer['seeds']} seeds, {answer['n_test']} test images, "
        f"mean ± sd over seeds.{synthetic}\n{table(head, rows)}\nWithout labels (± sd over "
        f"images): {'; '.join(free)}"
    )
    told = [one["sentence"] for one in answer["comparisons"]]
    return with_notes("\n".join([text, *told, *times, f"The page is {answer['page']}"]), answer)


def worked(answer: dict[str, Any]) -> str:
    """Answer of ``sorby effort``."""
    if not answer["images"]:
        return "No mask has been corrected on the page yet: sorby app DIR opens it."
    head = ["round", "images", "defects", "in bulk", "corrected", "s/defect", "actions/defect",
            "actions/corrected", "drawn: s/defect", "drawn: actions/defect", "saved time",
            "saved actions"]  # fmt: skip
    keys = ["round", "n_images", "n_defects", "n_in_bulk", "n_corrected", "seconds_per_defect",
            "actions_per_defect", "actions_per_corrected", "nothing_seconds_per_defect",
            "nothing_actions_per_defect"]  # fmt: skip
    rows = [
        [
            *(one[key] for key in keys),
            *(percent(one[f"saved_{k}"], 0) for k in ("seconds", "actions")),
        ]
        for one in answer["rounds"]
    ]
    text = table(head, rows) + _in_bulk(answer["rounds"])
    if answer["rounds"] and not answer["rounds"][0]["nothing_n_images"]:
        text += "\nNo image has been drawn from nothing: there is nothing to compare with yet."
    return f"{text}\nBy image: {answer['file']}" if answer["file"] else text


def _in_bulk(rounds: list[dict[str, Any]]) -> str:
    n, n_all, n_images = (
        sum(one[key] for one in rounds) for key in ("n_in_bulk", "n_defects", "n_images_in_bulk")
    )
    if not n:
        return ""
    return (
        f"\n{n} of {n_all} defects, in {n_images} images, were accepted in bulk: one action, no "
        "look at each. They count in every ratio above and make it look better."
    )
