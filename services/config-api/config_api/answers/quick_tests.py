"""Answers about quick tests."""

from __future__ import annotations

from marshmallow import fields
from towerlab.domain.quicktest import Phase

from config_api.answers.compute import ComputeAnswer
from config_api.answers.configs import WarningAnswer
from config_api.answers.parts import (
    Answered,
    choice,
    flag,
    mapped,
    moment,
    number,
    one,
    page_of,
    several,
    share,
    text,
    whole,
)

PHASES = tuple(phase.value for phase in Phase)
STATUSES = ("pending", "running", "completed", "failed", "cancelled")


class StageAnswer(Answered):
    name = text(example="Transform")
    status = choice(("pending", "running", "completed", "cached", "failed", "cancelled"))
    started_at = moment(null=True)
    ended_at = moment(null=True)
    seconds = number(null=True)
    progress = number(null=True)
    detail = text()
    peak_memory_mb = number(null=True, description="Resident memory at most")
    cpu_seconds = number(null=True)


class TestErrorAnswer(Answered):
    stage = text()
    message = text()
    log_tail = text()
    remedy = text()


class VocabularyAnswer(Answered):
    vocab_size = whole(minimum=0)
    oov_rate = number()
    train_oov_rate = number()
    status = choice(("good", "warning"))


class RecallsAnswer(Answered):
    recall_at_10 = share()
    recall_at_50 = share()
    recall_at_100 = share()


class RecallAnswer(RecallsAnswer):
    interval = mapped()


class PreviousBestAnswer(RecallsAnswer):
    test = text()
    feature_config = text()
    name = text()
    version = whole(minimum=1)
    difference = mapped()
    difference_interval = mapped()
    seeds_known = flag()
    runs = whole(minimum=1)
    after_request = flag()


class RulerAnswer(Answered):
    random = one(RecallAnswer)
    popularity = one(RecallAnswer)
    repeat_purchase = one(RecallAnswer, null=True)
    previous_best = one(PreviousBestAnswer, null=True)


class QuickTestAnswer(Answered):
    id = text()
    kind = choice(("quick", "full"))
    feature_config = text()
    version = whole(minimum=1)
    data_sample_percent = whole(example=10)
    epochs = whole(example=2)
    batch_size = whole(example=4096)
    seed = whole(minimum=0)
    queue_position = whole(
        null=True, minimum=0, description="Tests ahead of it on this machine; null once it has ended"
    )
    replicates = whole(minimum=1)
    advanced = mapped()
    status = choice(STATUSES)
    phase = choice(PHASES, description="handed_over: another domain trains it, and nothing more is heard of it here")
    vertex_pipeline_id = text(null=True)
    current_stage = text(null=True)
    progress = number(minimum=0, maximum=1)
    stages = several(StageAnswer)
    loss = number(null=True)
    recall_at_10 = share(null=True)
    recall_at_50 = share(null=True)
    recall_at_100 = share(null=True)
    intervals = mapped(null=True)
    ruler = one(RulerAnswer, null=True)
    verdict = choice(("better", "worse", "cannot_tell"), null=True)
    verdict_reason = text(null=True, description="Why, and what would settle it")
    vocabulary_stats = mapped(VocabularyAnswer)
    warnings = several(WarningAnswer)
    slices = mapped(null=True)
    duration_seconds = number(null=True)
    estimated_seconds = number(null=True)
    compute = one(ComputeAnswer, null=True)
    cost_usd = number(null=True)
    mlflow_run_id = text(null=True)
    mlflow_url = text(null=True)
    rerun = flag()
    exploration = text(null=True, description="The one that has asked for it")
    replicate_results = several(fields.Dict())
    curve = several(fields.Dict())
    unseen = mapped(null=True)
    metrics = mapped(null=True)
    protocol = mapped(null=True)
    error = one(TestErrorAnswer, null=True)
    started_at = moment(null=True)
    completed_at = moment(null=True)
    created_at = moment()


class StartedTestAnswer(QuickTestAnswer):
    existing = flag()


QuickTestPage = page_of(QuickTestAnswer)


class RecommendedProductAnswer(Answered):
    product = text()
    label = text(null=True)
    bought_before = whole(minimum=0, description="Training rows of this customer with it")
    bought_after = flag()


class BoughtProductAnswer(Answered):
    product = text()
    label = text(null=True)
    times = whole(minimum=1)


class ListsAnswer(Answered):
    recommended = several(RecommendedProductAnswer)
    before = several(BoughtProductAnswer)
    after = several(BoughtProductAnswer)


class OtherListsAnswer(ListsAnswer):
    in_common = whole(minimum=0, description="Products that both tests recommend to this customer")


class CustomerAnswer(ListsAnswer):
    customer = text()
    beside = one(OtherListsAnswer, null=True)


class OtherTestAnswer(Answered):
    test = text()
    feature_config = text()
    number = whole(null=True, minimum=1)
    name = text()
    version = whole(minimum=1)
    same_protocol = flag()


class CustomerPage(page_of(CustomerAnswer)):  # type: ignore[misc]
    beside = one(OtherTestAnswer, null=True)
