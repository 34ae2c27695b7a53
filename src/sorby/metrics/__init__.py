"""Agreement of a predicted mask with the truth: one function a metric, listed in ``METRICS``.

What probabilities and uncertainties are worth beside it: `sorby.metrics.calibration`.
"""

from sorby.core.registry import Registry
from sorby.metrics.calibration import (
    Reliability,
    caught,
    expected_calibration_error,
    reliability,
)
from sorby.metrics.overlap import (
    ClassCounts,
    PixelCounts,
    background_f1,
    class_counts,
    defect_f1,
    iou,
    macro_f1,
    pixel_counts,
    precision,
    recall,
)

METRICS = Registry(
    "metrics",
    {
        "defect_f1": "sorby.metrics.overlap:defect_f1",
        "background_f1": "sorby.metrics.overlap:background_f1",
        "macro_f1": "sorby.metrics.overlap:macro_f1",
        "precision": "sorby.metrics.overlap:precision",
        "recall": "sorby.metrics.overlap:recall",
        "iou": "sorby.metrics.overlap:iou",
    },
)

__all__ = [
    "METRICS",
    "ClassCounts",
    "PixelCounts",
    "Reliability",
    "background_f1",
    "caught",
    "class_counts",
    "defect_f1",
    "expected_calibration_error",
    "iou",
    "macro_f1",
    "pixel_counts",
    "precision",
    "recall",
    "reliability",
]
