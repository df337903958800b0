"""The leak probe: what one column alone gives away of the product, without any training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LISTED = 100  # products in a list, so the figure is a recall@100
RED_FROM = 2.2  # times popularity
BUCKETS = 100  # a number with more values than these is looked at in quantile buckets too
NEWEST = 0.1  # share of the qualifying rows that are evaluation rows, by time
EXEMPT = "customer_id"
ASKED = "product_id"  # the column that is to be guessed has no probe
ROLES = ("customer_id", "product_id", "transaction_date", "quantity")  # they decide rows, split and what is guessed


@dataclass(frozen=True)
class Probed:
    """What one column alone gives. `recall_at_100` is that of a list per value: its most frequent training products,
    filled up with the most frequent of all; of a number the better one of exact values and quantile buckets.
    `rows_share`: training rows whose value is their product's most frequent one; `products_share`: products that have
    one value only; both None when no training row has a value."""

    recall_at_100: float
    rows_share: float | None
    products_share: float | None


@dataclass(frozen=True)
class Probes:
    """All columns of a snapshot under one choice of roles. Empty without evaluation rows."""

    popularity: float = 0.0
    columns: Mapping[str, Probed] = field(default_factory=dict)
    schema: int = 1


@dataclass(frozen=True)
class LeakProbe:
    """`verdict`: ok, red, or exempt. A red one is a question to a person, not a ban."""

    recall_at_100: float
    popularity_recall_at_100: float
    times_popularity: float | None
    verdict: str
    message: str
    rows_share: float | None
    products_share: float | None


def judge(column: str, role: str | None, probes: Probes) -> LeakProbe | None:
    """What the probe says of a column with that role; None where there is nothing to say."""
    probed = probes.columns.get(column)
    if probed is None or role == ASKED:
        return None
    times = probed.recall_at_100 / probes.popularity if probes.popularity else None
    verdict = _verdict(role, times)
    return LeakProbe(
        probed.recall_at_100,
        probes.popularity,
        times,
        verdict,
        _message(column, verdict, probed.recall_at_100, probes.popularity),
        probed.rows_share,
        probed.products_share,
    )


def _verdict(role: str | None, times: float | None) -> str:
    if role == EXEMPT:
        return "exempt"
    return "red" if times is not None and times >= RED_FROM else "ok"


def _message(column: str, verdict: str, recall: float, popularity: float) -> str:
    found = f"A list by {column} alone finds {recall:.1%} of the products bought, popularity {popularity:.1%}."
    if verdict == "red":
        return f"{found} Is {column} known before the purchase? In the BuyerModel it would give the answer away."
    if verdict == "exempt":
        return f"{found} A customer's own habits are no leak."
    return found
