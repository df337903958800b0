"""Two tests side by side on the same customers, from the files that the collector has kept of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from cachetools import LRUCache, cached
from towerlab.domain.errors import NotFound
from towerlab.domain.paired import Hits, paired
from towerlab.domain.scores import Score
from towerlab.domain.statistics import Estimate
from towerlab.domain.verdict import Compared, Variance, compare
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime.hits import hits_in

MOST_BYTES = 128_000_000  # of hits that are kept in memory
AT_ONCE = 8  # files that are read at the same time: a bucket is far away

# the variance over seeds that the tests under the protocol of this one have in common, by k
Pooled = Callable[[Score, str], Variance | None]


@dataclass(frozen=True)
class Side:
    """`by_k` is ours minus theirs, None when the two cannot be laid side by side: `reason` says why."""

    by_k: Mapping[str, Compared] | None
    reason: str = ""


def pairs(artifacts: Artifacts, wanted: Sequence[tuple[Score, Score]], pooled: Pooled, among: int = 1) -> list[Side]:
    """Ours minus theirs, of each pair; ours may be the best `among` several. Raises Transient."""
    _fetch(artifacts, wanted)
    return [_pair(artifacts, ours, theirs, pooled, among) for ours, theirs in wanted]


def _pair(artifacts: Artifacts, ours: Score, theirs: Score, pooled: Pooled, among: int) -> Side:
    if ours.protocol_key != theirs.protocol_key:
        return Side(None, "they were tested under different protocols")
    try:
        estimates = _estimates(artifacts, ours.customers_uri, theirs.customers_uri)
    except NotFound:
        return Side(None, "the hits per customer of one of them are not there any more")
    if estimates is None:
        return Side(None, "they were judged on other rows")
    return Side(
        {k: compare(one, ours.recalls(k), theirs.recalls(k), pooled(ours, k), among) for k, one in estimates.items()}
    )


def _fetch(artifacts: Artifacts, wanted: Sequence[tuple[Score, Score]]) -> None:
    """Read what the comparisons will need, several files at a time."""
    needed = {
        one.customers_uri
        for ours, theirs in wanted
        if (artifacts, ours.customers_uri, theirs.customers_uri) not in _estimates_cache
        and ours.protocol_key == theirs.protocol_key
        for one in (ours, theirs)
    }
    missing = [uri for uri in needed if (artifacts, uri) not in _hits_cache]
    if len(missing) > 1:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda uri: _try(artifacts, uri), missing))


def _try(artifacts: Artifacts, uri: str) -> None:
    try:
        _hits(artifacts, uri)
    except NotFound:
        return  # whoever compares it says so


_estimates_cache: LRUCache[tuple[Artifacts, str, str], Mapping[str, Estimate] | None] = LRUCache(50_000)
_hits_cache: LRUCache[tuple[Artifacts, str], Hits] = LRUCache(MOST_BYTES, getsizeof=lambda hits: hits.bytes)


@cached(_estimates_cache, key=lambda artifacts, ours, theirs: (artifacts, ours, theirs), lock=Lock())
def _estimates(artifacts: Artifacts, ours: str, theirs: str) -> Mapping[str, Estimate] | None:
    return paired(_hits(artifacts, ours), _hits(artifacts, theirs))


@cached(_hits_cache, key=lambda artifacts, uri: (artifacts, uri), lock=Lock())
def _hits(artifacts: Artifacts, uri: str) -> Hits:
    if not uri:
        raise NotFound("artifact", uri)
    return hits_in(artifacts.read(uri))
