import math

import pytest

from sorby.core.errors import SettingError
from sorby.core.registry import Registry


def keeper(value, *, factor=2.0, limit):
    return value * factor * limit


def test_name_leads_to_the_function():
    assert Registry("functions", {"root": "math:sqrt"})["root"] is math.sqrt


def test_unknown_name_is_refused_with_the_choices():
    with pytest.raises(SettingError, match=r"'cube' is not one of the functions.*root, sine"):
        Registry("functions", {"root": "math:sqrt", "sine": "math:sin"})["cube"]


def test_options_are_the_keywords_with_a_default(monkeypatch):
    monkeypatch.setattr(math, "keeper", keeper, raising=False)
    assert Registry("functions", {"keeper": "math:keeper"}).options("keeper") == {"factor": 2.0}


def test_membership_does_not_import():
    registry = Registry("functions", {"ghost": "no_such_module:f"})
    assert "ghost" in registry
    assert list(registry) == ["ghost"]
    assert len(registry) == 1
