"""Answers with many tests side by side: leaderboard, heatmap, comparison."""

from __future__ import annotations

from marshmallow import fields
from towerlab.domain.results import KS

from config_api.answers.comparing import DifferenceAnswer
from config_api.answers.configs import STATUSES
from config_api.answers.parts import (
    Answered,
    anything,
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
from config_api.answers.quick_tests import RecallsAnswer

VERDICTS = ("better", "worse", "cannot_tell")


class ScoreAnswer(RecallsAnswer):
    test = text()
    feature_config = text()
    number = whole(null=True, minimum=1, example=42)
    name = text(example="Smart defaults")
    status = choice(STATUSES, null=True)
    version = whole(minimum=1)
    intervals = mapped()
    seeds = several(fields.Integer())
    after_request = flag()
    completed_at = moment()


class AgainstAnswer(Answered):
    """A test minus the other one, on the same customers."""

    comparable = flag()
    difference = mapped(fields.Float(), null=True)
    difference_interval = mapped(null=True)
    verdict = choice(VERDICTS, null=True, description="By recall@100")
    seeds_known = flag(null=True)
    reason = text()


class ProtocolAnswer(Answered):
    key = text()
    reference = flag()
    configs = whole(minimum=1)
    tests = whole(minimum=1)


class LeaderAnswer(ScoreAnswer):
    rank = whole(minimum=1)
    tests = whole(minimum=1, description="Tests of this config under the protocol")
    against_first = one(AgainstAnswer, null=True)


class LeaderboardAnswer(page_of(LeaderAnswer)):  # type: ignore[misc]
    protocol = one(ProtocolAnswer, null=True)
    protocols = several(ProtocolAnswer)


class GroupAnswer(Answered):
    label = text(example="customer_id 64, product_id 32")
    values = mapped()


class CellAnswer(Answered):
    row = whole(minimum=0)
    column = whole(minimum=0)
    versions = whole(minimum=1)
    tests = whole(minimum=1)
    mean = share()
    value = share()
    interval = several(fields.Float())
    best = one(ScoreAnswer)
    mark = choice(("star", "tie"), null=True, description="star: best and told from all others; tie: cannot be told")
    against_best = one(AgainstAnswer, null=True)


class RunAnswer(Answered):
    start_from = one(ScoreAnswer)
    changes = several(DifferenceAnswer)
    config_hash = text()
    seconds = number(minimum=0)
    cost_usd = number(minimum=0)


class EmptyCellAnswer(Answered):
    row = whole(minimum=0)
    column = whole(minimum=0)
    run = one(RunAnswer, null=True)
    reason = text()


class BestCellAnswer(Answered):
    row = whole(minimum=0)
    column = whole(minimum=0)
    star = flag()
    ties = whole(minimum=0)
    compared = whole(minimum=0)
    reason = text()


class MissingAnswer(Answered):
    cells = whole(minimum=0)
    runnable = whole(minimum=0)
    seconds = number(minimum=0)
    cost_usd = number(minimum=0)


class LeftOutAnswer(Answered):
    rows = whole(minimum=0)
    columns = whole(minimum=0)
    versions = whole(minimum=0)


class AxisAnswer(Answered):
    name = text(example="buyer.customer_id.embedding_dim")
    model = choice(("buyer", "product"))
    kind = choice(("feature", "cross", "model"))
    of = text(example="customer_id")
    field = text(example="embedding_dim")
    values = whole(minimum=2)


class HeatmapAnswer(Answered):
    metric = choice([f"recall_at_{k}" for k in KS])
    group_by = text(description="What the columns are grouped by")
    grouped_rows = text(description="What the rows are grouped by")
    protocol = one(ProtocolAnswer, null=True)
    protocols = several(ProtocolAnswer)
    rows = several(GroupAnswer)
    columns = several(GroupAnswer)
    cells = several(CellAnswer)
    empty = several(EmptyCellAnswer)
    best = one(BestCellAnswer, null=True)
    missing = one(MissingAnswer)
    left_out = one(LeftOutAnswer)
    axes = several(AxisAnswer)
    groupings = several(fields.String())
    settings = mapped(null=True)


class ComparedAnswer(ScoreAnswer):
    dataset = text()
    protocol_key = text()
    config_hash = text()
    buyer_tensor_dim = whole(minimum=0)
    product_tensor_dim = whole(minimum=0)
    loss = number(null=True)
    metrics = mapped()
    replicate_results = several(fields.Dict())
    curve = several(fields.Dict())
    duration_seconds = number(minimum=0)
    cost_usd = number(minimum=0)


class PairAnswer(AgainstAnswer):
    test = text()
    other = text()


class SameAndDifferingAnswer(Answered):
    same = mapped()
    differing = mapped(fields.List(fields.Raw()))


class ConfigDifferenceAnswer(Answered):
    path = text(example="buyer.customer_id.embedding_dim")
    model = choice(("buyer", "product"))
    kind = choice(("feature", "cross", "model"))
    of = text(example="customer_id")
    field = text(example="embedding_dim")
    values = several(anything())


class ComparisonAnswer(Answered):
    items = several(ComparedAnswer)
    comparable = flag()
    pairs = several(PairAnswer)
    settings = one(SameAndDifferingAnswer)
    protocols = one(SameAndDifferingAnswer)
    config_differences = several(ConfigDifferenceAnswer)
