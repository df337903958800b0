"""Answers about feature configs, their versions and previews."""

from __future__ import annotations

from marshmallow import fields
from towerlab.configs.config import ConfigStatus

from config_api.answers.parts import Answered, choice, flag, mapped, moment, one, page_of, several, share, text, whole
from config_api.answers.problems import Fault

STATUSES = tuple(status.value for status in ConfigStatus)


class WarningAnswer(Answered):
    code = text()
    message = text()
    remedy = text()
    column = text(null=True)


class BestAnswer(Answered):
    test = text()
    version = whole(minimum=1)
    interval = mapped()
    settings = mapped()
    protocol_key = text()
    comparable = flag()
    after_request = flag()
    completed_at = moment()


class TestCountsAnswer(Answered):
    count = whole(minimum=0)
    last_at = moment(null=True)
    running = whole(minimum=0)


class ConfigLine(Answered):
    id = text()
    number = whole(minimum=1, example=42)
    name = text(example="Smart defaults")
    description = text()
    dataset = text()
    status = choice(STATUSES)
    actions = several(fields.String())
    version = whole(minimum=1)
    config_hash = text()
    buyer_tensor_dim = whole(minimum=0, example=136)
    product_tensor_dim = whole(minimum=0, example=104)
    crosses = whole(minimum=0)
    best_recall_at_10 = share(null=True)
    best_recall_at_50 = share(null=True)
    best_recall_at_100 = share(null=True)
    best = one(BestAnswer, null=True)
    quick_tests = one(TestCountsAnswer)
    created_at = moment()
    updated_at = moment()
    exploration = text(null=True, description="The one that has made it")
    etag = text(description="What If-Match wants")


class FourLists(Answered):
    buyer_model_features = several(fields.Dict())
    product_model_features = several(fields.Dict())
    buyer_model_crosses = several(fields.Dict())
    product_model_crosses = several(fields.Dict())


class ConfigAnswer(ConfigLine, FourLists):
    columns_in_both_models = several(fields.String())
    duplicate_of = text(null=True)
    warnings = several(WarningAnswer)


class VersionAnswer(FourLists):
    feature_config = text()
    dataset = text()
    version = whole(minimum=1)
    config_hash = text()
    buyer_tensor_dim = whole(minimum=0)
    product_tensor_dim = whole(minimum=0)
    columns = mapped(fields.String())
    columns_in_both_models = several(fields.String())
    warnings = several(WarningAnswer)
    created_at = moment()
    created_by = text()


class CodeFileAnswer(Answered):
    name = text(example="preprocessing.py")
    sha256 = text()
    content = text()


class CodeAnswer(Answered):
    feature_config = text()
    version = whole(minimum=1)
    config_hash = text()
    status = choice(("generated", "failed"))
    error = text(null=True)
    files = several(CodeFileAnswer)


class OutputAnswer(Answered):
    name = text(example="trans_date_cyclical")
    dim = whole(minimum=1, example=6)
    column = text(null=True)
    parameters = whole(minimum=0)


class ComputedAnswer(Answered):
    """`values` of numbers as they are, `ids` of what is embedded; `oov` for each id of a vocabulary; `vector` is what a
    tower gets for them once it is trained."""

    name = text(example="revenue_bucket")
    output = text(description="Its name in the generated code")
    raw = mapped()
    values = several(fields.Float(), null=True)
    ids = several(fields.Integer(), null=True)
    oov = several(fields.Boolean(), null=True)
    vector = several(fields.Float(), null=True)
    approximate = flag()


class BuyerSample(Answered):
    customer = text()
    outputs = several(ComputedAnswer)


class ProductSample(Answered):
    product = text()
    outputs = several(ComputedAnswer)


class TowerAnswer(Answered):
    total = whole(minimum=0)
    parameters = whole(minimum=0)
    breakdown = several(OutputAnswer)


class BuyerTower(TowerAnswer):
    sample = one(BuyerSample, null=True)


class ProductTower(TowerAnswer):
    sample = one(ProductSample, null=True)


class FeatureForecast(Answered):
    name = text()
    model = choice(("buyer", "product"))
    column = text()
    known = whole(minimum=0, description="Ids of its vocabulary, or all that it has")
    used = whole(minimum=0, description="How many of them training rows have")
    train_oov_rate = share(null=True)
    oov_rate = share(null=True)
    status = choice(("good", "warning"))
    approximate = flag()


class CrossForecast(Answered):
    name = text()
    model = choice(("buyer", "product"))
    hash_bucket_size = whole(minimum=1)
    observed = whole(minimum=0)
    expected_collisions = whole(minimum=0)


class RowsForecast(Answered):
    train = whole(minimum=0)
    evaluation = whole(minimum=0)


class ForecastAnswer(Answered):
    split = text()
    rows = one(RowsForecast)
    customers = whole(minimum=0)
    features = several(FeatureForecast)
    crosses = several(CrossForecast)
    smallest_detectable_difference = mapped(fields.Float())


class PreviewAnswer(Answered):
    buyer = one(BuyerTower)
    product = one(ProductTower)
    embeddings = choice(("untrained", "trained"))
    fitted_by = text(null=True, description="The quick test whose fitted values and vectors are shown")
    faults = several(Fault)
    warnings = several(WarningAnswer)
    forecast = one(ForecastAnswer, null=True)


class ParameterAnswer(Answered):
    name = text()
    path = text(description="JSON pointer of the parameter in the feature")
    type = text()
    label = text()
    default = fields.Raw(required=True)
    minimum = fields.Raw(required=True)
    maximum = fields.Raw(required=True)
    choices = fields.Raw(required=True)
    suggestions = several(fields.Raw())
    help = text()


class WidthTermAnswer(Answered):
    path = text(description="JSON pointer of a parameter in the feature")
    times = whole()


class WidthAnswer(Answered):
    """Dimensions of the output: `constant` and, for each term, its parameter's value (true is 1) times `times`; none
    while the parameter at `enabled_by` is false."""

    enabled_by = text(null=True)
    constant = whole()
    terms = several(WidthTermAnswer)


class TransformAnswer(Answered):
    """One that `prepares` works before those that produce; it has no `width`. A cross takes the outputs of a
    `crossable` one."""

    key = text()
    label = text()
    description = text()
    prepares = flag()
    suffix = text(description="What its output's name has after the column's")
    crossable = flag()
    width = one(WidthAnswer, null=True)
    parameters = several(ParameterAnswer)


class FeatureTypeAnswer(Answered):
    type = text(example="string_embedding")
    label = text()
    applies_to = several(fields.String())
    transforms = several(TransformAnswer)


ConfigPage = page_of(ConfigLine)
VersionPage = page_of(VersionAnswer)
FeatureTypePage = page_of(FeatureTypeAnswer)
