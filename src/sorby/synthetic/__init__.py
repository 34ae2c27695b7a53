"""Micrographs with exact truth: a plausible LPBF build, and sections of any look to train on.

Everything here is invented. Names start with "synthetic_"; label it wherever it is shown and
never mix it with measured fields.
"""

from sorby.synthetic.build import SyntheticField, lpbf_build
from sorby.synthetic.micrographs import discs, ellipses
from sorby.synthetic.randomised import RandomSection, random_section
from sorby.synthetic.truth import TRUE_TYPES, defect_class

__all__ = [
    "TRUE_TYPES",
    "RandomSection",
    "SyntheticField",
    "defect_class",
    "discs",
    "ellipses",
    "lpbf_build",
    "random_section",
]
