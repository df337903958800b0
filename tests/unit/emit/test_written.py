"""The text of a module says what was meant, whoever lays it out."""

from __future__ import annotations

import pytest
from codegen.formatting import ruff_format
from towerlab.configs.checks import resolve
from towerlab.domain.columns import ColumnType
from towerlab.emit.package import generate
from towerlab.emit.verify import UnsafeModule

from tests.unit.configs.building import COLUMNS, lists, text, wizard_example
from tests.unit.emit.test_hostile_names import HOSTILE


@pytest.mark.parametrize(
    "wrong",
    [
        lambda source: source + "import os\n",
        lambda source: source.replace("'city'", "'cities'"),
        lambda source: source.replace("5", "5.0"),
        lambda source: source.replace('"""', '""" ', 1),
        lambda source: source[:0],
        lambda source: source + "(",
    ],
)
def test_a_formatter_that_changes_the_code_is_refused(wrong: object) -> None:
    with pytest.raises(UnsafeModule):
        generate(resolve(wizard_example(), COLUMNS), "Rich", 1, "0" * 64, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_survives_the_formatter(name: str) -> None:
    resolved = resolve(lists([text(name)], [text("plain")]), {name: ColumnType.STRING, "plain": ColumnType.STRING})
    generate(resolved, name, 1, "0" * 64, ruff_format)
