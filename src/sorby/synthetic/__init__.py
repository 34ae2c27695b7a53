"""A physically plausible LPBF build with exact truth: for the demonstration and for tests.

Everything here is invented. Names start with "synthetic_"; label it wherever it is shown and
never mix it with measured fields.
"""

from sorby.synthetic.build import SyntheticField, lpbf_build
from sorby.synthetic.micrographs import discs, ellipses
from sorby.synthetic.truth import TRUE_TYPES, defect_class

__all__ = ["TRUE_TYPES", "SyntheticField", "defect_class", "discs", "ellipses", "lpbf_build"]
