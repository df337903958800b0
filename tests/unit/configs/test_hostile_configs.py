"""A config is refused with every fault named, or its modules compile and hold a person's text in literals only.

HOSTILE_CASES says how many configs are tried.
"""

from __future__ import annotations

import ast
import io
import json
import os
import tokenize
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.configs.hashing import config_hash
from towerlab.configs.lists import ConfigLists
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid
from towerlab.emit.module import preprocessing_module
from towerlab.emit.package import config_document
from towerlab.emit.plan import plan
from towerlab.emit.trainer import trainer_module
from towerlab.emit.verify import UnsafeModule, trainer_template, verify_preprocessing, verify_trainer
from towerlab.transforms.registry import feature_types

from tests.parity.making import Body, crosses, features, is_sound

CASES = int(os.environ.get("HOSTILE_CASES", "250"))

TRICKS = [
    'x"]; import os; os.system("id") #',
    "a\r\nimport os",
    "'''",
    '"""',
    '"""\nimport os\n"""',
    "{{7*7}}",
    "{inputs}",
    "\u2028import os",
    "col\\",
    "\\",
    "\\'",
    "名前",
    "\x00nul",
    "a'b\"c",
    "\u202egnp.exe",
    "🛒" * 75,
    "class",
    "None",
    "lambda",
    "tf",
    "tft",
    "inputs",
    "outputs",
    "fitted",
    "COLUMNS",
    "preprocessing_fn",
    "query_tower",
    "row_id",
    "customer_index",
    "a_of_product",
    "a_deadbeef",
    "__class__",
    "__import__('os')",
    "__import__",
    "# --- constants of this config version",
    "\n# --- constants of this config version: end ---\nimport os\n",
    "../../etc/passwd",
    "/etc/passwd",
    "\ud800",
    " ",
    "",
    "x" * 300,
    "é" * 300,
    "a",
    "a_norm",
    "a_bucket",
    "a_cyclical",
    "a_x_b",
    "b",
    "b_bucket",
    "a × b",
    "%s%n",
    "${HOME}",
    "`id`",
    "f'{open(1)}'",
    "\t",
    "\x7f",
    "\ufeff",
    "CONFIG_NAME",
    "True",
    "a b",
    "a_b",
    "A",
    "0",
    "-1",
    "1e9",
    "NaN",
]
NAMES = st.one_of(st.sampled_from(TRICKS), st.text(st.characters(), max_size=300))
COLLIDING = st.sampled_from(["a", "a_bucket", "a_norm", "a_cyclical", "a_x_b", "b", "b_bucket", "a_bucket_x_b"])
SCALARS = st.one_of(NAMES, st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.none())
ANYTHING = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(NAMES, SCALARS, max_size=3))


@st.composite
def spoiled(draw: st.DrawFn, body: Body) -> Body:
    """The body with something in it that does not belong there."""
    place: Any = body
    while (below := [key for key, value in place.items() if isinstance(value, dict)]) and draw(st.booleans()):
        place = place[draw(st.sampled_from(below))]
    place[draw(st.one_of(st.sampled_from(sorted(place) or ["column"]), NAMES))] = draw(ANYTHING)
    return body


@st.composite
def tower(draw: st.DrawFn, columns: dict[str, ColumnType]) -> tuple[list[Body], list[Body]]:
    """Sound features and crosses of columns with hostile names."""
    names = draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, max_size=3, unique=True))
    sound = [features(name, columns[name]).filter(lambda body: is_sound(body, columns)) for name in names]
    bodies = [draw(feature) for feature in sound]
    return bodies, draw(crosses(bodies, columns))


@st.composite
def references(draw: st.DrawFn, columns: dict[str, ColumnType]) -> Body:
    """A cross of whatever could be taken for an output."""
    ends = st.sampled_from([name + end for name in sorted(columns) for end in ("", "_bucket", "_norm")])
    typed = st.fixed_dictionaries({"column": st.sampled_from(sorted(columns)), "output": st.one_of(ends, NAMES)})
    named = draw(st.lists(st.one_of(ends, typed, NAMES), min_size=1, max_size=4))
    return {"features": named, "hash_bucket_size": draw(st.integers(90, 200))}


@st.composite
def hostile(draw: st.DrawFn) -> tuple[ConfigLists, dict[str, ColumnType], str]:
    """Four lists, the columns, and the config's name; one time in three or so something in them is wrong."""
    columns = draw(st.dictionaries(st.one_of(NAMES, COLLIDING), st.sampled_from(ColumnType), min_size=1, max_size=4))
    lists = [*draw(tower(columns)), *draw(tower(columns))]
    if draw(st.integers(0, 3)) == 3:
        lists[draw(st.sampled_from([1, 3]))].append(draw(references(columns)))
    if draw(st.integers(0, 3)) == 3:
        bodies = draw(st.sampled_from(lists))
        bodies.append(draw(spoiled(bodies.pop() if bodies else {})))
    buyer, buyer_crosses, product, product_crosses = map(tuple, lists)
    return ConfigLists(buyer, product, buyer_crosses, product_crosses), columns, draw(NAMES)


def test_enough_of_them_are_accepted_to_mean_something() -> None:
    accepted: list[ResolvedConfig] = []

    @settings(
        max_examples=100, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )  # fmt: skip
    @given(hostile())
    def collect(made: tuple[ConfigLists, dict[str, ColumnType], str]) -> None:
        with suppress(Invalid):
            accepted.append(resolve(made[0], made[1]))

    collect()
    assert 30 <= sum(any(tower.features for tower in resolved.towers) for resolved in accepted) <= 95
    assert sum(any(tower.crosses for tower in resolved.towers) for resolved in accepted) >= 5


@settings(max_examples=CASES, deadline=None, suppress_health_check=[*HealthCheck])
@given(hostile())
def test_a_hostile_config_is_refused_or_harmless(made: tuple[ConfigLists, dict[str, ColumnType], str]) -> None:
    lists, columns, name = made
    try:
        resolved = resolve(lists, columns)
    except Invalid as refusal:
        for problem in refusal.problems:
            assert problem.pointer.startswith("/") or not problem.pointer
            assert problem.code
            assert problem.message
            assert problem.remedy
        json.dumps([problem.__dict__ for problem in refusal.problems])
        return
    preprocessing, trainer = modules(resolved, name)
    verify_preprocessing(preprocessing)
    verify_trainer(trainer)
    assert identifiers(preprocessing) <= IDENTIFIERS
    assert comments(preprocessing) <= COMMENTS
    assert comments(trainer) == comments(trainer_template())
    assert set(resolved.columns) <= literals(preprocessing)
    assert name in literals(trainer)
    assert resolve(resolved.as_lists(), columns) == resolved
    json.loads(json.dumps(config_document(resolved, name, 1, config_hash(resolved))))


SLIPPED_IN = [
    "def f(separator):\n    return tft.vocabulary(separator)",
    "def f(separator):\n    path = separator\n    return path",
    "def f(x):\n    separator = x\n    return x",
    "def f(x):\n    return tft.vocabulary(x, vocab_filename='../x')",
    "def f(x):\n    return tf.strings.split(x, sep='../x')",
]


@pytest.mark.parametrize("line", SLIPPED_IN)
def test_a_separator_can_go_nowhere_but_into_a_split(line: str) -> None:
    verify_preprocessing(_PLAIN)
    with pytest.raises(UnsafeModule):
        verify_preprocessing(f"{_PLAIN}\n\n{line}\n")


def modules(resolved: ResolvedConfig, name: str) -> tuple[str, str]:
    planned = plan(resolved)
    sources = preprocessing_module(planned), trainer_module(planned, name, 1, config_hash(resolved))
    for source in sources:
        compile(source.encode(), "module.py", "exec")
    return sources


def identifiers(source: str) -> set[str]:
    """Everything in a module that is neither a literal nor a comment nor punctuation, but for the names of sections
    that not every config has."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.keyword(arg=str(name)) | ast.alias(name=name):
                found.add(name)
    return found


def comments(source: str) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.COMMENT}


def literals(source: str) -> set[Any]:
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str)}


def everything() -> ResolvedConfig:
    """Plain names, every feature type in both towers with all that makes outputs switched on, and crosses."""
    bodies: list[Body] = []
    columns: dict[str, ColumnType] = {}
    for kind in feature_types().values():
        column = f"plain{kind.key.replace('_', '')}"
        columns[column] = max(kind.applies_to)
        switched_on = {"enabled": True}
        bodies.append({"column": column, "type": kind.key})
        if kind.key in ("numeric", "timestamp"):
            own: Body = {"log_transform": True} if kind.key == "numeric" else {"cyclical": {"weekly": True}}
            bodies[-1]["transforms"] = {"normalize": switched_on, "bucketize": switched_on, **own}
    pair = {"features": ["plainnumeric_bucket", "plainstringembedding"], "hash_bucket_size": 100}
    return resolve(ConfigLists(tuple(bodies), tuple(bodies), (pair,), (pair,)), columns)


_PLAIN = modules(everything(), "plain")[0]
IDENTIFIERS, COMMENTS = identifiers(_PLAIN), comments(_PLAIN)
