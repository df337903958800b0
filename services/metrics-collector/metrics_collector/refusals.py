"""When figures must not become a result: broken scores, a model that learned nothing, fits that are missing."""

from __future__ import annotations

from towerlab.domain.results import KS

from metrics_collector.figures import Figures
from metrics_collector.inputs import Training, Unusable

LARGEST_RANDOM = 0.1  # where a random list of k finds more than this, the catalogue is too small to judge by k


def refuse_untrained(found: Figures) -> None:
    """A recall below twice that of a random order: nothing was learned, or the scores are broken. Raises Unusable."""
    k = next((str(k) for k in sorted(KS, reverse=True) if found.random.at[str(k)] <= LARGEST_RANDOM), None)
    if k is None:
        return
    recall, random = found.whole.recall.at[k], found.random.at[k]
    if recall < 2 * random:
        raise Unusable(
            f"recall@{k} is {recall:.4f}, less than twice what a random order gives ({random:.4f}):"
            " the model has learned nothing",
            remedy="Lower the learning rate or train longer, and give each model at least one feature that tells its"
            " customers or products apart.",
        )


def refuse_missing_replicates(found: Figures, training: Training, asked: int) -> None:
    """Every replicate asked for was trained and ranked. Raises Unusable."""
    trained = {replicate.number for replicate in training.replicates}
    if set(found.replicates) != trained or len(trained) != asked:
        raise Unusable(
            f"{asked} replicates were asked for; {len(trained)} were trained and {len(found.replicates)} have ranks"
        )
