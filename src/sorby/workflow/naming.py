"""Names of fields, and which file belongs to which field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from sorby.core.errors import ProjectError

_KINDS = re.compile(
    r"(?<![a-z])(unetched|polished|polish|pol|etched|etch|et|masks?|labels?|truth|gt|seg)(?![a-z])"
)


_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})


def field_names(paths: Sequence[Path]) -> dict[str, Path]:
    """Short unique names for image files.

    The stem serves where it is unique; folders are put before it where it is not, and the suffix is
    kept where one folder holds the stem twice.

    Parameters
    ----------
    paths : sequence of Path
        Image files, each once.

    Returns
    -------
    dict of str to Path
        By name, in the order given.

    Examples
    --------
    >>> list(field_names([Path("a/1.png"), Path("b/1.png"), Path("b/2.png")]))
    ['a/1', 'b/1', '2']
    """
    whole = {path: path.resolve().parts for path in paths}
    twice = Counter(path.resolve().with_suffix("") for path in paths)
    own = {p: p.stem if twice[p.resolve().with_suffix("")] == 1 else p.name for p in paths}
    names = dict(own)
    for depth in range(2, max(map(len, whole.values()), default=1) + 1):
        taken = Counter(names.values())
        for path, name in names.items():
            if taken[name] > 1 and len(whole[path]) >= depth:
                folders = [part.strip("/\\:") or "root" for part in whole[path][-depth:-1]]
                names[path] = "/".join([*folders, own[path]])
    return {name: path for path, name in names.items()}


def find_field(text: str, names: Mapping[str, Path]) -> str | None:
    """Field that a table's entry speaks of: its name, file name or the end of its path.

    Parameters
    ----------
    text : str
        As written in the table.
    names : mapping of str to Path
        From `field_names`.

    Returns
    -------
    str or None
        Name of the field; None where none or more than one fits.

    Examples
    --------
    >>> names = field_names([Path("cubes/A1.tif"), Path("cubes/A2.tif")])
    >>> find_field("A2.tif", names), find_field("cubes/A1", names), find_field("A3", names)
    ('A2', 'A1', None)
    """
    if text in names:
        return text
    wanted = PurePosixPath(text.replace("\\", "/"))
    bare = wanted.with_suffix("") if wanted.suffix.lower() in _SUFFIXES else wanted
    for spelling in (wanted, bare) if wanted.name else ():
        fits = [name for name, path in names.items() if _ends_with(path, spelling)]
        if fits:
            return fits[0] if len(fits) == 1 else None
    return None


def _ends_with(path: Path, end: PurePosixPath) -> bool:
    n = len(end.parts)
    return end.parts in (path.parts[-n:], path.with_suffix("").parts[-n:])


def pair_by_name(names: Mapping[str, Path], twins: Iterable[Path], kind: str) -> dict[str, Path]:
    """Etched images or masks of fields, matched by file name.

    Words that tell the kind of image ("polished", "etched", "mask", ...) and separators are
    left out of the comparison: ``A1_polished.tif`` and ``A1-etched.tif`` are twins.

    Parameters
    ----------
    names : mapping of str to Path
        Fields and their polished images.
    twins : iterable of Path
        Files to give out.
    kind : str
        "etched image" or "mask", for messages.

    Returns
    -------
    dict of str to Path
        Twin by field name; fields without one are left out.

    Raises
    ------
    ProjectError
        If a file matches no field, or several, or two files match one field.
    """
    keys: dict[str, list[str]] = {}
    for name, path in names.items():
        keys.setdefault(_key(path), []).append(name)
    found: dict[str, Path] = {}
    for twin in twins:
        fields = keys.get(_key(twin), [])
        if len(fields) > 1:
            fields = [f for f in fields if names[f].parent.name in twin.parts] or fields
        if len(fields) != 1 or fields[0] in found:
            fits = f"fits {' and '.join(fields)}" if fields else "fits no polished image"
            if fields and fields[0] in found:
                fits = f"fits {fields[0]}, as {found[fields[0]].name} does"
            raise ProjectError(
                f"The {kind} {twin} {fits} by its name. Name twins alike (A1_polished.tif, "
                f"A1_etched.tif), or name them in the fields table."
            )
        found[fields[0]] = twin
    return found


def looks_etched(path: Path) -> bool:
    """Whether the name of a file says that it shows an etched section.

    Examples
    --------
    >>> looks_etched(Path("A1-etched.tif")), looks_etched(Path("A1_unetched.tif"))
    (True, False)
    """
    return bool(re.search(r"(?<![a-z])(etched|etch)(?![a-z])", path.stem.lower()))


def _key(path: Path) -> str:
    stem = re.sub(r"[^a-z0-9]+", " ", path.stem.lower())
    return " ".join(_KINDS.sub(" ", stem).split()) or stem
