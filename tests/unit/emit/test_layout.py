"""Expressions survive being written: the text reads back as the very same tree."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from towerlab.emit.layout import statement
from towerlab.transforms.expr import literal

plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(st.text(), inner)
    ),
    max_leaves=20,
)  # fmt: skip


@given(plain)
def test_a_literal_reads_back_as_itself(value: Any) -> None:
    written = statement("x", literal(value), "")
    assert ast.literal_eval(written.removeprefix("x = ")) == value


def test_what_is_too_long_for_a_line_gets_one_part_a_line() -> None:
    written = statement("x", literal({"a" * 60: ("b" * 20,), "c": -1.5}), "")
    assert written == 'x = {\n    "' + "a" * 60 + '": ("' + "b" * 20 + '",),\n    "c": -1.5,\n}\n'
