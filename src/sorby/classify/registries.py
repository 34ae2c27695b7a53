"""The two registries of the room."""

from sorby.core.registry import Registry

CLASSIFIERS: Registry = Registry(
    "classifiers",
    {"network": "sorby.classify.network:fit", "shape": "sorby.classify.shape:fit"},
)
"""``fit(patches, labels, *, groups=None, rng, **options) -> model`` by name."""

DESCRIPTIONS: Registry = Registry(
    "descriptions",
    {"network": "sorby.classify.network:describe", "shape": "sorby.classify.shape:describe"},
)
"""``describe(patches (n, 128, 128) uint8) -> (n, copies, features)`` by name."""
