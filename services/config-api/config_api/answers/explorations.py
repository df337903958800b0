"""Answers about explorations."""

from __future__ import annotations

from marshmallow import fields
from towerlab.domain.contestants import TrialState
from towerlab.domain.exploration import CELLS, PROPOSALS, UNITS, Status

from config_api.answers.boards import VERDICTS
from config_api.answers.comparing import DifferenceAnswer
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


class BudgetAnswer(Answered):
    unit = choice(UNITS)
    amount = number(minimum=0)
    dollars_per_hour = number(null=True, minimum=0)
    spent = number(minimum=0, description="What tests really took; one that was there before takes nothing")
    left = number(minimum=0)


class TestsAnswer(Answered):
    ended = whole(minimum=0)
    running = whole(minimum=0)


class HeatmapToAskAnswer(Answered):
    """The query of `heatmap/` that shows the exploration as it goes."""

    metric = text()
    group_by = text()
    rows = text()
    protocol = text(null=True, description="Known once something was tested under it")


class OutcomeAnswer(Answered):
    feature_config = text(null=True)
    name = text()
    config_hash = text()
    verdict = choice(VERDICTS, null=True)
    difference = number(null=True, description="Of recall@100, the best minus the start")
    difference_interval = several(fields.Float(), null=True)
    seeds_known = flag()
    among = whole(minimum=1, description="How many it was chosen from; the interval allows for that")
    confirmed = flag()


class ExplorationLine(Answered):
    id = text()
    dataset = text()
    snapshot = text()
    kind = choice((PROPOSALS, CELLS))
    feature_config = text(null=True, description="What it starts from")
    version = whole(null=True, minimum=1)
    status = choice(tuple(status.value for status in Status))
    why = text(description="How it ended, in a sentence; empty while it runs")
    budget = one(BudgetAnswer)
    estimated_seconds = number(minimum=0)
    tests = one(TestsAnswer)
    heatmap = one(HeatmapToAskAnswer)
    outcome = one(OutcomeAnswer, null=True)
    asked_by = text()
    created_at = moment()
    updated_at = moment()


class RungAnswer(Answered):
    data_sample_percent = whole(minimum=1)
    epochs = whole(minimum=1)
    smallest_detectable_difference = share()
    tested = whole(minimum=0)


class TrialAnswer(Answered):
    test = text()
    rung = whole(minimum=0)
    confirms = flag()
    state = choice(tuple(state.value for state in TrialState))
    recall_at_100 = share(null=True)
    expected = number(minimum=0)
    cost = number(minimum=0)


class ContestantAnswer(Answered):
    config_hash = text()
    name = text()
    reason = text()
    changes = several(DifferenceAnswer)
    made_of = several(fields.String())
    feature_config = text(null=True)
    version = whole(null=True, minimum=1)
    state = choice(("waiting", "running", "tested", "out"))
    out = text(null=True, description="Why it goes no further")
    recall_at_100 = share(null=True)
    difference = number(null=True)
    tests = several(TrialAnswer)


class ExplorationAnswer(ExplorationLine):
    settings = mapped()
    ladder = several(RungAnswer)
    first_round = whole(minimum=0)
    start = one(ContestantAnswer, null=True)
    proposals = several(ContestantAnswer)


ExplorationPage = page_of(ExplorationLine)
