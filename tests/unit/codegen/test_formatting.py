"""The formatter lays out what it is given, and says when it cannot."""

from __future__ import annotations

import codegen.formatting
import pytest
from codegen.formatting import ruff_format
from towerlab.ports.errors import Transient


def test_it_lays_out_the_source_without_regard_to_any_configuration_around() -> None:
    assert ruff_format("x = {'a':1}\n") == 'x = {"a": 1}\n'
    assert ruff_format("x = '🛒\\u202e'\n") == 'x = "🛒\\u202e"\n'


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(Transient, match="ruff ended with status 2"):
        ruff_format("x = (\n")


def test_a_formatter_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen.formatting, "SECONDS", 0)
    with pytest.raises(Transient, match="could not be run"):
        ruff_format("x = 1\n")
