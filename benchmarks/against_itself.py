"""Is the verdict right? The default config against itself with other seeds, and against configs that are worse.

    .envs/pipeline/bin/python benchmarks/against_itself.py [--keep build/against_itself]

Two promises: of 100 comparisons of a config with itself at least 90 say 'cannot tell', and of 100 with a config that is
about 3 points of recall@100 worse, on all customers, at least 80 say 'better'. Every run is trained once; comparisons
are put together from the runs. Writes docs/verdicts.md; exits with 1 when a promise is not kept. Runs, ranks and
results.json stay in the folder to keep; what is there is not trained again. Takes about 45 minutes on two busy cores.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from arms import CUSTOMERS, JUDGED_BY, MOST_PAIRS, OWN, POOLED, Arm, Told, told, trained
from defaults import DATA, ROLES, ROOT, config
from quick_tests import DEFAULTS, Runner, Sample, snapshot_of
from towerlab.adapters.artifacts import FileArtifacts
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.quicktest import SAMPLE_PERCENTS
from towerlab.domain.verdict import BETTER, CANNOT_TELL, SEEDS, WORSE, pool

PAGE = "docs/verdicts.md"
COMMAND = ".envs/pipeline/bin/python benchmarks/against_itself.py"
KEEP = ROOT / "build/against_itself"
RUNS = 10  # of an arm
RUNS_TO_POOL = 5  # of another config on a part of the customers: for the variance alone
SPLIT = "time"
WHOLE = 100  # percent of the customers
PROMISED_CANNOT_TELL, PROMISED_BETTER = 90, 80  # of 100 comparisons
ABOUT = 3.0  # points of recall@100


@dataclass(frozen=True)
class Rival:
    """A config that a user might try instead. Settings are the same: other settings are another protocol, and what was
    measured under another protocol is not compared."""

    name: str
    config: ResolvedConfig


RIVALS = (
    Rival("ids in 64 dimensions", config(64)),
    Rival("ids in 16 dimensions", config(16)),
    Rival("ids in 8 dimensions", config(8)),
    Rival("no purchase time", config(32, without={"InvoiceDate"})),
    Rival("no product id", config(32, without={"StockCode"})),
    Rival("no description", config(32, without={"Description"})),
)


@dataclass(frozen=True)
class Measured:
    """On one sample: the default config twice, with other seeds, and every rival."""

    percent: int
    ours: Arm
    again: Arm
    rivals: Mapping[str, Arm]

    @property
    def recalls(self) -> list[Mapping[int, float]]:
        """By seed, of each rival."""
        return [arm.recalls for arm in self.rivals.values()]


@dataclass(frozen=True)
class Itself:
    """A sample's line of part 1: three runs against three, and one against one."""

    measured: Measured
    three: Told
    single: Told

    @property
    def kept(self) -> bool:
        said = [(self.three, OWN), (self.three, POOLED), (self.single, POOLED)]
        return all(of.per_100(way, CANNOT_TELL) >= PROMISED_CANNOT_TELL for of, way in said)


@dataclass(frozen=True)
class Against:
    """A rival's line of part 2: what is said of whichever has the higher mean, against the other one."""

    rival: str
    ours: Arm
    theirs: Arm
    three: Told
    single: Told

    @property
    def points(self) -> float:
        """The real difference, as far as the arms' means know it, in points of recall@100."""
        return 100 * abs(self.ours.mean - self.theirs.mean)

    @property
    def error(self) -> float:
        """Standard error of `points` over seeds."""
        return 100 * sqrt(sum(arm.variance / len(arm.ranks) for arm in (self.ours, self.theirs)))

    @property
    def kept(self) -> bool:
        return all(self.three.per_100(way, BETTER) >= PROMISED_BETTER for way in (OWN, POOLED))


def measured(
    runner: Runner, artifacts: FileArtifacts, snapshot: Path, percent: int, watch: Callable[[str], None]
) -> Measured:
    sample = Sample(snapshot, ROLES, SPLIT, percent)
    watch(f"{percent} %: training the defaults")
    ours, again = (trained(runner, artifacts, config(32), sample, RUNS, first) for first in (1, 1 + RUNS))
    rivals = {}
    for rival in RIVALS:
        watch(f"{percent} %: training {rival.name}")
        seeds = RUNS if percent == WHOLE else RUNS_TO_POOL
        rivals[rival.name] = trained(runner, artifacts, rival.config, sample, seeds)
    return Measured(percent, ours, again, rivals)


def itself(found: Measured) -> Itself:
    three, single = (told(found.ours.tests(n), found.again.tests(n), found.recalls) for n in (SEEDS, 1))
    return Itself(found, three, single)


def against(found: Measured, name: str) -> Against:
    ours, theirs = found.ours, found.rivals[name]
    worse, better = sorted((ours, theirs), key=lambda arm: arm.mean)
    others = [arm.recalls for rival, arm in found.rivals.items() if rival != name]
    three, single = (told(better.tests(n), worse.tests(n), others) for n in (SEEDS, 1))
    return Against(name, ours, theirs, three, single)


def nearest(lines: Sequence[Against]) -> Against:
    """The promise is about this one, chosen by its difference and by nothing else."""
    return min(lines, key=lambda line: abs(line.points - ABOUT))


def introduction() -> str:
    shown = {name: value for name, value in DEFAULTS.items() if name not in ("schema", "seed", "replicates")}
    return f"""# How often the verdict is right, measured

Written by `{COMMAND}` (data: `{DATA}`, split by time: the newest 10 % of rows are judged by recall@{JUDGED_BY}). Every
run is a training by the same pipeline as everyone's, and every verdict is given by the code that gives it in the
product. Runs are trained once; comparisons are put together from them, all that there are or {MOST_PAIRS:,} drawn at
random. So the comparisons of one line share runs and customers: they are not as many independent trials, and other
customers could give other figures.

The config and its settings are the defaults: {", ".join(f"{name} {value}" for name, value in shown.items())}; customer,
country, weekday and hour; product, words of its description, 20 price buckets. A verdict is taken from the interval of
the difference, which covers customers and seeds. How much seeds matter is known in one of two ways:

- **own seeds**: from the {SEEDS} runs of each of the two, with Student's t;
- **pooled**: from all configs that were tested in the same way, once they are enough: here the two that are compared,
  with the seeds they are compared by, and the other configs of the second table, with {RUNS_TO_POOL} seeds each
  ({RUNS} on all customers). One run of each is enough then.

**Customers alone** is what an interval would say that leaves seeds out. The product does not use it."""


def lines_of_itself(lines: Sequence[Itself]) -> Iterator[str]:
    yield "\n## A config against itself\n"
    yield (
        f"The default config with seeds 1-{RUNS} against the default config with seeds {RUNS + 1}-{2 * RUNS}. "
        f"How many of 100 comparisons say 'cannot tell', the only right answer:\n"
    )
    yield (
        f"| customers | recall@{JUDGED_BY} of {2 * RUNS} runs | sd over seeds, points: its own / that of the others "
        f"| {SEEDS} runs each, own seeds | {SEEDS} runs each, pooled | one run each, pooled "
        f"| {SEEDS} runs each, customers alone |"
    )
    yield "|---|---|---|---|---|---|---|"
    yield from map(line_of_itself, lines)


def line_of_itself(line: Itself) -> str:
    found = line.measured
    recalls = [*found.ours.recalls.values(), *found.again.recalls.values()]
    own = sqrt((found.ours.variance + found.again.variance) / 2)
    others = pool(found.recalls)
    seeds = f"{100 * own:.2f} / " + (f"{100 * sqrt(others.value):.2f}" if others else "unknown")
    shares = (
        line.three.per_100(OWN, CANNOT_TELL),
        line.three.per_100(POOLED, CANNOT_TELL),
        line.single.per_100(POOLED, CANNOT_TELL),
        line.three.per_100(CUSTOMERS, CANNOT_TELL),
    )
    figures = " | ".join(f"{share:.1f}" for share in shares)
    return f"| {found.percent} % | {min(recalls):.3f}-{max(recalls):.3f} | {seeds} | {figures} |"


def lines_against(lines: Sequence[Against]) -> Iterator[str]:
    chosen = nearest(lines)
    yield "\n## A config against a worse one\n"
    yield (
        f"All customers, {RUNS} runs of each config. The points are between the means of all runs, ± the standard "
        f"error over seeds. How many of 100 comparisons call the better one 'better' (in brackets: 'worse'); the line "
        f"nearest to {ABOUT:g} points is bold:\n"
    )
    yield (
        f"| the default config and | recall@{JUDGED_BY}: default, other | points apart "
        f"| {SEEDS} runs each, own seeds | {SEEDS} runs each, pooled | one run each, pooled |"
    )
    yield "|---|---|---|---|---|---|"
    for line in sorted(lines, key=lambda line: line.points, reverse=True):
        yield line_against(line, line is chosen)


def line_against(line: Against, chosen: bool) -> str:
    shares = " | ".join(
        f"{of.per_100(way, BETTER):.1f} ({of.per_100(way, WORSE):.1f})"
        for of, way in ((line.three, OWN), (line.three, POOLED), (line.single, POOLED))
    )
    name = f"**{line.rival}**" if chosen else line.rival
    return (
        f"| {name} | {line.ours.mean:.3f}, {line.theirs.mean:.3f} | {line.points:.2f} ± {line.error:.2f} | {shares} |"
    )


def promises(ones: Sequence[Itself], others: Sequence[Against]) -> Iterator[str]:
    chosen = nearest(others)
    yield "\n## What is promised\n"
    yield (
        f"- A config against itself: 'cannot tell' at least {PROMISED_CANNOT_TELL} times in 100, on every line and in "
        f"every way but customers alone: {_kept(all(line.kept for line in ones))}."
    )
    yield (
        f"- A config that is about {ABOUT:g} points better ({chosen.points:.2f} measured, the default config and "
        f"{chosen.rival}), {SEEDS} runs each: 'better' at least {PROMISED_BETTER} times in 100: {_kept(chosen.kept)}."
    )


def _kept(promise: bool) -> str:
    return "kept" if promise else "**not kept**"


def results(ones: Sequence[Itself], others: Sequence[Against]) -> dict[str, Any]:
    """What the page was made from: recalls by seed, and verdicts by way."""
    return {
        "itself": [
            {
                "percent": line.measured.percent,
                "recalls": {**line.measured.ours.recalls, **line.measured.again.recalls},
                "rivals": {name: arm.recalls for name, arm in line.measured.rivals.items()},
                **_verdicts(line),
            }
            for line in ones
        ],
        "against": [{"rival": line.rival, "points": line.points, **_verdicts(line)} for line in others],
    }


def _verdicts(line: Itself | Against) -> dict[str, Any]:
    return {"three": line.three.verdicts, "single": line.single.verdicts}


def main() -> int:
    parser = argparse.ArgumentParser(description="measure how often the verdict is right, on the shipped sample")
    parser.add_argument("--keep", type=Path, default=KEEP, help="folder of runs and results (default: %(default)s)")
    folder: Path = parser.parse_args().keep.resolve()
    started = time.monotonic()

    def watch(doing: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {doing}", flush=True)

    folder.mkdir(parents=True, exist_ok=True)
    snapshot = snapshot_of(f"'{ROOT / DATA}'", folder / "snapshot.parquet")
    with Runner(folder) as runner:
        artifacts = FileArtifacts(str(folder))
        found = [measured(runner, artifacts, snapshot, percent, watch) for percent in SAMPLE_PERCENTS[::-1]]
    status = write(folder, found, watch)
    watch(f"wrote {PAGE}")
    return status


def write(folder: Path, found: Sequence[Measured], watch: Callable[[str], None]) -> int:
    """The page, and what it was made from; 1 when a promise is not kept."""
    whole = next(one for one in found if one.percent == WHOLE)
    ones, others = [], []
    for one in found:
        watch(f"{one.percent} %: comparing the defaults with themselves")
        ones.append(itself(one))
    for rival in RIVALS:
        watch(f"comparing the defaults with {rival.name}")
        others.append(against(whole, rival.name))
    page = "\n".join([introduction(), *lines_of_itself(ones), *lines_against(others), *promises(ones, others)])
    print(page)
    (folder / "results.json").write_text(json.dumps(results(ones, others), indent=1))
    (ROOT / PAGE).write_text(f"{page}\n")
    return 0 if all(line.kept for line in ones) and nearest(others).kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
