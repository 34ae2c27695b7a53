"""One command from words to exit code: progress on stderr, the answer on stdout."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from sorby.core.errors import (
    ModelError,
    ProjectError,
    ReadError,
    ScaleError,
    SettingError,
    SorbyError,
)
from sorby.core.plain import plain

EXIT_CODES: dict[type[SorbyError], int] = {
    SettingError: 2,
    ReadError: 3,
    ScaleError: 4,
    ProjectError: 5,
    ModelError: 6,
}
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Without the program's name; the process's own if not given.

    Returns
    -------
    int
        0, or the error's exit code: 2 setting, 3 file, 4 scale, 5 project, 6 model, 130 stopped.
    """
    # Threads that wait for work by spinning fight for the cores of a busy laptop: the classifier
    # took 178 s instead of 12 s for 150 patches beside two other busy processes.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from sorby.cli.parser import build_parser
    from sorby.cli.progress import Progress

    parser = build_parser()
    if not (sys.argv[1:] if words is None else words):
        parser.print_help()
        return 0
    options = vars(parser.parse_args(words))
    command, as_json = options.pop("command"), options.pop("json")
    try:
        with Progress() as progress:
            answer, text = command(**options, on_step=progress)
    except KeyboardInterrupt:
        print(
            "Stopped. What was finished is kept; the same command goes on (sorby train: with "
            "--resume).",
            file=sys.stderr,
        )
        return INTERRUPTED
    except SorbyError as error:
        print(f"sorby: {error}", file=sys.stderr)
        return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)
    return _say(json.dumps(plain(answer), allow_nan=False) if as_json else text)


def _say(text: str) -> int:
    """Write the answer; a reader that went away (``| head``) is no error, a full disk is."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"sorby: the answer could not be written: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
