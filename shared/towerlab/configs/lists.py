"""The four lists of a config as raw JSON, by the spec's field names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["query", "candidate"]
SIDES: tuple[Side, Side] = ("query", "candidate")
MODEL: dict[Side, str] = {"query": "buyer", "candidate": "product"}
MODEL_TITLE: dict[Side, str] = {"query": "BuyerModel", "candidate": "ProductModel"}


@dataclass(frozen=True)
class ConfigLists:
    """What a person edits: features and crosses of both models, each a JSON object as it came in."""

    buyer_model_features: tuple[dict[str, Any], ...] = ()
    product_model_features: tuple[dict[str, Any], ...] = ()
    buyer_model_crosses: tuple[dict[str, Any], ...] = ()
    product_model_crosses: tuple[dict[str, Any], ...] = ()

    def features(self, side: Side) -> tuple[dict[str, Any], ...]:
        return self.buyer_model_features if side == "query" else self.product_model_features

    def crosses(self, side: Side) -> tuple[dict[str, Any], ...]:
        return self.buyer_model_crosses if side == "query" else self.product_model_crosses


def features_field(side: Side) -> str:
    return f"{MODEL[side]}_model_features"


def crosses_field(side: Side) -> str:
    return f"{MODEL[side]}_model_crosses"
