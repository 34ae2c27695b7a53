"""The commands: parse, call one function of ``sorby.workflow``, format."""

from sorby.cli.run import main

__all__ = ["main"]
