"""The one kind of registration: a name, and where its function lives."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

from sorby.core.errors import SettingError


class Registry(Mapping[str, Callable[..., Any]]):
    """Names mapped to functions that are imported on first use.

    Third parties add a name with an entry point in the group ``sorby.<kind>``.

    Parameters
    ----------
    kind : str
        What is registered, in the plural and in the field's words ("segmenters").
    places : dict of str to str
        ``"name": "package.module:function"``.

    Examples
    --------
    >>> angles = Registry("angles", {"degrees": "math:degrees"})
    >>> round(angles["degrees"](3.14159))
    180
    >>> angles["grad"]
    Traceback (most recent call last):
    ...
    sorby.core.errors.SettingError: 'grad' is not one of the angles. Choose from: degrees.
    """

    def __init__(self, kind: str, places: dict[str, str]) -> None:
        self.kind = kind
        self._own = dict(places)

    @property
    def places(self) -> dict[str, str]:
        """Every name with the string that says where its function lives."""
        foreign = {point.name: point.value for point in entry_points(group=f"sorby.{self.kind}")}
        return {**foreign, **self._own}

    def __getitem__(self, name: str) -> Callable[..., Any]:
        place = self._own.get(name) or self.places.get(name)
        if place is None:
            raise SettingError(
                f"{name!r} is not one of the {self.kind}. Choose from: {', '.join(self)}."
            )
        module, _, attribute = place.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def options(self, name: str) -> dict[str, Any]:
        """Keyword options of a registered function and their defaults.

        Parameters
        ----------
        name : str
            A registered name.

        Returns
        -------
        dict of str to object
            Keyword-only parameters that have a default, in the order written.
        """
        return options_of(self[name])


def options_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Keyword-only parameters of a function that have a default, in the order written.

    Parameters
    ----------
    function : callable
        Any function.

    Returns
    -------
    dict of str to object
        Name to default.
    """
    parameters = inspect.signature(function).parameters.values()
    return {
        p.name: p.default
        for p in parameters
        if p.kind is p.KEYWORD_ONLY and p.default is not p.empty
    }
