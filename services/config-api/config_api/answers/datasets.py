"""Answers about datasets and their columns."""

from __future__ import annotations

from marshmallow import fields
from towerlab.domain.columns import Availability, ColumnType
from towerlab.domain.registration import Step

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
from config_api.answers.problems import Fault

TYPES = tuple(type.value for type in ColumnType)
AVAILABILITIES = tuple(availability.value for availability in Availability)


class SourceAnswer(Answered):
    kind = choice(("file", "bigquery"))
    uri = text(example="online_retail.parquet")


class SnapshotAnswer(Answered):
    number = whole(minimum=1, example=1)
    id = text(description="SHA-256 of the content")
    taken_at = moment()


class DatasetLine(Answered):
    id = text()
    name = text(example="Online Retail")
    source = one(SourceAnswer)
    rows = whole(minimum=0, example=541909)
    snapshot = one(SnapshotAnswer)
    column_count = whole(minimum=1)
    training_rows = mapped(fields.Integer())
    time_zone = text(example="UTC")
    created_at = moment()
    updated_at = moment()


class NamedColumn(Answered):
    name = text()
    type = choice(TYPES)


class RoleAnswer(Answered):
    role = text(null=True, example="customer_id")
    availability = choice(AVAILABILITIES)
    reason = text()


class DatasetAnswer(DatasetLine):
    columns = several(NamedColumn)
    column_mapping = mapped(RoleAnswer)


class RegistrationAnswer(Answered):
    id = text()
    name = text(example="Online Retail")
    source = one(SourceAnswer)
    status = choice(("running", "completed", "failed"))
    step = choice(tuple(step.value for step in Step))
    progress = share()
    dataset = text(null=True, description="The dataset's id, once there is one")
    errors = several(fields.Nested(Fault))
    created_at = moment()
    updated_at = moment()


class LeakProbeAnswer(Answered):
    recall_at_100 = number(minimum=0, maximum=1)
    popularity_recall_at_100 = number(minimum=0, maximum=1)
    times_popularity = number(null=True)
    verdict = choice(("ok", "red", "exempt"))
    message = text()
    rows_share = number(
        null=True, minimum=0, maximum=1, description="Training rows with their product's most frequent value"
    )
    products_share = number(null=True, minimum=0, maximum=1, description="Products that have one value only")


class ColumnAnswer(Answered):
    name = text()
    type = choice(TYPES)
    unique_count = whole(minimum=0)
    exact = flag()
    nulls = whole(minimum=0)
    min = anything()
    max = anything()
    mean = number(null=True)
    median = number(null=True)
    std = number(null=True)
    skewness = number(null=True)
    sample_values = several(fields.String())
    top_values = several(fields.Dict())
    histogram = several(fields.Dict())
    role = text(null=True)
    availability = choice(AVAILABILITIES, null=True)
    reason = text()
    leak_probe = one(LeakProbeAnswer, null=True)


class RowAnswer(Answered):
    """One row: column name to JSON value."""


class ReasonAnswer(Answered):
    model = text(null=True)
    column = text()
    field = text()
    value = anything()
    reason = text()


class SmartDefaultsAnswer(Answered):
    buyer_model_features = several(fields.Dict())
    product_model_features = several(fields.Dict())
    buyer_model_crosses = several(fields.Dict())
    product_model_crosses = several(fields.Dict())
    outcomes = choice(("exclude", "include"))
    reasons = several(ReasonAnswer)


DatasetPage = page_of(DatasetLine)
ColumnPage = page_of(ColumnAnswer)
RowPage = page_of(RowAnswer)
