"""What a person should know before trusting a result, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from towerlab.configs.config import ConfigVersion
from towerlab.configs.lists import Side
from towerlab.domain.columns import Availability, ColumnRole
from towerlab.domain.quicktest import ENOUGH_STEPS, TestSettings
from towerlab.domain.results import KS, Warning

from metrics_collector.figures import Figures
from metrics_collector.inputs import JobOutputs, Replicate, Vocabulary
from metrics_collector.refusals import LARGEST_RANDOM

OOV_LIMIT = 0.05
PROPERTY_LIMIT = 0.95
ENOUGH_CUSTOMERS = 300
SAID_HERE = {"after_request", "varies_within_product", "in_both_models"}  # of the config, but better known now
WHOLE = 100  # percent
COLLAPSED = 0.05  # fewer distinct recommendations than this share of the distinct products bought


def cautions(
    outputs: JobOutputs,
    figures: Figures,
    version: ConfigVersion,
    mapping: Mapping[str, ColumnRole],
    settings: TestSettings,
) -> tuple[Warning, ...]:
    """All that apply, the gravest first."""
    whole = settings.data_sample_percent == WHOLE
    return (
        *_after_request(version, mapping),
        *_against_popularity(figures),
        *_catalogue(figures, outputs.summary.rows["catalogue"]),
        *_steps(outputs.training.replicates, whole),
        *_customers(figures, whole),
        *_collapse(outputs.training.replicates, figures),
        *_unknown_values(outputs.training.vocabulary),
        *_product_properties(outputs.summary.product_property),
        *_in_both_models(version),
        *(warning for warning in version.warnings if warning.code not in SAID_HERE),
    )


def not_tracked(reason: str) -> Warning:
    return Warning(
        code="not_tracked",
        message=f"This run is not in MLflow: {reason}. Its figures are complete all the same.",
        remedy="Start the tracking server and test again if you want the run there.",
    )


def _after_request(version: ConfigVersion, mapping: Mapping[str, ColumnRole]) -> Iterator[Warning]:
    """Columns of the query tower that are known only after the purchase they are to predict."""
    for column in _columns(version, "query"):
        if column in mapping and mapping[column].availability is Availability.AFTER_REQUEST:
            yield Warning(
                code="after_request",
                message=f"The BuyerModel sees {column!r}, which is known only after the purchase: it gives the answer"
                " away, and this recall cannot be reached when serving.",
                remedy="Remove it from the BuyerModel, or correct its availability in the column mapping.",
                column=column,
            )


def _columns(version: ConfigVersion, side: Side) -> list[str]:
    return [str(feature["column"]) for feature in version.lists.features(side)]


def _against_popularity(figures: Figures) -> Iterator[Warning]:
    ours, popular = figures.whole.recall.at["100"], figures.whole.popularity.at["100"]
    if ours < popular:
        yield Warning(
            code="worse_than_popularity",
            message=f"recall@100 is {ours:.3f}; the same list of the most popular products for everyone gives"
            f" {popular:.3f}.",
            remedy="Train on more rows or epochs, take a smaller batch, or add customer and product id features.",
        )


def _catalogue(figures: Figures, products: int) -> Iterator[Warning]:
    """Where a list of k holds much of the catalogue, its recall is high whoever makes it."""
    empty = [k for k in KS if figures.random.at[str(k)] > LARGEST_RANDOM]
    if empty:
        yield Warning(
            code="small_catalogue",
            message=f"There are only {products:,} products: a random order already gives recall@{empty[0]}"
            f" {figures.random.at[str(empty[0])]:.2f}.",
            remedy="Judge by a smaller k, by the distance to the random order, or by the mean reciprocal rank.",
        )


def _steps(replicates: Iterable[Replicate], whole: bool) -> Iterator[Warning]:
    fewest = min(replicate.steps for replicate in replicates)
    if fewest < ENOUGH_STEPS:
        yield Warning(
            code="few_steps",
            message=f"The model was trained for {fewest} optimizer steps; below about {ENOUGH_STEPS} a result says"
            " more about the start than about the config.",
            remedy="Use a smaller batch or more epochs." if whole else "Use a larger data sample, or a smaller batch.",
        )


def _customers(figures: Figures, whole: bool) -> Iterator[Warning]:
    if figures.whole.customers < ENOUGH_CUSTOMERS:
        yield Warning(
            code="few_customers",
            message=f"Only {figures.whole.customers} customers were evaluated: too few customers for sure intervals.",
            remedy="Run three seeds of each config, and trust large differences alone."
            if whole
            else "Use a larger data sample.",
        )


def _collapse(replicates: Iterable[Replicate], figures: Figures) -> Iterator[Warning]:
    """Everyone is shown the same: a model can have a fair recall so, and be useless."""
    fewest = min(replicate.distinct_in_top10 for replicate in replicates)
    if fewest < COLLAPSED * figures.bought:
        yield Warning(
            code="few_distinct_recommendations",
            message=f"All first ten recommendations together hold {fewest:,} products, where customers bought"
            f" {figures.bought:,}: the model shows nearly everyone the same.",
            remedy="Add features that tell customers apart, train longer, or lower the learning rate.",
        )


def _unknown_values(vocabulary: Mapping[str, Vocabulary]) -> Iterator[Warning]:
    for column, found in sorted(vocabulary.items()):
        if found.oov_rate > OOV_LIMIT:
            yield Warning(
                code="oov",
                message=f"{found.oov_rate:.1%} of evaluation rows have a {column!r} that its vocabulary lacks.",
                remedy="Lower min_frequency, raise max_size, or use hashing; new customers and products stay unknown.",
                column=column,
            )


def _product_properties(shares: Mapping[str, float]) -> Iterator[Warning]:
    for column, share in sorted(shares.items()):
        if share < PROPERTY_LIMIT:
            yield Warning(
                code="varies_within_product",
                message=f"{column!r} is in the ProductModel, but only {share:.1%} of rows have their product's one"
                " value.",
                remedy="Use a column that describes the product, or move this one to the BuyerModel.",
                column=column,
            )


def _in_both_models(version: ConfigVersion) -> Iterator[Warning]:
    candidates = set(_columns(version, "candidate"))
    for column in _columns(version, "query"):
        if column in candidates:
            yield Warning(
                code="in_both_models",
                message=f"{column!r} is in both models.",
                remedy="Keep it where it belongs, unless both sides are meant to see it.",
                column=column,
            )
