"""The generated module, run by TensorFlow Transform, gives what plain Python and the references say it should."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from towerlab.configs import reference
from towerlab.configs.checks import resolve
from towerlab.configs.features import slug
from towerlab.configs.resolved import Feature, Step
from towerlab.domain.columns import ColumnType
from towerlab.emit.package import generate
from towerlab.transforms.registry import feature_types, transforms_of

from tests.unit.configs.building import cross, lists, number, text, time

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).parents[3]
PYTHON = Path(os.environ.get("TOWERLAB_PIPELINE_PYTHON") or REPOSITORY / ".envs/pipeline/bin/python")
RUNNER = Path(__file__).with_name("run_preprocessing.py")

ON = {"enabled": True}
ALL_CYCLES = dict.fromkeys(("annual", "quarterly", "monthly", "weekly", "daily"), True)
COLUMNS = {
    "customer": ColumnType.STRING,
    "shop id": ColumnType.INTEGER,
    "member": ColumnType.BOOLEAN,
    "price": ColumnType.FLOAT,
    "pieces": ColumnType.INTEGER,
    "constant": ColumnType.FLOAT,
    "empty": ColumnType.FLOAT,
    "when": ColumnType.TIMESTAMP,
    "day": ColumnType.DATE,
    "product": ColumnType.STRING,
}
SPECIFIED = {"string_embedding", "numeric", "timestamp"}
FURTHER = {f"further {kind.key}": kind for kind in feature_types().values() if kind.key not in SPECIFIED}
COLUMNS |= dict.fromkeys(FURTHER, ColumnType.STRING)


def further(column: str) -> dict[str, Any]:
    """A feature of a type that is not among the specified three, by the last example of each of its transforms."""
    kind = FURTHER[column]
    steps = tuple(Step(transform, transform.examples[-1]) for transform in transforms_of(kind))
    return Feature(column, COLUMNS[column], kind, steps).as_json()


CONFIG = lists(
    buyer=[
        *(further(column) for column in FURTHER),
        text("customer", 8, min_frequency=5, oov_buckets=3),
        text("shop id", 8, max_size=2, min_frequency=1, oov_buckets=1),
        text("member", 4, min_frequency=1),
        number("price", normalize=ON, bucketize={**ON, "buckets": 10}, log_transform=True),
        number("pieces", normalize={**ON, "range": [0, 1]}, bucketize={**ON, "buckets": 1000}),
        number("constant", normalize=ON, bucketize={**ON, "buckets": 4}),
        number("empty", normalize=ON, bucketize={**ON, "buckets": 4}),
        time("when", normalize=ON, bucketize={**ON, "buckets": 20}, cyclical=ALL_CYCLES),
        time("day", cyclical={"annual": True, "weekly": True}),
    ],
    product=[
        text("product", 8, min_frequency=1),
        text("customer", 4, min_frequency=5, oov_buckets=2),
        text("member", 4, min_frequency=2),
    ],
    buyer_crosses=[cross("shop id", "customer", size=1000), cross("price_bucket", "member", "when_bucket", size=100)],
)
TEXTS = ["a", "b", "c", " a ", "", "x\ny", "x\ry", "😀", "٣", "n\x00ul", "'\"", None]
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)
SHOP = slug("shop id")
VOCABULARIES = ["customer_vocab_100000_5", "member_vocab_100000_1", "member_vocab_100000_2", f"{SHOP}_vocab_2_1"]
KINDS = {ColumnType.STRING: "string", ColumnType.BOOLEAN: "string", ColumnType.FLOAT: "float32"}


def seconds(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))


def rows() -> list[dict[str, Any]]:
    """600 rows with everything that goes wrong, and 2 that only a rare value has."""
    draw = random.Random(7)
    moments = [FIRST, LAST, datetime(2000, 2, 29, 12, tzinfo=UTC), datetime(1969, 12, 31, 23, tzinfo=UTC)]
    return [
        {
            "row_id": n,
            "customer_index": n % 17,
            "product_index": n % 29,
            "customer": "rare" if n < 2 else draw.choice(TEXTS),
            "shop id": draw.choice([1, 1, 1, -2, -2, 2**40, None]),
            "member": draw.choice(["true", "false", None]),
            "price": draw.choice([None, math.nan, math.inf, -math.inf, -5.25, 3.0, draw.expovariate(0.05)]),
            "pieces": draw.choice([None, *range(-3, 40)]),
            "constant": draw.choice([None, 7.5]),
            "empty": None,
            "when": seconds(moments[n]) if n < len(moments) else _moment(draw),
            "day": _moment(draw, whole_days=True),
            "product": draw.choice(["p", "q"]),
            **{column: draw.choice([*TEXTS, "a, b", "b,a , a,, c", ", "]) for column in FURTHER},
        }
        for n in range(600)
    ]


def _moment(draw: random.Random, whole_days: bool = False) -> int | None:
    at = draw.randrange(seconds(FIRST), seconds(LAST))
    return draw.choice([None, at, at, at]) if not whole_days else at - at % 86400


@dataclass(frozen=True)
class Ran:
    rows: list[dict[str, Any]]
    outputs: dict[str, np.ndarray[Any, Any]]
    vocabularies: dict[str, list[str]]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


@pytest.fixture(scope="module", params=["beam", "local"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    if not PYTHON.exists():
        pytest.skip(f"no pipeline environment at {PYTHON}: make it, or set TOWERLAB_PIPELINE_PYTHON")
    folder = tmp_path_factory.mktemp("preprocessing")
    resolved = resolve(CONFIG, COLUMNS)
    files = generate(resolved, "all transforms", 1, "0" * 64)
    (folder / "preprocessing.py").write_bytes(files["preprocessing.py"])
    table = _with_keys(rows())
    (folder / "rows.json").write_text(json.dumps(table))
    (folder / "types.json").write_text(json.dumps(_types()))
    (folder / "vocabularies.json").write_text(json.dumps(VOCABULARIES))
    # exit code 139 at interpreter shutdown, after right work, is known of this stack: the result counts
    done = subprocess.run([PYTHON, RUNNER, request.param, folder], capture_output=True, text=True, check=False)
    assert (folder / "result.json").exists(), done.stderr[-3000:]
    result = json.loads((folder / "result.json").read_text())
    return Ran(table, {name: np.array(rows) for name, rows in result["outputs"].items()}, result["vocabularies"])


def _with_keys(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The product's tower sees its own value of a column that is in both."""
    of_product = {"customer_of_product": "a", "member_of_product": "true"}
    renamed = {column: slug(column) for column in ("shop id", *FURTHER)}
    return [{**row, **{key: row[column] for column, key in renamed.items()}, **of_product} for row in table]


def _types() -> dict[str, str]:
    plain = {slug(name): KINDS.get(kind, "int64") for name, kind in COLUMNS.items()}
    index = dict.fromkeys(("row_id", "customer_index", "product_index"), "int64")
    return {**plain, **index, "customer_of_product": "string", "member_of_product": "string"}


def test_every_output_equals_its_reference(ran: Ran) -> None:
    """Fitted here, and in TensorFlow: the same values, and the same outputs from them."""
    resolved = resolve(CONFIG, COLUMNS)
    columns = {key: [row[key] for row in ran.rows] for key in _types()}
    fitted = reference.fit(resolved, columns)
    assert {name: list(fitted.vocabularies[name]) for name in VOCABULARIES} == ran.vocabularies
    for name, expected in reference.outputs(resolved, fitted, columns).items():
        if expected.dtype == np.int64:
            np.testing.assert_array_equal(ran.outputs[name], expected, err_msg=name)
        else:
            np.testing.assert_allclose(ran.outputs[name], expected, rtol=1e-5, atol=1e-6, err_msg=name)


def test_rows_keep_their_numbers(ran: Ran) -> None:
    for name in ("row_id", "customer_index", "product_index"):
        assert ran.outputs[name].tolist() == ran.column(name)


def expected_vocabulary(values: list[str | None], least: int, most: int) -> set[str]:
    counted = Counter(value for value in values if value and not {"\n", "\r"} & set(value))
    return {value for value, count in counted.most_common(most) if count >= least}


def test_a_vocabulary_holds_the_frequent_values_and_the_rest_is_out_of_it(ran: Ran) -> None:
    values = ran.column("customer")
    known = ran.vocabularies["customer_vocab_100000_5"]
    assert set(known) == expected_vocabulary(values, 5, 100_000)
    assert {" a ", "a", "😀", "n\x00ul"} <= set(known)
    for value, found in zip(values, ran.outputs["customer"].tolist(), strict=True):
        if value in known:
            assert found == known.index(value)
        else:
            assert len(known) <= found < len(known) + 3


def test_missing_and_empty_are_one_value(ran: Ran) -> None:
    pairs = zip(ran.column("customer"), ran.outputs["customer"].tolist(), strict=True)
    assert len({found for value, found in pairs if not value}) == 1


def test_integers_are_looked_up_as_decimal_strings(ran: Ran) -> None:
    known = ran.vocabularies[f"{SHOP}_vocab_2_1"]
    assert known == ["1", "-2"]
    expected = [known.index(str(value)) if str(value) in known else 2 for value in ran.column("shop id")]
    assert ran.outputs[SHOP].tolist() == expected


def test_towers_share_a_vocabulary_of_equal_settings(ran: Ran) -> None:
    place = ran.vocabularies["customer_vocab_100000_5"].index("a")
    assert set(ran.outputs["customer_of_product"].tolist()) == {place}
    assert ran.vocabularies["member_vocab_100000_2"] == ["true"]


def logged(value: float) -> float:
    return math.copysign(math.log1p(abs(value)), value)


def expected_norm(values: list[float | None], low: float, high: float) -> np.ndarray[Any, Any]:
    known = [value for value in values if value is not None and math.isfinite(value)]
    smallest, largest, mean = min(known), max(known), math.fsum(known) / len(known)
    filled = [value if value is not None and math.isfinite(value) else mean for value in values]
    if smallest == largest:
        return np.full(len(values), (low + high) / 2)
    return np.array([low + (high - low) * (value - smallest) / (largest - smallest) for value in filled])


@pytest.mark.parametrize(
    ("name", "prepare", "low"),
    [
        ("price", lambda x: logged(float(np.float32(x))), -1.0),
        ("pieces", float, 0.0),
        ("constant", float, -1.0),
        ("when", float, -1.0),
    ],
)
def test_normalize_is_min_max_with_the_mean_for_missing(
    ran: Ran, name: str, prepare: Callable[[float], float], low: float
) -> None:
    values = [None if value is None or not math.isfinite(value) else prepare(value) for value in ran.column(name)]
    found = ran.outputs[f"{name}_norm"]
    assert found.shape == (600, 1)
    np.testing.assert_allclose(found[:, 0], expected_norm(values, low, 1.0), rtol=1e-5, atol=1e-6)


def test_a_column_without_values_is_the_middle(ran: Ran) -> None:
    assert set(ran.outputs["empty_norm"][:, 0].tolist()) == {0.0}
    assert set(ran.outputs["empty_bucket"].tolist()) == {4}


@pytest.mark.parametrize(("name", "buckets"), [("price", 10), ("pieces", 1000), ("constant", 4), ("when", 20)])
def test_buckets_follow_the_values_and_missing_has_its_own(ran: Ran, name: str, buckets: int) -> None:
    known, missing = [], []
    for value, found in zip(ran.column(name), ran.outputs[f"{name}_bucket"].tolist(), strict=True):
        (missing if value is None or not math.isfinite(value) else known).append((value, found))
    assert {found for _, found in missing} == {buckets}
    assert all(0 <= found < buckets for _, found in known)
    in_order = [found for _, found in sorted(known)]
    assert in_order == sorted(in_order)
    assert len(dict(known)) == len(set(known)), "equal values share a bucket"


def test_buckets_hold_about_equally_many(ran: Ran) -> None:
    counts = Counter(ran.outputs["when_bucket"].tolist())
    del counts[20]
    assert len(counts) == 20
    assert max(counts.values()) - min(counts.values()) <= 4


def turns(at: int) -> dict[str, float]:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
    return {
        "annual": (moment.month - 1) // 3 / 4,
        "quarterly": (moment.month - 1) % 3 / 3,
        "monthly": (moment.day - 1) / 31,
        "weekly": moment.weekday() / 7,
        "daily": moment.hour / 24,
    }


@pytest.mark.parametrize(
    ("name", "cycles"),
    [("when", ["annual", "quarterly", "monthly", "weekly", "daily"]), ("day", ["annual", "weekly"])],
)
def test_cycles_agree_with_the_calendar_from_1900_to_2200(ran: Ran, name: str, cycles: list[str]) -> None:
    expected = [
        [0.0] * 2 * len(cycles)
        if at is None
        else [wave(2 * math.pi * turns(at)[cycle]) for cycle in cycles for wave in (math.sin, math.cos)]
        for at in ran.column(name)
    ]
    np.testing.assert_allclose(ran.outputs[f"{name}_cyclical"], expected, atol=1e-6)


def test_a_cross_is_a_function_of_its_parts_and_in_range(ran: Ran) -> None:
    crossed = ran.outputs[f"customer_x_{SHOP}"].tolist()
    parts = [(row["customer"] or "", row["shop id"]) for row in ran.rows]
    assert all(0 <= found < 1000 for found in crossed)
    assert len(set(zip(parts, crossed, strict=True))) == len(set(parts))
    assert len(set(crossed)) > 0.9 * len(set(parts))


def test_a_cross_takes_numbers_by_their_buckets(ran: Ran) -> None:
    crossed = ran.outputs["member_x_price_bucket_x_when_bucket"].tolist()
    prices, moments = ran.outputs["price_bucket"].tolist(), ran.outputs["when_bucket"].tolist()
    parts = list(zip(ran.column("member"), prices, moments, strict=True))
    assert all(0 <= found < 100 for found in crossed)
    assert len(set(zip(parts, crossed, strict=True))) == len(set(parts))
