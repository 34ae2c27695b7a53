"""One script for those who try Sorby and those who build it; Python's standard library is enough.

python dev.py demo     make the environment, install, run the main job on a generated build
python dev.py test     make the environment, install with what tests need, run all checks
python dev.py lint     ruff, mypy and the floors of the house alone
python dev.py web      build the page of `sorby app` from frontend/
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
NEEDED = (3, 11)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main() -> int:
    """Run the task that the first word names."""
    tasks = {"demo": demo, "test": test, "lint": lint, "web": web}
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        print(__doc__)
        return 2
    problem = cannot()
    if problem:
        print(f"dev.py: {problem}", file=sys.stderr)
        return 1
    try:
        return tasks[sys.argv[1]](sys.argv[2:])
    except subprocess.CalledProcessError as error:
        print(f"dev.py: this failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def cannot() -> str | None:
    """Why this machine cannot do it, said before anything is downloaded."""
    if sys.version_info < NEEDED:
        return (
            f"this is Python {platform.python_version()}; Sorby needs 3.11 or newer. "
            "Install one and run it by name: python3.11 dev.py demo"
        )
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        return (
            "there is no current PyTorch for Macs with an Intel processor, so Sorby cannot be "
            "installed here. Use a Mac with Apple silicon, Linux or Windows."
        )
    return None


def demo(words: list[str]) -> int:
    """Install what a user has, then the demo."""
    install("pretrained,data")
    return subprocess.call([SCRIPTS / "sorby", "demo", *(words or [str(ROOT / "sorby-demo")])])


def test(words: list[str]) -> int:
    """Install what tests need, then every check; words go to pytest."""
    install("pretrained,dev")
    provide_browser()
    failed = max(lint([]), web([]), page_tests())
    workers = str(min(4, os.cpu_count() or 1))
    # Each worker computes on one core: threads of several processes would fight for them.
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [PYTHON, "-m", "pytest", "-q", "-n", workers, "--dist", "worksteal", "--cov", *words]
    tested = subprocess.call(command, cwd=ROOT, env=os.environ | limits)
    if failed:
        print("dev.py: lint or the page failed, see above the tests", file=sys.stderr)
    return tested or failed


def web(words: list[str]) -> int:
    """Build the page where its sources changed."""
    install("pretrained,dev")
    return subprocess.call([PYTHON, ROOT / "hatch_build.py"])


def provide_browser() -> None:
    """Install Chromium where it is missing and can be had; without it its tests are skipped."""
    if any(map(shutil.which, BROWSERS)) or not Path("/etc/debian_version").exists():
        return
    if os.geteuid() != 0:
        print("dev.py: no Chromium; for the tests in it: apt-get install chromium", file=sys.stderr)
        return
    print("Installing Chromium for the tests of the page ...", file=sys.stderr)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        if subprocess.call(["apt-get", "-qq", *words], env=quiet, stdout=subprocess.DEVNULL) != 0:
            print("dev.py: Chromium could not be installed, see above", file=sys.stderr)
            return


def page_tests() -> int:
    """Types and unit tests of the page, with the Node that was installed beside Python."""
    path = os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", "")])
    tasks = [["check"], ["test"]]
    return max(
        subprocess.call(
            [SCRIPTS / "npm", "run", "--silent", *task],
            cwd=ROOT / "frontend",
            env=os.environ | {"PATH": path},
        )
        for task in tasks
    )


def lint(words: list[str]) -> int:
    """Style, types and the floors."""
    install("pretrained,dev")
    checks = [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
    ]
    return max(subprocess.call([SCRIPTS / name, *rest], cwd=ROOT) for name, *rest in checks)


def install(extras: str) -> None:
    """Make the environment and install Sorby in it; nothing where nothing changed."""
    stamp = ENVIRONMENT / "installed.txt"
    wanted = fingerprint()
    done = stamp.read_text().split("\n") if stamp.exists() else ["", ""]
    if done[0] == wanted and set(extras.split(",")) <= set(done[1].split(",")):
        return
    if not PYTHON.exists() or subprocess.call([PYTHON, "-c", "import pip"]) != 0:
        print("Making the environment .venv ...", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    print("Installing Sorby and what it stands on (minutes, the first time) ...", file=sys.stderr)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    subprocess.check_call(
        [*pip, "--constraint", ROOT / "constraints.txt", "--editable", f"{ROOT}[{extras}]"]
    )
    stamp.write_text(f"{wanted}\n{extras}")


def fingerprint() -> str:
    """Hash of all that decides what is installed."""
    parts = [sys.version.encode(), str(ROOT).encode()]
    parts += [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
