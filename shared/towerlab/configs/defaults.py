"""Smart defaults: a whole config from column statistics and roles, with a sentence for every value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from towerlab.configs.checks import MAX_FEATURES
from towerlab.configs.lists import MODEL, MODEL_TITLE, SIDES, ConfigLists, Side
from towerlab.configs.placement import IDENTIFIER_ROLES, is_identifier, looks_like_city, side_of
from towerlab.configs.recommend import embedding_dim, shown_count
from towerlab.domain.columns import Availability, ColumnProfile, ColumnRole, ColumnType

Outcomes = Literal["exclude", "include"]

SKEWED = 2.0
MOST_IDENTIFIERS, MOST_VALUES = 500_000, 100_000
CUSTOMER_CITY_SIZE, CATEGORY_SIZE = 5_000, 1_000
DEFAULT_CYCLES = ("quarterly", "monthly", "weekly")


@dataclass(frozen=True)
class Reason:
    """Why `field` of `column` has its value. `model` is buyer, product, or None for a column that was left out."""

    model: str | None
    column: str
    field: str
    value: Any
    reason: str


@dataclass(frozen=True)
class SmartDefaults:
    lists: ConfigLists
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class _Choice:
    """A column that is placed, with its feature."""

    side: Side
    profile: ColumnProfile
    entry: ColumnRole
    feature: dict[str, Any]
    reasons: tuple[tuple[str, Any, str], ...]


def smart_defaults(
    profiles: Iterable[ColumnProfile], mapping: Mapping[str, ColumnRole], outcomes: Outcomes = "exclude"
) -> SmartDefaults:
    """A config that can be tested as it stands. `exclude` leaves out of the BuyerModel what is known only after the
    purchase; `include` keeps it, as the table of roles has it."""
    choices: list[_Choice] = []
    left_out: list[Reason] = []
    for profile in profiles:
        entry = mapping.get(profile.name)
        side = side_of(entry.role) if entry is not None and entry.role else None
        if entry is None or side is None:
            continue
        refusal = _refusal(profile, entry, side, outcomes)
        if refusal:
            left_out.append(Reason(None, profile.name, "left_out", True, refusal))
        elif sum(choice.side == side for choice in choices) < MAX_FEATURES:
            choices.append(_choose(side, profile, entry))
    return _assembled(choices, left_out)


def _refusal(profile: ColumnProfile, entry: ColumnRole, side: Side, outcomes: Outcomes) -> str:
    if outcomes == "exclude" and side == "query" and entry.availability is Availability.AFTER_REQUEST:
        return "It is known only after the purchase that is being predicted; as an input it would give the answer away."
    if profile.unique_count == 0:
        return "All of its values are missing."
    if profile.type is ColumnType.FLOAT and entry.role in IDENTIFIER_ROLES:
        return "An identifier cannot be a FLOAT; store it as INTEGER or STRING."
    return ""


def _choose(side: Side, profile: ColumnProfile, entry: ColumnRole) -> _Choice:
    if profile.type in (ColumnType.TIMESTAMP, ColumnType.DATE):
        feature, reasons = _time(profile)
    elif profile.type is ColumnType.FLOAT or (profile.type is ColumnType.INTEGER and not is_identifier(profile, entry)):
        feature, reasons = _number(profile)
    else:
        feature, reasons = _text(profile, entry)
    placed = ("model", MODEL[side], f"Its role {entry.role} belongs to the {MODEL_TITLE[side]}.")
    return _Choice(side, profile, entry, feature, (placed, *reasons))


Chosen = tuple[dict[str, Any], list[tuple[str, Any, str]]]


def _text(profile: ColumnProfile, entry: ColumnRole) -> Chosen:
    most = MOST_IDENTIFIERS if entry.role in IDENTIFIER_ROLES else MOST_VALUES
    dim, size = embedding_dim(profile.unique_count), min(2 * profile.unique_count, most)
    count = shown_count(profile.unique_count)
    feature = {
        "column": profile.name,
        "type": "string_embedding",
        "embedding_dim": dim,
        "vocab_settings": {"max_size": size, "oov_buckets": 10, "min_frequency": 5},
    }
    named = (
        "Its values are names." if profile.type is not ColumnType.INTEGER else "Its integers are names, not amounts."
    )
    return feature, [
        ("type", "string_embedding", named),
        ("embedding_dim", dim, f"{count} unique values call for {dim} dimensions."),
        ("vocab_settings.max_size", size, f"Twice the {count} unique values, at most {most:,}: room for new ones."),
        ("vocab_settings.oov_buckets", 10, "Ten shared vectors for values that training has not seen."),
        ("vocab_settings.min_frequency", 5, "Fewer than 5 rows are too few to learn a vector from."),
    ]


def _number(profile: ColumnProfile) -> Chosen:
    skewness = profile.skewness or 0.0
    skewed = skewness > SKEWED
    transforms = {
        "normalize": {"enabled": True, "range": [-1, 1]},
        "bucketize": {"enabled": True, "buckets": 100, "embedding_dim": 32},
        "log_transform": skewed,
    }
    compared = f"Skewness {skewness:.1f} is {'above' if skewed else 'not above'} {SKEWED:g}"
    return {"column": profile.name, "type": "numeric", "transforms": transforms}, [
        ("type", "numeric", "Its values are amounts."),
        ("transforms.normalize", True, "One number in [-1, 1] carries its size."),
        ("transforms.bucketize", True, "100 quantile buckets of 32 dimensions let the model learn any shape."),
        (
            "transforms.log_transform",
            skewed,
            f"{compared}: {'a logarithm spreads it out' if skewed else 'no logarithm'}.",
        ),
    ]


def _time(profile: ColumnProfile) -> Chosen:
    cycles = {name: name in DEFAULT_CYCLES for name in ("annual", "quarterly", "monthly", "weekly", "daily")}
    transforms = {
        "normalize": {"enabled": True, "range": [-1, 1]},
        "bucketize": {"enabled": False},
        "cyclical": cycles,
    }
    return {"column": profile.name, "type": "timestamp", "transforms": transforms}, [
        ("type", "timestamp", "Its values are times."),
        ("transforms.normalize", True, "One number in [-1, 1] carries the trend."),
        (
            "transforms.cyclical",
            list(DEFAULT_CYCLES),
            "Month of the quarter, day of the month and weekday move purchases.",
        ),
    ]


def _assembled(choices: list[_Choice], left_out: list[Reason]) -> SmartDefaults:
    crosses: dict[Side, tuple[dict[str, Any], ...]] = dict.fromkeys(SIDES, ())
    reasons = [
        Reason(MODEL[choice.side], choice.profile.name, field, value, why)
        for choice in choices
        for field, value, why in choice.reasons
    ]
    for side, pair, size, why in _patterns(choices):
        crosses[side] = (*crosses[side], {"features": pair, "hash_bucket_size": size, "embedding_dim": 16})
        reasons.append(Reason(MODEL[side], " × ".join(pair), "cross", size, why))
    lists = ConfigLists(
        buyer_model_features=tuple(choice.feature for choice in choices if choice.side == "query"),
        product_model_features=tuple(choice.feature for choice in choices if choice.side == "candidate"),
        buyer_model_crosses=crosses["query"],
        product_model_crosses=crosses["candidate"],
    )
    return SmartDefaults(lists, (*reasons, *left_out))


def _patterns(choices: list[_Choice]) -> list[tuple[Side, list[str], int, str]]:
    """The customer with the city, the category with the subcategory: by role first, then by name."""
    customer = _find(choices, "query", "customer_id")
    city = next((c.profile.name for c in choices if c.side == "query" and looks_like_city(c.profile, c.entry)), None)
    category, subcategory = _find(choices, "candidate", "category"), _find(choices, "candidate", "subcategory")
    found: list[tuple[Side, list[str], int, str]] = []
    if customer and city and customer != city:
        found.append(("query", [customer, city], CUSTOMER_CITY_SIZE, "A customer may buy differently in another city."))
    if category and subcategory and category != subcategory:
        found.append(
            ("candidate", [category, subcategory], CATEGORY_SIZE, "A subcategory means little without its category.")
        )
    return found


def _find(choices: list[_Choice], side: Side, wanted: str) -> str | None:
    there = [choice for choice in choices if choice.side == side and choice.feature["type"] == "string_embedding"]
    by_role = next((choice.profile.name for choice in there if choice.entry.role == wanted), None)
    return by_role or next((choice.profile.name for choice in there if choice.profile.name.lower() == wanted), None)
