"""Test fields are set aside once, before anything is learnt, and stay locked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sorby.core.errors import ProjectError
from sorby.core.rng import generator

if TYPE_CHECKING:
    from sorby.project import Field, Project

TEST_SHARE = 0.2
LEAST_TEST_FIELDS = 3

_LOCKED = "locked_with"


def project_seed(project: Project) -> int:
    """Seed that decides what a project draws at random; 0 unless it was made with another."""
    return int(project.note("seed") or 0)


def lock_test_fields(project: Project) -> list[str]:
    """Set test fields aside if none is marked, and lock shifted or resized copies of them.

    Done once for a set of fields: the next call says the same and changes nothing.

    Parameters
    ----------
    project : Project
        With at least one field.

    Returns
    -------
    list of str
        What was set aside and locked, and what to know of it.
    """
    from sorby.project import history

    images = json.dumps(sorted(project.picture_hashes().items()))
    kept = json.loads(project.note(_LOCKED) or "{}")
    if kept.get("images") == images:
        return list(kept["notes"])
    groups = near_duplicate_groups(project)
    fields = project.fields()
    notes, tests = _choose(fields, groups, project_seed(project), _learnt_from(project))
    copies = _copies(fields, groups, tests)
    if copies:
        said = ", ".join(f"{name} (of {test})" for name, test in list(copies.items())[:6])
        notes.append(f"Locked as shifted or resized copies of test fields: {said}.")
    with project.transaction():
        project.lock(tests, copies)
        project.set_note(_LOCKED, json.dumps({"images": images, "notes": notes}))
        project.record(
            history.new_record(
                "lock test fields",
                settings={"seed": project_seed(project), "tests": tests, "copies": copies},
            )
        )
    return notes


def pool_fields(project: Project) -> list[Field]:
    """Fields that may be chosen and learnt from: no test field, no copy of one."""
    pool = [field for field in project.fields() if not field.is_locked]
    if not pool:
        raise ProjectError(
            f"All {len(project.fields())} fields of {project.folder} are locked for tests: none is "
            "left to label. Mark fewer as test in the fields table, or add fields."
        )
    return pool


def labelled_names(project: Project) -> set[str]:
    """Fields whose current mask a person made."""
    return {name for name, mask in project.masks().items() if mask.source == "person"}


def near_duplicate_groups(project: Project) -> dict[str, int]:
    """Number of the group of near-duplicates of every field, by name; computed once."""
    images = json.dumps(sorted(project.picture_hashes().items()))
    kept = json.loads(project.note("near_duplicates") or "{}")
    if kept.get("images") == images:
        return {str(name): int(number) for name, number in kept["groups"].items()}
    from sorby.features import near_duplicate_fields

    fields = project.fields()
    numbers = near_duplicate_fields(
        (project.read_picture(field) for field in fields),
        valid=[field.valid() for field in fields],
        um_per_px=[field.um_per_px for field in fields],
    )
    groups = {field.name: int(n) for field, n in zip(fields, numbers, strict=True)}
    project.set_note("near_duplicates", json.dumps({"images": images, "groups": groups}))
    return groups


def split_groups(project: Project, fields: Sequence[Field]) -> list[int]:
    """Number of what belongs together in a split: fields of a specimen, and near-duplicates."""
    return _merged(fields, near_duplicate_groups(project), by_specimen=True)


def _learnt_from(project: Project) -> set[str]:
    """Fields that a model of the project has learnt from: images added later are drawn instead."""
    trainings = (model.card.settings["training"] for model in project.models.all())
    return {name for training in trainings for name in training["images"]}


def _choose(
    fields: Sequence[Field], copies: dict[str, int], seed: int, learnt: set[str]
) -> tuple[list[str], list[str]]:
    """Notes, and the fields to set aside, where none is marked."""
    marked = [field for field in fields if field.split == "test"]
    if marked:
        return _notes_on_marked(fields, marked), []
    wanted = max(LEAST_TEST_FIELDS, round(TEST_SHARE * len(fields)))
    if len(fields) < wanted + 2:
        return [
            f"{len(fields)} fields are too few to set {wanted} aside for tests: the model cannot "
            "be evaluated. Add fields, or mark some as test in the fields table."
        ], []
    by = "specimen" if any(field.specimen for field in fields) else "field"
    groups = _merged(fields, copies, by_specimen=True)
    tests = _draw(groups, wanted, generator(seed), _known(fields, groups, learnt))
    if not wanted <= len(tests) <= len(fields) / 2:
        by, groups = "field", _merged(fields, copies, by_specimen=False)
        tests = _draw(groups, wanted, generator(seed), _known(fields, groups, learnt))
    if len(tests) < wanted:
        return [
            f"A model has learnt from too many of the {len(fields)} fields to set {wanted} others "
            "aside for tests: it cannot be evaluated. Add fields of other places."
        ], []
    if len(tests) > max(wanted, len(fields) / 2):
        return [
            f"{max(map(groups.count, groups))} of {len(fields)} fields overlap or repeat one "
            "another: none can be set aside for tests, and the model cannot be evaluated. Add "
            "fields of other places, or mark some as test in the fields table."
        ], []
    names = [fields[number].name for number in tests]
    return [
        f"No field is marked as test: {len(names)} of {len(fields)} were set aside by {by} "
        f"(seed {seed}) and are locked: {', '.join(names)}."
    ], names


def _notes_on_marked(fields: Sequence[Field], marked: Sequence[Field]) -> list[str]:
    shared = {f.specimen for f in marked if f.specimen} & {
        f.specimen for f in fields if f.split != "test" and f.specimen
    }
    if not shared:
        return []
    return [
        f"Specimens with fields on both sides of your split: {', '.join(sorted(shared))}. Scores "
        "may be too good: fields of one specimen look alike."
    ]


def _merged(fields: Sequence[Field], copies: dict[str, int], *, by_specimen: bool) -> list[int]:
    """Number of each field's group: specimen (or the field alone) joined with its copies."""
    names = [f.specimen if by_specimen and f.specimen else f"field {f.name}" for f in fields]
    numbers = list(range(len(fields)))
    for keys in (names, [copies[f.name] for f in fields]):
        first: dict[object, int] = {}
        for position, key in enumerate(keys):
            joined, old = numbers[first.setdefault(key, position)], numbers[position]
            numbers = [joined if number == old else number for number in numbers]
    return numbers


def _known(fields: Sequence[Field], groups: Sequence[int], learnt: set[str]) -> set[int]:
    """Groups of which a model has seen a field."""
    return {number for field, number in zip(fields, groups, strict=True) if field.name in learnt}


def _draw(
    groups: Sequence[int], wanted: int, rng: np.random.Generator, known: set[int]
) -> list[int]:
    """Positions of whole groups, drawn until there are enough, those that overshoot left for last.

    Groups that a model knows are never drawn. Ends with at least ``wanted`` positions where the
    others have so many.
    """
    sizes = {number: groups.count(number) for number in dict.fromkeys(groups)}
    order = [list(sizes)[i] for i in rng.permutation(len(sizes))]
    chosen: set[int] = set()
    n = 0
    for limit in (1.5 * wanted, float("inf")):
        for number in order:
            is_free = number not in chosen and number not in known
            if n < wanted and is_free and n + sizes[number] <= limit:
                chosen.add(number)
                n += sizes[number]
    return [position for position, number in enumerate(groups) if number in chosen]


def _copies(
    fields: Sequence[Field], groups: dict[str, int], tests: Sequence[str]
) -> dict[str, str]:
    """Pool fields that show a test field, with its name."""
    locked = {f.name for f in fields if f.split == "test"} | set(tests)
    test_of = {groups[name]: name for name in sorted(locked, reverse=True)}
    return {
        field.name: test_of[groups[field.name]]
        for field in fields
        if field.name not in locked and groups[field.name] in test_of
    }
