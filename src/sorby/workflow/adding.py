"""More images for a project that there is: uploads, a folder, the synthetic sample."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sorby.core.errors import ProjectError, ReadError, SettingError, SorbyError
from sorby.core.files import content_hash
from sorby.core.progress import OnStep, silent
from sorby.core.rng import generator
from sorby.workflow.inspecting import ImportPlan, check_twin, inspect_image
from sorby.workflow.naming import looks_etched, pair_by_name

if TYPE_CHECKING:
    from sorby.project import Project

FORMATS = ("png", "jpeg", "tiff", "bmp")
"""What may be uploaded: nothing that a plug-in reads."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(text: str) -> str:
    r"""Name of a file as a person called it, without anything a file system could misread.

    Parameters
    ----------
    text : str
        What a client says: a name, perhaps with folders of its own.

    Returns
    -------
    str
        A printable last part of 1 to 120 characters.

    Examples
    --------
    >>> safe_name(r"C:\lab\A1.tif"), safe_name("../../etc/passwd"), safe_name("nul.png")
    ('A1.tif', 'passwd', '_nul.png')
    """
    last = re.split(r"[/\\]", text)[-1]
    plain = "".join("_" if c in '<>:"|?*' or not c.isprintable() else c for c in last)
    plain = plain.strip(" .")[-120:] or "image"
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain


def add_images(
    folder: Path,
    *,
    files: Sequence[tuple[str, str]],
    etched_of: str | None = None,
    copy: bool = True,
    on_step: OnStep = silent,
) -> dict[str, Any]:
    """Add images to a project; each is taken whole or refused with its reason.

    Parameters
    ----------
    folder : Path
        The project.
    files : sequence of (path, name)
        Where each file is, and what a person calls it. Twins are paired by name.
    etched_of : str, optional
        Field whose etched twin the one file is.
    copy : bool
        Copy the images into the project; otherwise they are referenced.
    on_step : callable
        Told after each file.

    Returns
    -------
    dict
        ``added`` (names of fields), ``refused`` (``file``, ``error``).
    """
    from sorby.project import Project

    with Project.open(folder) as project:
        if etched_of is not None:
            return _add_twin_alone(project, files, etched_of)
        named = [(Path(path), safe_name(name)) for path, name in files]
        return _add_all(project, named, copy, on_step)


def _add_twin_alone(
    project: Project, files: Sequence[tuple[str, str]], etched_of: str
) -> dict[str, Any]:
    from sorby.project.changes import field_of

    field = field_of(project, etched_of)
    if len(files) != 1:
        raise SettingError(f"{len(files)} files were given. {etched_of!r} takes one etched image.")
    path, name = Path(files[0][0]), safe_name(files[0][1])
    try:
        _take_twin(project, field.name, path)
    except SorbyError as error:
        return {"added": [], "refused": [{"file": name, "error": _said(error, path, name)}]}
    return {"added": [field.name], "refused": []}


def _take_twin(project: Project, name: str, path: Path) -> None:
    from sorby.io import read_micrograph
    from sorby.project import history
    from sorby.project.changes import add_twin, field_of

    _refuse_format(path)
    field = field_of(project, name)
    etched = read_micrograph(path, um_per_px=field.um_per_px or 1.0)
    check_twin(project.read_picture(field), etched, name)
    with project.transaction():
        add_twin(project, name, path)
        inputs = {f"{name} etched": content_hash(path)}
        project.record(history.new_record("add etched image", inputs=inputs))


def _add_all(
    project: Project, named: Sequence[tuple[Path, str]], copy: bool, on_step: OnStep
) -> dict[str, Any]:
    polished = [(p, n) for p, n in named if not looks_etched(Path(n))]
    etched = [(p, n) for p, n in named if looks_etched(Path(n))]
    known = {field.name: Path(field.name) for field in project.fields()}
    fresh = {Path(n).stem: Path(n) for _, n in polished}
    twins, alone = _paired({**known, **fresh}, etched)
    added, refused = [], []
    work = [*polished, *alone]
    for done, (path, name) in enumerate(work, start=1):
        own = twins.pop(Path(name).stem, None)
        try:
            refused += _add_one(project, path, name, own, copy)
            added.append(Path(name).stem)
        except SorbyError as error:
            refused.append({"file": name, "error": _said(error, path, name)})
        on_step(done, len(work), image=name)
    for field, (path, name) in twins.items():
        try:
            _take_twin(project, field, path)
            added.append(field)
        except SorbyError as error:
            refused.append({"file": name, "error": _said(error, path, name)})
    return {"added": added, "refused": refused}


def _paired(
    names: dict[str, Path], etched: Sequence[tuple[Path, str]]
) -> tuple[dict[str, tuple[Path, str]], list[tuple[Path, str]]]:
    """Etched file by field; those that fit no field are images of their own."""
    twins: dict[str, tuple[Path, str]] = {}
    alone = []
    for path, name in etched:
        free = {key: value for key, value in names.items() if key not in twins}
        try:
            (field,) = pair_by_name(free, [Path(name)], "etched image")
            twins[field] = (path, name)
        except ProjectError:
            alone.append((path, name))
    return twins, alone


def _add_one(
    project: Project, path: Path, name: str, twin: tuple[Path, str] | None, copy: bool
) -> list[dict[str, str]]:
    """Add one field; what is said of a twin that does not fit."""
    from sorby.project import history
    from sorby.project.history import tagged

    _refuse_format(path)
    stem = Path(name).stem
    _refuse_known(project, path, stem)
    plan = ImportPlan(
        names={stem: path},
        rows={},
        etched={stem: twin[0]} if twin else {},
        masks={},
        mask_values=None,
        um_per_px=None,
        keep_bars=False,
        page=0,
        classes=(),
        seed=0,
        table={},
    )
    field, pictures, _ = inspect_image(stem, plan)
    with project.transaction():
        project.add_field(field, pictures, copy=copy)
        hashes = {stem: content_hash(path)}
        etched = {stem: content_hash(twin[0])} if twin and "etched" in pictures else {}
        project.record(history.new_record("add image", inputs=hashes | tagged(etched, "etched")))
    return [
        {"file": twin[1], "error": _said(ReadError(text), twin[0], twin[1])}
        for text in plan.problems
        if twin is not None
    ]


def _refuse_known(project: Project, path: Path, name: str) -> None:
    same = [n for n, sha256 in project.picture_hashes().items() if sha256 == content_hash(path)]
    if same:
        raise SettingError(f"{path} is the same image as {same[0]!r}, which the project has.")
    if name in {field.name for field in project.fields()}:
        raise SettingError(
            f"{path}: the project has another image called {name!r}. Rename the file."
        )


def _refuse_format(path: Path) -> None:
    from sorby.io.limits import checked_file
    from sorby.io.micrographs import format_of

    found = format_of(checked_file(path))
    if found not in FORMATS:
        raise ReadError(f"{path} is of the kind {found}. PNG, JPEG, TIFF and BMP are taken.")


def _said(error: SorbyError, path: Path, name: str) -> str:
    """Message with the name a person knows in place of where the file was put."""
    text = str(error).replace(str(path), name)
    return text.replace(path.name, name)


def add_folder(folder: Path, *, path: str, on_step: OnStep = silent) -> dict[str, Any]:
    """Add the images of a folder under the user's home or beside the project; they stay there.

    Parameters
    ----------
    folder : Path
        The project.
    path : str
        Absolute, or relative to the folder that the project is in.
    on_step : callable
        Told after each file.

    Returns
    -------
    dict
        As `add_images`.

    Raises
    ------
    SettingError
        If the folder is elsewhere.
    ReadError
        If it holds no image.
    """
    from sorby.io import micrograph_paths

    root = Path(folder).resolve().parent
    try:
        wanted = (root / Path(path).expanduser()).resolve()
        homes = [root, Path.home().resolve()]
        is_fine = any(wanted.is_relative_to(home) for home in homes) and wanted.is_dir()
    except (OSError, ValueError, RuntimeError) as error:
        raise SettingError(f"{path[:200]!r} is no folder that can be looked at.") from error
    if not is_fine:
        raise SettingError(
            f"{path[:200]!r} is not a folder under {root} or your home folder. Copy the images "
            "there, or drop them on the page."
        )
    found = [file for file in micrograph_paths([wanted]) if file.resolve().is_relative_to(wanted)]
    files = [(str(file), file.name) for file in found]
    return add_images(folder, files=files, copy=False, on_step=on_step)


def add_sample(folder: Path, *, on_step: OnStep = silent) -> dict[str, Any]:
    """Fill an empty project with a small synthetic build: twelve fields and their etched twins.

    Parameters
    ----------
    folder : Path
        The project.
    on_step : callable
        Told after each field.

    Returns
    -------
    dict
        ``added`` (names of fields).

    Raises
    ------
    ProjectError
        If the project holds images.
    """
    from sorby.io import write_micrograph
    from sorby.project import Project, cache_folder
    from sorby.synthetic import lpbf_build

    place = cache_folder(Path(folder)) / f"sample-{secrets.token_hex(4)}"
    added = []
    try:
        with Project.open(folder) as project:
            if project.fields():
                raise ProjectError("The project holds images: the sample is for an empty one.")
            project.set_note("synthetic", "lpbf_build")
            for done, field in enumerate(lpbf_build(rng=generator(0), fields_per_condition=1), 1):
                paths = {
                    kind: place / kind / f"{field.name}.png" for kind in ("polished", "etched")
                }
                for kind, path in paths.items():
                    write_micrograph(path, getattr(field, kind))
                _add_synthetic(project, field, paths)
                added.append(field.name)
                on_step(done, 12, step="sample", image=field.name)
    finally:
        with suppress(OSError):
            shutil.rmtree(place)
    return {"added": added}


def _add_synthetic(project: Project, made: Any, paths: dict[str, Path]) -> None:
    plan = ImportPlan(
        names={made.name: paths["polished"]},
        rows={
            made.name: {
                "specimen": made.specimen,
                "um_per_px": made.um_per_px,
                **made.process.known(),
                "section_plane": "XZ",
                "build_direction_deg": made.build_direction_deg,
            }
        },
        etched={made.name: paths["etched"]},
        masks={},
        mask_values=None,
        um_per_px=None,
        keep_bars=False,
        page=0,
        classes=(),
        seed=0,
        table={},
    )
    field, pictures, _ = inspect_image(made.name, plan)
    project.add_field(field, pictures, copy=True)
