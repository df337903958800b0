"""Configs to test with: the wizard's example, and random ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnProfile, ColumnType

COLUMNS = {
    "customer_id": ColumnType.STRING,
    "city": ColumnType.STRING,
    "revenue": ColumnType.FLOAT,
    "quantity": ColumnType.INTEGER,
    "trans_date": ColumnType.TIMESTAMP,
    "birthday": ColumnType.DATE,
    "product_id": ColumnType.INTEGER,
    "category": ColumnType.STRING,
    "subcategory": ColumnType.STRING,
    "product_name": ColumnType.STRING,
    "organic": ColumnType.BOOLEAN,
}


def text(column: str, dim: int = 32, **vocab_settings: int) -> dict[str, Any]:
    feature: dict[str, Any] = {"column": column, "type": "string_embedding", "embedding_dim": dim}
    return {**feature, "vocab_settings": vocab_settings} if vocab_settings else feature


def number(column: str, **transforms: Any) -> dict[str, Any]:
    return {"column": column, "type": "numeric", "transforms": transforms or {"normalize": {"enabled": True}}}


def time(column: str, **transforms: Any) -> dict[str, Any]:
    return {"column": column, "type": "timestamp", "transforms": transforms or {"normalize": {"enabled": True}}}


def cross(*features: str, size: int = 5000, dim: int = 16) -> dict[str, Any]:
    return {"features": list(features), "hash_bucket_size": size, "embedding_dim": dim}


def lists(
    buyer: list[Any] | None = None,
    product: list[Any] | None = None,
    buyer_crosses: list[Any] | None = None,
    product_crosses: list[Any] | None = None,
) -> ConfigLists:
    return ConfigLists(
        tuple(buyer or ()), tuple(product or ()), tuple(buyer_crosses or ()), tuple(product_crosses or ())
    )


def wizard_example() -> ConfigLists:
    return lists(
        buyer=[
            text("customer_id", 64),
            text("city", 16, max_size=1000, oov_buckets=5),
            number("revenue", normalize={"enabled": True}, bucketize={"enabled": True}),
            time(
                "trans_date",
                normalize={"enabled": True},
                cyclical={"quarterly": True, "monthly": True, "weekly": True},
            ),
        ],
        product=[
            text("product_id"),
            text("category", 16),
            text("subcategory", 24),
            text("product_name", 32, max_size=50000),
        ],
        buyer_crosses=[cross("customer_id", "city")],
    )


def profile(name: str, kind: ColumnType, unique: int, **facts: Any) -> ColumnProfile:
    return ColumnProfile(name, kind, unique, exact=True, nulls=0, **facts)


def _texts(column: str) -> st.SearchStrategy[dict[str, Any]]:
    settings_ = st.fixed_dictionaries(
        {},
        optional={
            "max_size": st.integers(1, 10_000_000),
            "oov_buckets": st.integers(1, 1000),
            "min_frequency": st.integers(1, 1_000_000),
        },
    )
    optional = {"embedding_dim": st.integers(4, 256), "vocab_settings": settings_}
    return st.fixed_dictionaries(
        {"column": st.just(column), "type": st.just("string_embedding")},
        optional=optional,
    )


_NORMALIZE = st.fixed_dictionaries({"enabled": st.just(True)}, optional={"range": st.sampled_from([[-1, 1], [0, 1]])})
_BUCKETIZE = st.fixed_dictionaries(
    {"enabled": st.booleans()}, optional={"buckets": st.integers(2, 1000), "embedding_dim": st.integers(4, 256)}
)
_CYCLES = ("annual", "quarterly", "monthly", "weekly")


def _numbers(column: str) -> st.SearchStrategy[dict[str, Any]]:
    transforms = st.fixed_dictionaries(
        {"normalize": _NORMALIZE}, optional={"bucketize": _BUCKETIZE, "log_transform": st.booleans()}
    )
    return transforms.map(lambda chosen: number(column, **chosen))


def _times(column: str) -> st.SearchStrategy[dict[str, Any]]:
    cycles = st.fixed_dictionaries({}, optional={name: st.booleans() for name in _CYCLES})
    transforms = st.fixed_dictionaries(
        {"normalize": _NORMALIZE}, optional={"bucketize": _BUCKETIZE, "cyclical": cycles}
    )
    return transforms.map(lambda chosen: time(column, **chosen))


def features(column: str, kind: ColumnType) -> st.SearchStrategy[dict[str, Any]]:
    """A valid feature of the column."""
    if kind in (ColumnType.TIMESTAMP, ColumnType.DATE):
        return _times(column)
    if kind is ColumnType.FLOAT:
        return _numbers(column)
    return st.one_of(_texts(column), _numbers(column)) if kind is ColumnType.INTEGER else _texts(column)


def _crossable(feature: dict[str, Any]) -> list[str]:
    if feature["type"] == "string_embedding":
        return [feature["column"]]
    on = feature["transforms"].get("bucketize", {}).get("enabled")
    return [feature["column"] + "_bucket"] if on else []


@st.composite
def towers(draw: st.DrawFn, least: int = 0) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Features of different columns, and crosses of them."""
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), unique=True, min_size=least, max_size=6))
    chosen = [draw(features(name, COLUMNS[name])) for name in names]
    references = [reference for feature in chosen for reference in _crossable(feature)]
    if len(references) < 2:
        return chosen, []
    pairs = st.lists(st.sampled_from(references), unique=True, min_size=2, max_size=3)
    picked = draw(st.lists(pairs, max_size=2, unique_by=lambda pair: frozenset(pair)))
    sizes, dims = st.integers(100, 100_000), st.integers(4, 64)
    return chosen, [cross(*pair, size=draw(sizes), dim=draw(dims)) for pair in picked]


@st.composite
def configs(draw: st.DrawFn, least: int = 0) -> ConfigLists:
    """Valid configs over COLUMNS, each tower with at least `least` features."""
    buyer, buyer_crosses = draw(towers(least))
    product, product_crosses = draw(towers(least))
    return lists(buyer, product, buyer_crosses, product_crosses)
