"""Bodies that are taken, as the document shows them; the shipped sample has these columns."""

from __future__ import annotations

from typing import Any

from towerlab.domain.columns import Availability

NEW_DATASET = {"name": "Online Retail", "source": {"kind": "file", "uri": "online_retail.parquet"}}
MAPPING_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "role": {"type": ["string", "null"], "minLength": 1, "maxLength": 100, "pattern": r"\S"},
            "availability": {"type": ["string", "null"], "enum": [*(a.value for a in Availability), None]},
            "reason": {"type": "string", "maxLength": 1000},
        },
        "additionalProperties": False,
    },
}
MAPPING_ANSWER: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "role": {"type": ["string", "null"]},
            "availability": {"type": "string", "enum": [a.value for a in Availability]},
            "reason": {"type": "string"},
        },
        "required": ["role", "availability", "reason"],
    },
}
TEST_EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["quick-test", "full-training"]},
        "id": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json", "description": "The whole document"},
    },
    "required": ["event", "id", "data"],
}
MAPPING = {
    "CustomerID": {"role": "customer_id"},
    "StockCode": {"role": "product_id"},
    "InvoiceDate": {"role": "transaction_date", "availability": "at_request"},
}
LISTS: dict[str, Any] = {
    "buyer_model_features": [
        {"column": "CustomerID", "type": "string_embedding", "embedding_dim": 32},
        {
            "column": "InvoiceDate",
            "type": "timestamp",
            "transforms": {"cyclical": {"weekly": True, "daily": True}},
        },
    ],
    "product_model_features": [{"column": "StockCode", "type": "string_embedding", "embedding_dim": 32}],
    "buyer_model_crosses": [],
    "product_model_crosses": [],
}
NEW_CONFIG = {"name": "Smart defaults", "start_from": {"kind": "smart_defaults", "outcomes": "exclude"}}
CONFIG_CHANGE = {"name": "Smart defaults, smaller", "description": "Half the dimensions"}
CLONE = {"name": "A copy to change"}
QUICK_TEST = {"data_sample_percent": 100, "epochs": 3, "batch_size": 2048, "seed": 0, "replicates": 1}
FULL_TRAINING = {"epochs": 20, "batch_size": 4096}
