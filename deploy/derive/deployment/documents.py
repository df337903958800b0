"""Firestore's composite indexes, fields without an index and lifetimes, from the record kinds; named, for Terraform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.adapters.firestore_indexes import plan
from towerlab.runtime.kinds import FILTERS, LISTINGS


def documents() -> dict[str, Any]:
    planned = plan(LISTINGS, FILTERS)
    return {
        "indexes": {_name(index): index for index in planned["indexes"]},
        "fields": {f"{field['collection']}.{field['field']}": field for field in planned["fields"]},
    }


def _name(index: Mapping[str, Any]) -> str:
    """All of it: an index that changes is another one, which Terraform makes before it drops the old one."""
    modes = {"DESCENDING": "-", "CONTAINS": "*"}
    fields = [modes.get(_mode(field), "") + field["field_path"] for field in index["fields"]]
    return " ".join([index["collection"], *fields])


def _mode(field: Mapping[str, str]) -> str:
    return field.get("order") or field["array_config"]
