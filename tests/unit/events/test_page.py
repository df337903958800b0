"""docs/events.md and the schemas beside it are what the catalog says today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from towerlab.events.catalog import CATALOG
from towerlab.events.codec import decode
from towerlab.events.judging import misfit
from towerlab.events.page import files

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", files())
def test_it_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == files()[name], "run `make events-page`"


def test_no_schema_is_left_of_a_type_that_is_gone() -> None:
    assert {f"events/{path.name}" for path in (DOCS / "events").iterdir()} == set(files()) - {"events.md"}


def test_the_examples_of_the_page_are_events_that_fit() -> None:
    examples = files()["events.md"].split("```json\n")[1:]
    assert examples
    for example in examples:
        event = decode(json.dumps(json.loads(example.partition("```")[0])))
        assert (event.type in CATALOG, misfit(event)) == (True, "")
