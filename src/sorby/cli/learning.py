"""Words of the learning loop: select, train, predict, evaluate, models."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from sorby.cli import commands
from sorby.select import DEFAULT_SELECTOR, SUMMARIES

Add = Callable[..., argparse.ArgumentParser]

STRATEGIES = "; ".join(f"{name}: {said.replace(';', ',')}" for name, said in SUMMARIES.items())


def add_learning(add: Add) -> None:
    """Add the commands of the learning loop.

    Parameters
    ----------
    add : callable
        Adds one command, see `sorby.cli.parser`.
    """
    _select(add)
    _train(add)
    parser = add(
        "evaluate",
        "precision, recall and F1 of the model on the locked test fields, baselines beside them",
        "sorby evaluate study",
        commands.evaluate,
    )
    _folder(parser)
    _experiment(add)
    parser = add(
        "models",
        "the project's trained models: promote, roll back, export",
        "sorby models study --use 2\n  sorby models study --export model.safetensors",
        commands.models,
    )
    _folder(parser)
    parser.add_argument("--use", metavar="N", type=int, help="put model N in use")
    parser.add_argument(
        "--export", metavar="FILE", type=Path, help="write the model in use to a file"
    )


def _experiment(add: Add) -> None:
    parser = add(
        "experiment",
        "compare strategies of choosing on known masks: rounds, seeds, one page, tables",
        "sorby experiment study --strategies smile uniform manual --rounds 6 --per-round 4\n"
        "  sorby experiment synthetic --seeds 2",
        commands.experiment,
    )
    parser.add_argument(
        "folder",
        metavar="DIR|synthetic",
        type=Path,
        help="a project whose masks are known, or the word synthetic: fields are generated first",
    )
    parser.add_argument(
        "--strategies",
        metavar="NAME",
        nargs="+",
        default=["smile", "uniform", "manual"],
        help=f"{STRATEGIES}; manual is played by a script here (default: smile uniform manual)",
    )
    parser.add_argument("--rounds", metavar="N", type=int, default=6, help="default 6")
    parser.add_argument("--per-round", metavar="N", type=int, default=4, help="fields (default 4)")
    parser.add_argument("--seeds", metavar="N", type=int, default=5, help="repetitions (default 5)")
    parser.add_argument(
        "--minutes",
        metavar="N",
        type=float,
        help="begin no round after so long; the same command goes on later (0: only the page)",
    )
    parser.add_argument(
        "--to", metavar="DIR", type=Path, help="where the synthetic project goes (sorby-experiment)"
    )
    _preset(parser)


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of the project")


def _select(add: Add) -> None:
    parser = add(
        "select",
        "choose the fields whose masks are worth correcting next",
        "sorby select study -n 4\n  sorby select study --images A1 B2",
        commands.select,
    )
    _folder(parser)
    parser.add_argument(
        "--strategy",
        default=DEFAULT_SELECTOR,
        metavar="NAME",
        help=f"{STRATEGIES} (default {DEFAULT_SELECTOR})",
    )
    parser.add_argument(
        "-n", dest="n_select", metavar="N", type=int, default=4, help="how many (default 4)"
    )
    parser.add_argument(
        "--images", metavar="NAME", nargs="+", default=[], help="the fields that you pick yourself"
    )


def _train(add: Add) -> None:
    parser = add(
        "train",
        "train a model on the masks that people corrected, and put it in use",
        "sorby train study",
        commands.train,
    )
    _folder(parser)
    _preset(parser)
    parser.add_argument(
        "--resume", action="store_true", help="go on where a training of these labels was stopped"
    )


def _preset(parser: argparse.ArgumentParser, default: str | None = "fast") -> None:
    parser.add_argument(
        "--preset",
        default=default,
        metavar="NAME",
        help="fast (default: a minute), best (up to four times as long) or paper (the published "
        "recipe: many hours on a CPU)",
    )


def add_rounds(parser: argparse.ArgumentParser) -> None:
    """Add the options of a run whose annotator is played by known masks.

    What is not given stays None, so that `sorby.cli.commands.run` can tell.

    Parameters
    ----------
    parser : ArgumentParser
        Of ``sorby run``.
    """
    group = parser.add_argument_group(
        "rounds of learning, to see what labels and strategies are worth"
    )
    group.add_argument(
        "--annotator",
        metavar="WHO",
        help="truth: masks that the project holds label the chosen fields; accept: predictions do",
    )
    group.add_argument("--rounds", metavar="N", type=int, help="default 6")
    group.add_argument("--per-round", metavar="N", type=int, help="fields (default 4)")
    group.add_argument("--strategy", metavar="NAME", help=STRATEGIES)
    group.add_argument("--seed", metavar="N", type=int, help="0 unless told")
    _preset(parser, default=None)
