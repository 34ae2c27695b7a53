"""Words of the command line: every command, its options, an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sorby import __version__
from sorby.cli import commands
from sorby.cli.learning import add_learning, add_rounds

_DESCRIPTION = """\
From a folder of micrographs and a table of laser settings to defect statistics
and a process map, on a laptop, before anything is labelled.

  sorby segment cube1.tif cube2.tif --out masks      masks and defects of loose images
  sorby new study --polished polished/ --etched etched/ --fields fields.csv
  sorby run study                                    masks, measures, types, map, report
"""

Add = Callable[..., argparse.ArgumentParser]


def build_parser() -> argparse.ArgumentParser:
    """Parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="sorby",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sorby {__version__}")
    add = _adder(parser.add_subparsers(title="commands", metavar="COMMAND", required=True))
    _loose_images(add)
    _projects(add)
    _masks_and_labels(add)
    add_learning(add)
    _classify(add)
    _results(add)
    _data(add)
    _page_server(add)
    return parser


def _adder(subparsers: Any) -> Add:
    def add(
        name: str, help: str, example: str, command: Callable[..., Any] | None = None
    ) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = subparsers.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if command is not None:
            parser.set_defaults(command=command)
            parser.add_argument(
                "--json", action="store_true", help="one JSON object on stdout, progress on stderr"
            )
        return parser

    return add


def _project(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of the project")
    return parser


def _loose_images(add: Add) -> None:
    parser = add(
        "segment",
        "masks and a defect table of loose images, without a project",
        "sorby segment cube1.tif cube2.tif --out masks",
        commands.segment,
    )
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="files or folders")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="folder for masks and defects.csv"
    )
    _method(parser)
    parser.add_argument(
        "--model",
        metavar="FILE",
        type=Path,
        help="a trained model: from sorby models DIR --export FILE, or the paper's .pth",
    )
    _page(parser)


def _page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--page",
        metavar="N",
        type=int,
        default=0,
        help="page of multi-page files; the first is 0 (default)",
    )


def _method(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--method",
        metavar="NAME",
        help="a method without labels: base (the model in the box, trained on synthetic sections; "
        "used where there is no model of your own), flatfield_otsu (background divided out, "
        "noise floor) or otsu (the baseline)",
    )


def _projects(add: Add) -> None:
    parser = _project(
        add(
            "new",
            "make a project from images and a table of what is known of them",
            "sorby new study --polished polished/ --etched etched/ --fields fields.csv",
            commands.new,
        )
    )
    several: dict[str, Any] = {"metavar": "PATH", "type": Path, "nargs": "+"}
    parser.add_argument(
        "--polished", required=True, help="polished images: files or folders", **several
    )
    parser.add_argument(
        "--etched", default=[], help="their etched twins, paired by name", **several
    )
    parser.add_argument("--masks", default=[], help="masks you have, paired by name", **several)
    parser.add_argument(
        "--mask-values",
        choices=["binary", "labels"],
        help="what foreign masks hold: two values, the larger one defect; or class numbers",
    )
    parser.add_argument(
        "--fields",
        metavar="CSV",
        type=Path,
        help="table: image, laser_power_w, scan_speed_mm_s, ...",
    )
    parser.add_argument(
        "--um-per-px", metavar="X", type=float, help="µm per pixel where file and table do not say"
    )
    parser.add_argument(
        "--classes",
        metavar="NAME",
        nargs="+",
        default=[],
        help="defect classes, in the order of the masks' values 1, 2, ...",
    )
    _seed(parser)
    parser.add_argument(
        "--copy",
        action="store_true",
        help="copy the images into the project (default: refer to them)",
    )
    parser.add_argument(
        "--keep-bars", action="store_true", help="do not look for burned-in scale bars"
    )
    _page(parser)
    _project(
        add(
            "status",
            "what a project holds and what comes next",
            "sorby status study",
            commands.status,
        )
    )
    parser = _project(
        add(
            "predict",
            "masks for every field that no person labelled, with the model in use",
            "sorby predict study",
            commands.predict,
        )
    )
    _method(parser)


def _masks_and_labels(add: Add) -> None:
    group = add("masks", "corrected masks in, predictions out", "sorby masks export study masks/")
    add_inner = _adder(group.add_subparsers(metavar="COMMAND", required=True))
    parser = _project(
        add_inner(
            "import",
            "take corrected masks, named like the fields' images",
            "sorby masks import study corrected/",
            commands.masks_import,
        )
    )
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="files or folders")
    parser.add_argument("--mask-values", choices=["binary", "labels"], help="as for sorby new")
    _author(parser, "who made them")
    parser = _project(
        add_inner(
            "accept",
            "take predictions for labels as they are, after a look",
            "sorby masks accept study A1 B2",
            commands.masks_accept,
        )
    )
    parser.add_argument("names", metavar="NAME", nargs="+", help="fields whose mask is right")
    _author(parser, "who looked")
    parser = _project(
        add_inner(
            "export",
            "write the current mask of every field",
            "sorby masks export study masks/",
            commands.masks_export,
        )
    )
    parser.add_argument("path", metavar="PATH", type=Path, help="folder for the masks")
    _project(
        add(
            "measure",
            "defect table, per-image and per-condition tables (CSV)",
            "sorby measure study",
            commands.measure,
        )
    )
    group = add("labels", "defect types given by a person", "sorby labels import study types.csv")
    add_inner = _adder(group.add_subparsers(metavar="COMMAND", required=True))
    parser = _project(
        add_inner(
            "import",
            "take types from a CSV: image, x, y (a point inside the defect, px), label",
            "sorby labels import study types.csv",
            commands.labels_import,
        )
    )
    parser.add_argument("table", metavar="CSV", type=Path)


def _author(parser: argparse.ArgumentParser, who: str) -> None:
    parser.add_argument("--author", metavar="NAME", help=f"{who} (default: your user name)")


def _classify(add: Add) -> None:
    group = add("classify", "types of defects, and classifiers", "sorby classify predict study")
    add_inner = _adder(group.add_subparsers(metavar="COMMAND", required=True))
    parser = add_inner(
        "predict",
        "type the measured defects of a project, or the patches of a bare folder",
        "sorby classify predict study\n"
        "  sorby classify predict --patches folder --model types.safetensors --out types.csv",
        commands.classify_predict,
    )
    parser.add_argument("folder", metavar="DIR", type=Path, nargs="?", help="folder of the project")
    _patches(parser, required=False)
    parser.add_argument(
        "--model", metavar="FILE", type=Path, help="a classifier; without it the one that ships"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="CSV: file, label, p_<class>, ...")
    parser = add_inner(
        "evaluate",
        "grouped cross-validation of the classifiers, baselines beside them",
        "sorby classify evaluate --patches folder",
        commands.classify_evaluate,
    )
    _patches(parser)
    _seed(parser)
    parser = add_inner(
        "train",
        "train a classifier on labelled patches and write it with its card",
        "sorby classify train --patches folder --out types.safetensors",
        commands.classify_train,
    )
    _patches(parser)
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="the new classifier"
    )
    _seed(parser)


def _patches(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument(
        "--patches",
        metavar="DIR",
        type=Path,
        required=required,
        help="folder with images/ and labels.csv (file, label[, group])",
    )


def _seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="0 unless told")


def _results(add: Add) -> None:
    _project(
        add("map", "process map: figure (PNG, SVG) and table", "sorby map study", commands.map_)
    )
    _project(add("report", "one self-contained HTML file", "sorby report study", commands.report))
    parser = _project(
        add(
            "effort",
            "active seconds and actions that corrections took, by round",
            "sorby effort study --csv effort.csv",
            commands.effort,
        )
    )
    parser.add_argument("--csv", metavar="FILE", type=Path, help="table by image")
    parser = _project(
        add(
            "run",
            "predict, measure, classify, map and report in one go; or rounds of learning",
            "sorby run study\n  sorby run study --annotator truth --rounds 6 --per-round 4",
            commands.run,
        )
    )
    add_rounds(parser)
    parser = add(
        "demo",
        "the main job on a generated LPBF build",
        "sorby demo my-demo --seed 0",
        commands.demo,
    )
    parser.add_argument(
        "folder",
        metavar="DIR",
        type=Path,
        nargs="?",
        default=Path("sorby-demo"),
        help="sorby-demo unless told",
    )
    _seed(parser)


def _data(add: Add) -> None:
    group = add("data", "published data sets", "sorby data fetch paper --to paper-data")
    add_inner = _adder(group.add_subparsers(metavar="COMMAND", required=True))
    parser = add_inner(
        "fetch",
        "fetch a published data set (147 MB), as images and tables; uses the network",
        "sorby data fetch paper --to paper-data",
        commands.data_fetch,
    )
    parser.add_argument("name", metavar="NAME", choices=["paper"], help="paper: the paper's sets")
    parser.add_argument("--to", metavar="DIR", type=Path, required=True, help="folder for the set")


def _page_server(add: Add) -> None:
    parser = _project(
        add(
            "app",
            "the page in your browser: choose, correct, train, look at results",
            "sorby app study",
            commands.app,
        )
    )
    parser.add_argument(
        "--port", metavar="N", type=int, help="8765 (default), or the next that is free"
    )
    parser.add_argument(
        "--host",
        metavar="H",
        default="127.0.0.1",
        help="address to listen on; any but this machine's own needs a password",
    )
    parser.add_argument(
        "--password-file", metavar="FILE", type=Path, help="its first line lets others in"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
