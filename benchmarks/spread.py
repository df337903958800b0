"""Configs as a data scientist would try them on a dataset, one after the other: templates, and changed smart defaults.

None of them sees an outcome of the purchase or leaves the customer's id out: the one would win, the other lose, by so
much that every pair with it stands in the right order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datasets import MOVIELENS, SHIPPED

Body = dict[str, Any]
BUYER, PRODUCT = "buyer_model_features", "product_model_features"


@dataclass(frozen=True)
class Variant:
    """`body` makes what the API takes beside a name, out of the four lists of the smart defaults."""

    name: str
    body: Callable[[Body], Body]


def template(key: str) -> Callable[[Body], Body]:
    return lambda _: {"start_from": {"kind": "template", "key": key}}


def without(column: str) -> Callable[[Body], Body]:
    return _each(lambda feature: [] if feature["column"] == column else [feature])


def in_dimensions(dim: int, *columns: str) -> Callable[[Body], Body]:
    return _each(lambda feature: [{**feature, "embedding_dim": dim} if feature["column"] in columns else feature])


def instead(*changed: Body) -> Callable[[Body], Body]:
    """Features in place of those of the same columns."""
    by_column = {feature["column"]: feature for feature in changed}
    return _each(lambda feature: [by_column.get(feature["column"], feature)])


def crossed(model: str, *outputs: str, also: Body) -> Callable[[Body], Body]:
    """A cross, and the feature `also` in place of that of its column."""
    cross = {"features": list(outputs), "hash_bucket_size": 5_000, "embedding_dim": 16}
    return lambda lists: {**instead(also)(lists), f"{model}_model_crosses": [cross]}


def text(column: str, dim: int) -> Body:
    return {"column": column, "type": "string_embedding", "embedding_dim": dim}


def words(column: str, separator: str, dim: int = 16) -> Body:
    return {"column": column, "type": "multi_hot", "separator": separator, "embedding_dim": dim}


def buckets(column: str, type: str, number: int, dim: int, **more: Any) -> Body:
    chosen = {"enabled": True, "buckets": number, "embedding_dim": dim}
    return {"column": column, "type": type, "transforms": {"bucketize": chosen, **more}}


def weekday_and_hour(column: str) -> Body:
    return {"column": column, "type": "timestamp", "transforms": {"cyclical": {"weekly": True, "daily": True}}}


def _each(change: Callable[[Body], list[Body]]) -> Callable[[Body], Body]:
    def changed(lists: Body) -> Body:
        models = {model: [new for one in lists[model] for new in change(one)] for model in (BUYER, PRODUCT)}
        return {**lists, **models}

    return changed


TEMPLATES = (
    Variant("smart defaults", template("smart_defaults")),
    Variant("ids only", template("ids_only")),
    Variant("compact: half the dimensions", template("compact")),
    Variant("rich time", template("rich_time")),
)
SPREADS: Mapping[str, tuple[Variant, ...]] = {
    SHIPPED: (
        *TEMPLATES,
        *(Variant(f"ids in {dim} dimensions", in_dimensions(dim, "CustomerID", "StockCode")) for dim in (64, 16, 8)),
        Variant("no purchase time", without("InvoiceDate")),
        Variant("no description", without("Description")),
        Variant("no product id", without("StockCode")),
        Variant("words of the description", instead(words("Description", " "))),
        Variant("price in 20 buckets of 8 dimensions", instead(buckets("UnitPrice", "numeric", 20, 8))),
        Variant("weekday and hour alone of the time", instead(weekday_and_hour("InvoiceDate"))),
        Variant(
            "country × time in 20 buckets",
            crossed("buyer", "Country", "InvoiceDate_bucket", also=buckets("InvoiceDate", "timestamp", 20, 8)),
        ),
    ),
    MOVIELENS: (
        *TEMPLATES,
        *(Variant(f"ids in {dim} dimensions", in_dimensions(dim, "user_id", "movie_id")) for dim in (64, 16, 8)),
        Variant("no rating time", without("rated_at")),
        Variant("no title", without("movie_title")),
        Variant("no movie id", without("movie_id")),
        Variant("no zip code", without("zip_code")),
        Variant("genres one by one", instead(words("genres", "|"))),
        Variant("age in 10 buckets of 8 dimensions", instead(buckets("age", "numeric", 10, 8))),
        Variant(
            "age × occupation",
            crossed("buyer", "age_bucket", "occupation", also=buckets("age", "numeric", 10, 8)),
        ),
    ),
}
