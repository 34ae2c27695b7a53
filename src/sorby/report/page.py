"""From a template to one file: escaped, without scripts, without requests."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sorby.core.files import atomic_path


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sorby.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style_sheet() -> str:
    return files("sorby.report").joinpath("templates/report.css").read_text(encoding="utf-8")


def write_page(template: str, path: Path, **values: Any) -> Path:
    """Fill a template and write it: whole or not at all.

    The page allows no script, no request and no style but its own (content security policy);
    every value is escaped.

    Parameters
    ----------
    template : str
        Name of a file in ``templates``.
    path : Path
        The HTML file.
    **values : object
        What the template names.

    Returns
    -------
    Path
        The path given.

    Raises
    ------
    ProjectError
        If the disk refuses.
    """
    css = _style_sheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    text = _environment().get_template(template).render(css=css, css_hash=digest, **values)
    path = Path(path)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def data_uri(content: bytes, media_type: str) -> str:
    """Bytes as an address that needs no request."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
