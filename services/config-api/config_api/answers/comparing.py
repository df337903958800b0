"""Answers about two configs, and about a test before it is started."""

from __future__ import annotations

from config_api.answers.compute import ComputeAnswer
from config_api.answers.configs import WarningAnswer
from config_api.answers.parts import Answered, anything, choice, flag, moment, number, one, several, text, whole


class SideAnswer(Answered):
    feature_config = text()
    number = whole(minimum=1)
    name = text()
    dataset = text()
    version = whole(minimum=1)
    config_hash = text()
    created_at = moment()
    created_by = text()


class DifferenceAnswer(Answered):
    model = choice(("buyer", "product"))
    kind = choice(("feature", "cross"))
    name = text(example="customer_id")
    change = choice(("added", "removed", "changed"))
    field = text(description="JSON pointer inside the feature or cross; empty for all of it", example="/embedding_dim")
    left = anything()
    right = anything()
    text = text(example="BuyerModel: customer_id: embedding_dim 32 → 64.")


class TwoAnswer(Answered):
    left = whole(minimum=0)
    right = whole(minimum=0)
    difference = whole()


class SizeAnswer(Answered):
    model = choice(("buyer", "product"))
    dim = one(TwoAnswer)
    parameters = one(TwoAnswer)


class DiffAnswer(Answered):
    left = one(SideAnswer)
    right = one(SideAnswer)
    same = flag()
    changes = several(DifferenceAnswer)
    sizes = several(SizeAnswer)


class SmallestDifferenceAnswer(Answered):
    recall_at_100 = number(minimum=0)
    runs = whole(minimum=1)
    reason = text()


class RecommendedAnswer(Answered):
    data_sample_percent = whole()
    epochs = whole()
    batch_size = whole()
    reason = text()


class StageSecondsAnswer(Answered):
    name = text(example="Transform")
    seconds = number(minimum=0)


class EstimateAnswer(Answered):
    seconds = number(minimum=0)
    stages = several(StageSecondsAnswer)
    compute = one(ComputeAnswer, null=True)
    cost_usd = number(null=True, minimum=0, description="0 on one machine; null where it is not known")
    past_runs = whole(minimum=0)
    past_error = number(null=True, minimum=0)
    steps = whole(minimum=0)
    smallest_detectable_difference = one(SmallestDifferenceAnswer, null=True)
    recommended = one(RecommendedAnswer)
    warnings = several(WarningAnswer)
