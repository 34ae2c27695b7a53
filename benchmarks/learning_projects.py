"""Make the projects that ``strategies.py`` plays on, with known masks.

    python benchmarks/learning_projects.py OUT DATA

OUT gets ``synthetic`` (40 pool and 15 test fields of other specimens), ``am_a``, ``am_b`` and
``am_c`` (DATA/polished_am, one family left out as test), ``super`` (DATA/nasa_super, two classes,
other alloys as test) and ``ebc`` (DATA/nasa_ebc, two classes, every third sample as test).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from sorby.io import write_mask, write_micrograph
from sorby.synthetic import lpbf_build
from sorby.workflow import new_project

BUILDS = (  # seed, powers, speeds, fields of each, split
    (11, (160, 200, 240, 300), (400, 600, 800, 1000, 1200), 2, "pool"),
    (12, (180, 270, 340), (500,), 3, "test"),
    (13, (180, 270), (1100,), 3, "test"),
)


def make(out: Path, name: str, fields: pd.DataFrame, images: Path, masks: Path, **options) -> None:  # type: ignore[no-untyped-def]
    table = out / f"{name}.csv"
    fields.to_csv(table, index=False)
    new_project(out / name, [images], masks=[masks], fields_table=table, **options)


def synthetic_fields(out: Path) -> pd.DataFrame:
    rows = []
    for seed, powers, speeds, n, split in BUILDS:
        for field in lpbf_build(
            rng=np.random.default_rng(seed),
            powers_w=powers,
            speeds_mm_s=speeds,
            fields_per_condition=n,
        ):
            write_micrograph(out / "polished" / f"{field.name}.png", field.polished)
            write_mask(out / "truth" / f"{field.name}.png", field.mask)
            about = {"image": f"{field.name}.png", "specimen": field.specimen, "split": split}
            rows.append({**about, "um_per_px": field.um_per_px, **field.process.known()})
    return pd.DataFrame(rows)


def split_table(index: pd.DataFrame, is_test: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {"image": index["name"] + ".png", "split": np.where(is_test, "test", "pool")}
    )


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    out, data = map(Path, arguments)
    build = out / "build"
    make(out, "synthetic", synthetic_fields(build), build / "polished", build / "truth")
    polished = data / "polished_am"
    index = pd.read_csv(polished / "index.csv")
    for family in sorted(set(index["family"])):
        fields = split_table(index, index["family"] == family)
        folders = (polished / "images", polished / "masks")
        make(out, f"am_{family}", fields, *folders, mask_values="binary")
    alloy = data / "nasa_super"
    index = pd.read_csv(alloy / "index.csv")
    fields = split_table(index, index["splits"].str.contains("different_test"))
    fields["specimen"] = index["name"].str.extract(r"^(spot\d+)")[0].fillna(index["name"])
    names = ("tertiary", "secondary")
    folders = (alloy / "images", alloy / "masks")
    make(out, "super", fields, *folders, mask_values="labels", classes=names)
    coating = data / "nasa_ebc"
    index = pd.read_csv(coating / "index.csv").sort_values("name", ignore_index=True)
    specimen = index["name"].str[:-4]
    fields = split_table(index, pd.Series(pd.factorize(specimen)[0] % 3 == 1))
    fields["specimen"] = specimen
    folders, names = (coating / "images", coating / "masks"), ("oxide", "crack")
    make(out, "ebc", fields, *folders, mask_values="labels", classes=names)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
