"""From a micrograph to a probability of defect, and from that to a mask.

Every segmenter of ``SEGMENTERS`` is ``f(micrograph, *, valid=None, **options)`` and returns the
probability of each defect class, float32 of shape (M, N, classes), background left out.
"""

from sorby.core.registry import Registry
from sorby.segment.masks import mask_from_probability

SEGMENTERS = Registry(
    "segmenters",
    {
        "flatfield_otsu": "sorby.segment.classical:flatfield_otsu",
        "otsu": "sorby.segment.otsu:otsu",
    },
)

DEFAULT_SEGMENTER = "flatfield_otsu"
"""What the product uses before any label exists."""

__all__ = ["DEFAULT_SEGMENTER", "SEGMENTERS", "mask_from_probability"]
