"""Whatever a text holds, a spreadsheet reads it as text, and a CSV reader gets it back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.spreadsheets import AS_TEXT, STARTS, csv_of


def read(content: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content, newline="")))


@pytest.mark.parametrize("start", [*STARTS, " =", "  @", "\n\t+"])
def test_a_text_that_begins_like_a_formula_is_marked_as_text(start: str) -> None:
    ((cell,),) = read(csv_of([[start + "cmd|' /C calc'!A0"]]))
    assert cell == AS_TEXT + start + "cmd|' /C calc'!A0"


@given(st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), min_size=1))
def test_any_texts_come_back_each_in_its_cell(texts: list[str]) -> None:
    (cells,) = read(csv_of([texts]))
    assert [cell.removeprefix(AS_TEXT) for cell in cells] == [text.removeprefix(AS_TEXT) for text in texts]
    assert not any(cell.lstrip().startswith(tuple(STARTS)) for cell in cells)


def test_numbers_stay_numbers_and_separators_stay_inside() -> None:
    assert csv_of([["a;=1", -0.5, 3, None]]) == '"a;=1",-0.5,3,""\r\n'
