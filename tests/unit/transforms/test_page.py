"""docs/transforms.md is what the transforms say of themselves today."""

from __future__ import annotations

from pathlib import Path

from towerlab.transforms.page import page

PAGE = Path(__file__).parents[3] / "docs/transforms.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make transforms-page`"
