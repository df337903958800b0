"""How long a quick test takes: a first guess by what there is to do, corrected stage by stage by the tests that ran."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from towerlab.domain.cloud_durations import in_the_cloud
from towerlab.domain.compute import HERE, Compute

DATA_STAGES = ("ExampleGen", "StatisticsGen", "SchemaGen")  # the same for all configs of the same columns
TRANSFORM, TRAINER = "Transform", "Trainer"


@dataclass(frozen=True)
class Work:
    """What a test has to do: `read` values of the snapshot, `sampled` ones to analyse and transform, `trained` rows (of
    all epochs and replicates) through towers that are `width` dimensions wide together."""

    read: float
    sampled: float
    trained: float
    width: int
    compute: Compute = HERE

    @property
    def first_guess(self) -> Mapping[str, float]:
        """Seconds by stage."""
        return self._here if self.compute == HERE else in_the_cloud(self._here, self.read, self.compute)

    @property
    def _here(self) -> Mapping[str, float]:
        """As measured with 240,000 rows of seven columns on two cores."""
        return {
            "ExampleGen": 0.4 + 6e-7 * self.read,
            "StatisticsGen": 0.1 + 1.5e-7 * self.sampled,
            "SchemaGen": 0.05,
            TRANSFORM: 1.7 + 7e-7 * self.sampled,
            TRAINER: 1.2 + (4e-6 + 2e-8 * self.width) * self.trained,
        }


@dataclass(frozen=True)
class Ran:
    """A test that has completed: `stages` has the seconds of those that were carried out, `seconds` is from its start
    to its result, `expected` what was said before."""

    work: Work
    stages: Mapping[str, float]
    seconds: float
    expected: float | None


@dataclass(frozen=True)
class Learned:
    """How much longer than the first guess each stage takes here, and the seconds that no stage has."""

    scales: Mapping[str, float]
    around: float

    def stages(self, work: Work, cached: Collection[str]) -> dict[str, float]:
        """Expected seconds by stage; what is `cached` takes none."""
        return {
            stage: 0.0 if stage in cached else seconds * self.scales.get(stage, 1.0)
            for stage, seconds in work.first_guess.items()
        }

    def seconds(self, work: Work, cached: Collection[str]) -> float:
        return self.around + sum(self.stages(work, cached).values())


AROUND = 3.0  # where nothing has run yet


def learn(past: Sequence[Ran]) -> Learned:
    """Medians, so that one test on a busy machine does not count."""
    ratios: dict[str, list[float]] = {}
    for ran in past:
        guess = ran.work.first_guess
        for stage, seconds in ran.stages.items():
            ratios.setdefault(stage, []).append(seconds / guess[stage])
    around = [max(0.0, ran.seconds - sum(ran.stages.values())) for ran in past]
    scales = {stage: median(of_stage) for stage, of_stage in ratios.items()}
    return Learned(scales, median(around) if around else AROUND)


def past_error(past: Sequence[Ran]) -> float | None:
    """How far from the truth what was said before those tests was, as a share of the truth: the median."""
    errors = [abs(ran.expected / ran.seconds - 1) for ran in past if ran.expected is not None and ran.seconds > 0]
    return round(median(errors), 3) if errors else None
