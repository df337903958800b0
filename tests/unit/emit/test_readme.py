"""README.md shows what a person wrote, and lets none of it mean anything in Markdown."""

from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.domain.columns import ColumnType
from towerlab.emit.package import generate
from towerlab.emit.readme import cell

from tests.unit.configs.building import COLUMNS, lists, text, wizard_example
from tests.unit.emit.test_hostile_names import HOSTILE

MARKDOWN = [*HOSTILE, "```\n# title", "`a`", "a|b", "[x](javascript:y)", "<script>", "&amp;", "~~~", "* x", "www.x.yz"]


def readme(column: str = "city", name: str = "Rich") -> str:
    columns = {**COLUMNS, column: ColumnType.STRING}
    config = lists([text(column)], [text("category")])
    return generate(resolve(config, columns), name, 3, "ab" * 32)["README.md"].decode()


def structure(markdown: str) -> list[str]:
    """Each line without what stands in its cells and in its JSON."""
    return [re.sub(r"[^|]+", "", line) if line.startswith("|") else line for line in outside_fences(markdown)]


def outside_fences(markdown: str) -> list[str]:
    return re.sub(r"(?ms)^```json\n.*?\n```$", "", markdown).splitlines()


@pytest.mark.parametrize("hostile", MARKDOWN)
def test_a_column_stays_in_its_cell_and_a_name_in_its_fence(hostile: str) -> None:
    written = readme(hostile, hostile)
    assert written.isascii()
    assert structure(written) == structure(readme())
    identity = re.search(r"(?ms)^```json\n(.*?)\n```$", written)
    assert identity is not None
    assert json.loads(identity[1]) == {"name": hostile, "version": 3, "config_hash": "ab" * 32}


@settings(max_examples=300)
@given(st.text())
def test_a_cell_is_plain_or_holds_no_mark_but_entities(written: str) -> None:
    shown = cell(written)
    if shown.startswith("`"):
        assert shown == f"`{written}`"
        assert re.fullmatch(r"[A-Za-z0-9 _-]+", written)
    else:
        assert re.fullmatch(r"([A-Za-z0-9 ]|&#[0-9]+;)*", shown)
        assert json.loads(html.unescape(shown)) == written


def test_the_towers_are_tables_with_their_dimensions() -> None:
    written = generate(resolve(wizard_example(), COLUMNS), "Rich", 1, "0" * 64)["README.md"].decode()
    assert "## BuyerModel: the query tower, 136 dimensions" in written
    assert "## ProductModel: the candidate tower, 104 dimensions" in written
    assert re.search(r"\| `customer_id` \| `customer_id` \| .* \| 64 \|", written)
    for file in ("verify.py", "train.py", "requirements.txt", "sample_query.sql", "golden_rows.json"):
        assert f"`{file}`" in written
