"""A field table of two powers, one of them at two speeds, and one field of unknown settings."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def field_table() -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "image": list("abcdef"),
            "specimen": ["S1", "S1", "S2", "S3", "S3", None],
            "laser_power_w": [200.0, 200.0, 200.0, 300.0, 300.0, np.nan],
            "scan_speed_mm_s": [800.0, 800.0, 800.0, 800.0, 1200.0, np.nan],
            "hatch_um": [100.0, 100.0, 100.0, 100.0, 100.0, np.nan],
            "alloy": ["IN625"] * 5 + [None],
            "um_per_px": 2.0,
            "valid_area_px2": [1_000_000, 2_000_000, 1_000_000, 500_000, 500_000, 500_000],
            "defect_area_px2": [10_000, 50_000, 20_000, 0, 1_000, 5_000],
            "n_defects": [10, 30, 20, 0, 4, 7],
            "n_counted": [9, 27, 18, 0, 4, 6],
            "n_porosity": [6, 10, 4, 0, 1, 0],
            "n_lack_of_fusion": [2, 8, 10, 0, 3, 0],
            "n_uncertain": [2, 12, 6, 0, 0, 7],
            "area_porosity_px2": [4_000, 10_000, 6_000, 0, 200, 0],
            "area_lack_of_fusion_px2": [5_000, 25_000, 10_000, 0, 800, 0],
            "area_uncertain_px2": [1_000, 15_000, 4_000, 0, 0, 5_000],
        }
    )
    table["valid_area_mm2"] = table["valid_area_px2"] * 4e-6
    return table
