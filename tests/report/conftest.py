"""Tables of a small build as `sorby.quantify` makes them: 2 powers x 3 speeds, one pair missing."""

import numpy as np
import pandas as pd
import pytest

from sorby.quantify import process_map, summarise_conditions, summarise_fields

NASTY = "<script>alert(\"x\")</script> & 'quoted' =1+1.png"
TESTED = [(200.0, 600.0), (200.0, 900.0), (300.0, 600.0), (300.0, 900.0), (300.0, 1200.0)]
WITHOUT_DEFECTS = (300.0, 900.0)


def _defects(image: str, n: int, rng: np.random.Generator) -> pd.DataFrame:
    diameter = rng.lognormal(2.5, 0.5, n) + 3
    corner = rng.integers(0, 900, (n, 2))
    return pd.DataFrame(
        {
            "image": image,
            "defect": np.arange(1, n + 1),
            "x_px": corner[:, 1] + 4.5,
            "y_px": corner[:, 0] + 4.5,
            "row_min": corner[:, 0],
            "column_min": corner[:, 1],
            "row_max": corner[:, 0] + 10,
            "column_max": corner[:, 1] + 10,
            "area_px2": np.round(np.pi / 4 * diameter**2),
            "equivalent_diameter_px": diameter,
            "equivalent_diameter_um": 0.65 * diameter,
            "feret_max_px": 1.2 * diameter,
            "feret_max_um": 0.78 * diameter,
            "circularity": np.where(diameter > 10, 0.9, np.nan),
            "touches_border": False,
            "counted": True,
            "defect_type": rng.choice(["porosity", "lack_of_fusion", "uncertain"], n),
            "type_probability": rng.uniform(0.5, 1, n),
            "type_source": "model",
        }
    )


@pytest.fixture(scope="session")
def build():
    """Defect, field and condition tables, and the sections of their map."""
    rng = np.random.default_rng(5)
    defects, rows = [], []
    for power, speed in TESTED:
        for repeat in range(3):
            image = NASTY if not rows else f"{power:.0f}-{speed:.0f}-{repeat}.png"
            n = 0 if (power, speed) == WITHOUT_DEFECTS else int(rng.integers(8, 20))
            defects.append(_defects(image, n, rng))
            rows.append(
                {
                    "image": image,
                    "specimen": f"cube {power:.0f}/{speed:.0f}",
                    "laser_power_w": power,
                    "scan_speed_mm_s": speed,
                    "hatch_um": 100.0,
                    "layer_um": 40.0,
                    "alloy": "Inconel 625 <b>",
                    "um_per_px": 0.65,
                    "valid_area_px2": 900_000,
                    "size_floor_px2": 4.0,
                }
            )
    table = pd.concat(defects, ignore_index=True)
    fields = summarise_fields(table, pd.DataFrame(rows))
    conditions = summarise_conditions(fields, rng=rng)
    return {
        "defects": table,
        "fields": fields,
        "conditions": conditions,
        "sections": process_map(conditions).sections,
    }
