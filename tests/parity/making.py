"""Cases: a config and a table that hypothesis makes, from what the transforms say of themselves."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.configs.crosses import operands_of
from towerlab.configs.features import sources
from towerlab.configs.lists import ConfigLists
from towerlab.configs.parsing import parse_feature
from towerlab.configs.reading import Faults
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import ColumnType
from towerlab.transforms.base import Param
from towerlab.transforms.registry import feature_types, transforms_of

ROWS = 64
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1900, 2201))
DAY = 86_400

Values = list[Any]
Body = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`rows` holds the raw values of every key, as the examples do."""

    resolved: ResolvedConfig
    rows: dict[str, Values]
    types: dict[str, ColumnType]


def cases(number: int, seed_: int) -> list[Case]:
    """That many; the same for the same seed."""
    found: list[Case] = []

    @seed(seed_)
    @settings(
        max_examples=number, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        found.append(data.draw(case(len(found))))

    collect()
    return found[:number]


PLAIN = ["a", "b", "c", " a ", "A", "ab", "a|b", "b|a|a||c", "x, y,x", "a b", "|", "0", "true"]
DIRT = ["", " ", "x\ny", "x\r", "😀", "٣", "n\x00ul", "'\"", "\\", "é", "e\u0301", "\u202e", "名前|b", "\t|a"]
UNICODE = st.text(st.characters(codec="utf-8"), max_size=90)
_TEXTS = st.one_of(st.none(), st.sampled_from(PLAIN), st.sampled_from(DIRT), UNICODE)
_WHOLE = st.one_of(st.none(), st.integers(-5, 30), st.integers(-(2**63), 2**63 - 1))
_SOME_FLOATS = st.sampled_from([0.0, -0.0, 1.5, -1.5, 1e-40, 1e300, -1e300, float("nan"), float("inf"), float("-inf")])
_FLOATS = st.one_of(
    st.none(), _SOME_FLOATS, st.floats(-100, 100, width=32), st.floats(width=32), st.floats(0, 1e6), st.floats()
)
_MOMENTS = st.one_of(st.none(), st.integers(FIRST, LAST - 1), st.integers(-DAY, DAY))
_DAYS = st.one_of(st.none(), st.integers(FIRST // DAY, LAST // DAY - 1).map(lambda day: day * DAY))
POOLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.STRING: _TEXTS,
    ColumnType.INTEGER: _WHOLE,
    ColumnType.FLOAT: _FLOATS,
    ColumnType.TIMESTAMP: _MOMENTS,
    ColumnType.DATE: _DAYS,
    ColumnType.BOOLEAN: st.one_of(st.none(), st.booleans()),
}


@st.composite
def columns(draw: st.DrawFn, kind: ColumnType) -> Values:
    """Values drawn from a pool: duplicates and ties, also pools of one value and of none but missing ones."""
    pool = draw(st.lists(POOLS[kind], min_size=1, max_size=30))
    return draw(st.randoms(use_true_random=False)).choices(pool, k=ROWS)


def parameters(entry: Param) -> st.SearchStrategy[Any]:
    if entry.choices is not None:
        return st.sampled_from(entry.choices)
    if entry.type is bool:
        return st.booleans()
    offered = st.sampled_from(entry.suggestions or (entry.default,))
    if entry.type is str:
        return st.one_of(offered, st.text(st.characters(codec="utf-8"), min_size=1, max_size=3))
    low, high = entry.low or 0, entry.high or 0
    return st.one_of(offered, st.integers(low, min(high, low + 20)))


@st.composite
def features(draw: st.DrawFn, column: str, type: ColumnType) -> Body:
    """A feature of any kind that fits, any parameter left to its default."""
    fitting = [kind for kind in feature_types().values() if type in kind.applies_to]
    body: Body = {"column": column, "type": draw(st.sampled_from(fitting)).key}
    for entry in (entry for found in transforms_of(feature_types()[body["type"]]) for entry in found.params()):
        if draw(st.integers(0, 3)):
            place = body
            for part in entry.path[:-1]:
                place = place.setdefault(part, {})
            place[entry.path[-1]] = draw(parameters(entry))
    return body


def is_sound(body: Body, types: dict[str, ColumnType]) -> bool:
    faults = Faults()
    parse_feature(body, types, "", faults)
    return not faults


@st.composite
def crosses(draw: st.DrawFn, bodies: list[Body], types: dict[str, ColumnType]) -> list[Body]:
    parsed = [parse_feature(body, types, "", Faults()) for body in bodies]
    names = sorted(operands_of([feature for feature in parsed if feature is not None]))
    groups = [group for size in (2, 3) for group in itertools.combinations(names, size)]
    chosen = draw(st.lists(st.sampled_from(groups), max_size=2, unique=True)) if groups else []
    return [{"features": list(group), "hash_bucket_size": draw(st.sampled_from([100, 5000]))} for group in chosen]


@st.composite
def tower(draw: st.DrawFn, types: dict[str, ColumnType], most: int) -> tuple[list[Body], list[Body]]:
    """Features and crosses of one tower."""
    chosen = draw(st.lists(st.sampled_from(sorted(types)), min_size=1, max_size=most, unique=True))
    sound = [features(name, types[name]).filter(lambda body: is_sound(body, types)) for name in chosen]
    bodies = [draw(feature) for feature in sound]
    return bodies, draw(crosses(bodies, types))


@st.composite
def case(draw: st.DrawFn, number: int) -> Case:
    """Column names are different in different cases, so that many cases fit into one run of TFT."""
    names = draw(st.lists(st.one_of(st.just(""), UNICODE), min_size=1, max_size=3, unique=True))
    types = {f"{name}{place}c{number}": draw(st.sampled_from(ColumnType)) for place, name in enumerate(names)}
    (buyer, buyer_crosses), (product, product_crosses) = draw(tower(types, 3)), draw(tower(types, 1))
    config = ConfigLists(tuple(buyer), tuple(product), tuple(buyer_crosses), tuple(product_crosses))
    resolved = resolve(config, types)
    keys = {source.key: types[source.column] for source in sources(resolved).values()}
    return Case(resolved, {key: draw(columns(kind)) for key, kind in keys.items()}, keys)
