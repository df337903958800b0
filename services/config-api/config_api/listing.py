"""The list of a dataset's configs: one page of summaries, and the configs they tell of, in two reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from towerlab.configs.config import ConfigSummary, FeatureConfig
from towerlab.configs.search import tokens, words
from towerlab.ports.documents import Documents, Has
from towerlab.runtime import records
from towerlab.runtime.records import Listed

from config_api import reading
from config_api.schemas.queries import SORTS

MOST_READS = 20  # of pages that a search of several words may take before it answers with a short page


@dataclass(frozen=True)
class ConfigPage:
    lines: Sequence[tuple[FeatureConfig, ConfigSummary]]
    next_cursor: str | None
    total: int | None  # unknown for a search: counting its finds would cost as much again


def configs_of(documents: Documents, dataset_id: str, asked: dict[str, Any]) -> ConfigPage:
    """Raises Invalid for a cursor of another query."""
    sought = words(asked["q"] or "")
    where: dict[str, Any] = {"dataset_id": dataset_id, "deleted": False}
    if asked["status"]:
        where["status"] = asked["status"]
    if sought:
        where["tokens"] = Has(sought[0])
    found, cursor = _found(documents, where, asked, sought[1:])
    configs = records.get_many(documents, FeatureConfig, [summary.id for summary in found])
    lines = [(configs[summary.id].value, summary) for summary in found]
    total = None if sought else records.count(documents, ConfigSummary, where)
    return ConfigPage(lines, cursor, total)


def _found(
    documents: Documents, where: reading.Where, asked: dict[str, Any], others: Sequence[str]
) -> tuple[list[ConfigSummary], str | None]:
    """Up to `limit` summaries that also have the `others` among their words."""
    found: list[ConfigSummary] = []
    cursor, order, limit = asked["cursor"], SORTS[asked["sort"]], asked["limit"]
    for _ in range(MOST_READS):
        page: Listed[ConfigSummary] = records.query(
            documents, ConfigSummary, where, order, limit=limit - len(found), cursor=cursor
        )
        found += [summary for summary in page.values if set(others) <= set(tokens(summary.name, summary.number))]
        cursor = page.next_cursor
        if cursor is None or len(found) == limit:
            break
    return found, cursor
