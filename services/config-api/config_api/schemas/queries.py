"""Query strings: pages, orders and filters."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema
from towerlab.configs.config import ConfigStatus

from config_api.fields import Choice, Digits, Text

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
DEFAULT_SORT = "-best_recall_at_100"

# Untested configs come last in both directions of a recall.
SORTS: Mapping[str, tuple[str, ...]] = {
    "-best_recall_at_100": ("-tested", "-recall_at_100", "-updated_at"),
    "best_recall_at_100": ("-tested", "recall_at_100", "-updated_at"),
    "-recall_lower": ("-tested", "-recall_lower", "-updated_at"),
    "recall_lower": ("-tested", "recall_lower", "-updated_at"),
    "-updated_at": ("-updated_at",),
    "updated_at": ("updated_at",),
    "name": ("name",),
    "-name": ("-name",),
}


class RowsSchema(Schema):
    limit = Digits(1, MAX_LIMIT, load_default=20)


class OutcomesSchema(Schema):
    outcomes = Choice(("exclude", "include"), load_default="exclude")


class PurchaseSchema(Schema):
    """Whose purchase a preview shows; any when nobody is named."""

    customer = Text(500)
    product = Text(500)


class CustomerSchema(Schema):
    customer = Text(500, load_default=None)
    limit = Digits(1, MAX_LIMIT, load_default=5)
    beside = Text(40, load_default=None, metadata={"description": "Another test, for the same customers under both"})


class PageSchema(Schema):
    limit = Digits(1, MAX_LIMIT, load_default=DEFAULT_LIMIT)
    cursor = Text(2000, load_default=None)


class ConfigListSchema(PageSchema):
    sort = Choice(tuple(SORTS), load_default=DEFAULT_SORT)
    status = Choice([status.value for status in ConfigStatus], load_default=None)
    q = Text(200, load_default=None, blank=True)


class AuditSchema(PageSchema):
    object = Text(160, load_default=None)
