"""The result of a quick test: every figure with its interval, and what it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from towerlab.domain.quicktest import FullTraining, QuickTest

KS = (10, 50, 100)


@dataclass(frozen=True)
class Recall:
    """recall@k by k, each with its 95% interval (low, high)."""

    at: Mapping[str, float]  # '10', '50', '100'
    interval: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class PreviousBest:
    """`difference_interval` covers customers, and seeds too when `seeds_known`; `runs` are the previous best's seeds.
    `verdict`: better | worse | cannot_tell, of ours by recall@100."""

    test_id: str
    config_id: str
    name: str
    version: int
    at: Mapping[str, float]
    difference: Mapping[str, float]
    difference_interval: Mapping[str, tuple[float, float]]
    after_request: bool = False
    seeds_known: bool = False
    verdict: str = "cannot_tell"
    runs: int = 1


@dataclass(frozen=True)
class Ruler:
    """What the same rows give without a model, and what the best config gave before."""

    random: Recall
    popularity: Recall
    repeat_purchase: Recall | None
    previous_best: PreviousBest | None = None


@dataclass(frozen=True)
class Slice:
    """A part of the evaluation rows, with what the baselines give on the same part."""

    rows: int
    customers: int
    recall: Recall
    popularity: Recall
    repeat_purchase: Recall | None


@dataclass(frozen=True)
class VocabularyStats:
    vocab_size: int
    oov_rate: float  # share of evaluation rows
    train_oov_rate: float
    status: str  # good | warning


@dataclass(frozen=True)
class Warning:
    code: str
    message: str
    remedy: str
    column: str | None = None


@dataclass(frozen=True)
class Result:
    """Computed by the collector from stored ranks; never changed afterwards."""

    test_id: str
    config_id: str
    version: int
    dataset_id: str
    protocol_key: str
    protocol: Mapping[str, Any]
    recall: Recall
    loss: float  # per training row, last epoch, mean over replicates
    metrics: Mapping[str, float]  # mrr, ndcg_at_10.., distinct_in_top10 where known, loss_minus_ln_batch
    ruler: Ruler
    verdict: str | None  # better | worse | cannot_tell; None without a previous best
    vocabulary_stats: Mapping[str, VocabularyStats]
    replicate_results: tuple[Mapping[str, int | float], ...]  # {seed, recall_at_10, ...}
    unseen: Mapping[str, float]  # share of evaluation rows of unseen customers, products
    slices: Mapping[str, Slice]  # new_customers, returning_customers, head_products, tail_products, new_products
    rows: Mapping[str, int]  # train, eval, eval_customers, catalogue, left out by reason
    warnings: tuple[Warning, ...]
    curve: tuple[Mapping[str, int | float], ...]  # {replicate, epoch, loss}; without replicate: mean over them
    duration_seconds: float
    cost_usd: float
    ranks_uri: str
    customers_uri: str  # rows and hits per customer: what paired differences are computed from
    mlflow_run_id: str
    mlflow_url: str
    completed_at: str
    recommendations_uri: str = ""  # JSON by customer: {recommended, before, after}
    fitted_uri: str = ""  # what the analysis found; the pipeline's own file, which may be cleaned away
    embedding_uris: Mapping[str, str] = field(default_factory=dict)  # learned vectors by output, as fitted_uri
    schema: int = 1


@dataclass(frozen=True)
class FullResult(Result):
    """Of a full training: on no board, in no comparison, and nobody's best, so a record of its own kind."""


RESULTS: Mapping[type[QuickTest], type[Result]] = {QuickTest: Result, FullTraining: FullResult}


@dataclass(frozen=True)
class BestTest:
    """One completed test's three figures (means over its replicates), never maxima of different tests.
    `after_request`: its query tower sees a column that is known only after the purchase, so show it marked."""

    test_id: str
    version: int
    protocol_key: str
    sample_percent: int
    settings: Mapping[str, Any]
    at: Mapping[str, float]
    interval: Mapping[str, tuple[float, float]]
    completed_at: str
    after_request: bool = False


@dataclass(frozen=True)
class ProtocolBest:
    """The best test of a config under one protocol key, and of each of its versions (by version number)."""

    best: BestTest
    by_version: Mapping[str, BestTest]


@dataclass(frozen=True)
class BestMetrics:
    """A config's best tests. Figures of different protocol keys are never compared, so there is one per key."""

    config_id: str
    dataset_id: str
    by_protocol: Mapping[str, ProtocolBest] = field(default_factory=dict)
    schema: int = 1
