"""Sorby: from a folder of micrographs to defect statistics and process maps."""

__version__ = "0.1.0"
