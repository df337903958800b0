"""A column may be called anything: it is refused, or it stands in the modules as a constant and nothing else."""

from __future__ import annotations

import ast
import io
import tokenize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid
from towerlab.emit.package import generate
from towerlab.emit.verify import trainer_template, verify_preprocessing, verify_trainer

from tests.unit.configs.building import cross, lists, number, text, time


def comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


COMMENTS = comments(trainer_template())

HOSTILE = [
    'x"]; import os; os.system("id") #',
    "a\r\nimport os",
    "'''",
    '"""',
    "{{7*7}}",
    "{inputs}",
    "\u2028import os",
    "col\\",
    "名前",
    "\x00nul",
    "a'b\"c",
    "\u202egnp.exe",
    "🛒" * 75,
    "class",
    "None",
    "tf",
    "inputs",
    "outputs",
    "preprocessing_fn",
    "row_id",
    "customer_index",
    "city_of_product",
    "a_deadbeef",
    "# --- constants of this config version: end ---",
    "\n# --- constants of this config version: end ---\nimport os\n",
    "../../etc/passwd",
    "\ud800",
    " ",
    "",
    "x" * 300,
    "__class__",
    "__import__('os')",
]
KINDS = (text, number, time)
TYPES = {text: ColumnType.STRING, number: ColumnType.FLOAT, time: ColumnType.TIMESTAMP}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_known_trick_does_not_work(name: str) -> None:
    for kind in KINDS:
        check([(name, kind)])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(), min_size=1, max_size=300), st.sampled_from(KINDS)),
        min_size=1,
        max_size=3,
        unique_by=lambda entry: entry[0],
    )
)
@example([("a", text), ("a_norm", text), ("b", number)])
@example([("revenue", number), ("revenue_bucket", text)])
def test_any_name_is_refused_or_a_constant(named: list) -> None:  # type: ignore[type-arg]
    check(named)


def check(named: list) -> None:  # type: ignore[type-arg]
    columns = {name: TYPES[kind] for name, kind in named}
    on = {"normalize": {"enabled": True}, "bucketize": {"enabled": True}}
    features = [kind(name) if kind is text else kind(name, **on) for name, kind in named]
    references = [name if kind is text else f"{name}_bucket" for name, kind in named]
    crosses = [cross(*references)] if len(references) > 1 else []
    try:
        resolved = resolve(lists(features, features, crosses, crosses), columns)
    except Invalid:
        return
    files = generate(resolved, named[0][0], 1, "0" * 64)
    preprocessing, trainer = files["preprocessing.py"].decode(), files["trainer.py"].decode()
    verify_preprocessing(preprocessing)
    verify_trainer(trainer)
    names = set(columns)
    for source in (preprocessing, trainer):
        compile(source, "module.py", "exec")
        tree = ast.parse(source)
        assert names <= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert comments(trainer) == COMMENTS
    assert identifiers(preprocessing) == identifiers(plain_twin(named))


def plain_twin(named: list) -> str:  # type: ignore[type-arg]
    """The module of the same config with harmless names."""
    columns = {f"column{n}": TYPES[kind] for n, (_, kind) in enumerate(named)}
    on = {"normalize": {"enabled": True}, "bucketize": {"enabled": True}}
    plain = [(f"column{n}", kind) for n, (_, kind) in enumerate(named)]
    features = [kind(name) if kind is text else kind(name, **on) for name, kind in plain]
    references = [name if kind is text else f"{name}_bucket" for name, kind in plain]
    crosses = [cross(*references)] if len(references) > 1 else []
    resolved = resolve(lists(features, features, crosses, crosses), columns)
    return generate(resolved, "plain", 1, "0" * 64)["preprocessing.py"].decode()


def identifiers(source: str) -> set[str]:
    tree = ast.parse(source)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
