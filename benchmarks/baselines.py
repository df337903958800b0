"""Does a quick test find more than what needs no towers? Towerlab beside simple lists and the models of implicit.

    make baselines

Measures the shipped sample, and complete_journey.parquet and movielens_100k.parquet where they lie in the folder
--shared (default: shared/data beside this checkout; they may not be part of this project). Writes docs/baselines.md
when all three were there. Takes about five minutes on two cores.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import JOURNEY, MOVIELENS, ROOT, SHIPPED, Registered, arguments, is_there, registered, source_of
from quick_tests import DEFAULTS, Outcome, Runner
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.results import KS, Recall

PAGE = "docs/baselines.md"
PYTHON = ROOT / ".envs/baselines/bin/python"
MODELS = Path(__file__).with_name("implicit_models.py")
SEEDS = 3


@dataclass(frozen=True)
class Part:
    """One table: a dataset, the share of its customers, and how it is cut."""

    title: str
    source: str
    split: str
    percent: int = 100


@dataclass(frozen=True)
class Model:
    """A model of implicit, as implicit_models.py takes it."""

    title: str
    key: str
    settings: Mapping[str, Any]
    seeds: int


@dataclass(frozen=True)
class Line:
    name: str
    recall: Recall
    by_seed: tuple[float, ...] = ()  # recall@100


PARTS = (
    Part("The shipped sample, by time", SHIPPED, "time"),
    Part("complete_journey, by time", JOURNEY, "time", 25),
    Part("MovieLens-100K, by time", MOVIELENS, "time"),
    Part("MovieLens-100K, the last fifth of each user", MOVIELENS, "last"),
)
ALS = {"factors": 64, "regularization": 0.05, "alpha": 10.0, "iterations": 15}
NEIGHBOURS = {"K": 200, "K1": 1.2, "B": 0.75}
IMPLICIT = (
    Model("ALS", "als", ALS, SEEDS),
    Model("item-kNN (cosine)", "cosine", NEIGHBOURS, 1),
    Model("item-kNN (BM25)", "bm25", NEIGHBOURS, 1),
)
TOWERLAB = "Towerlab"


def measured(part: Part, data: Registered, runner: Runner, folder: Path) -> tuple[Outcome, list[Line]]:
    """The quick test, and every line judged on its evaluation rows."""
    found = runner.run(data.config, data.sample(part.split, part.percent), replicates=SEEDS)
    figures = found.figures()
    ruler = [
        Line("random list", figures.random),
        Line("popularity", figures.whole.popularity),
        *([Line("repeat purchase", figures.whole.repeat_purchase)] if figures.whole.repeat_purchase else ()),
    ]
    models = [trained(model, found, folder) for model in IMPLICIT]
    ours = Line(TOWERLAB, figures.whole.recall, tuple(found.recall(100)))
    return found, [*ruler, *models, ours]


def trained(model: Model, found: Outcome, folder: Path) -> Line:
    """Trained on the quick test's training rows; ranks of other than its evaluation rows would be refused."""
    ranks = folder / f"{model.key}.parquet"
    rows, products = (str(found.tables[name]) for name in ("rows", "products"))
    settings = json.dumps(dict(model.settings))
    command = [str(PYTHON), str(MODELS), model.key, settings, str(model.seeds), rows, products, str(ranks)]
    subprocess.run(command, check=True)
    figures = found.figures(ranks=ranks)
    seeds = tuple(each["model_100"] for _, each in sorted(figures.replicates.items()))
    return Line(model.title, figures.whole.recall, seeds)


def section(part: Part, data: Registered, found: Outcome, lines: Sequence[Line]) -> Iterator[str]:
    rows, unseen = found.summary["rows"], found.summary["unseen"]
    yield f"\n## {part.title}\n"
    yield (
        f"`{part.source}`, {part.percent} % of the customers: {rows['train']:,} rows to train on, {rows['eval']:,}"
        f" judged, of {rows['eval_customers']:,} customers; {rows['catalogue']:,} products. Of the judged rows"
        f" {unseen['customers']:.1%} are of customers without a training row and {unseen['products']:.1%} of such"
        f" products. Towerlab's config: {described(data.config)}.\n"
    )
    yield "| | recall@10 | @50 | @100 | @100, 95 % interval | @100 by seed |"
    yield "|---|---|---|---|---|---|"
    best = {k: max(line.recall.at[k] for line in lines) for k in map(str, KS)}
    for line in lines:
        yield row(line, best)
    yield f"\n{verdict(lines)} With every tie against it, popularity's recall@100 is {found.popularity(100):.3f}."


def row(line: Line, best: Mapping[str, float]) -> str:
    cells = [f"**{at:.3f}**" if at == best[k] else f"{at:.3f}" for k, at in line.recall.at.items()]
    low, high = line.recall.interval["100"]
    seeds = " ".join(f"{recall:.3f}" for recall in line.by_seed) if len(line.by_seed) > 1 else ""
    return f"| {line.name} | {' | '.join(cells)} | {f'{low:.3f} – {high:.3f}' if low < high else ''} | {seeds} |"


def verdict(lines: Sequence[Line]) -> str:
    """Who finds most, and where Towerlab stands."""
    leaders = {k: max(lines, key=lambda line: line.recall.at[k]).name for k in map(str, KS)}
    leading = [
        f"{name} at {listed([k for k, leader in leaders.items() if leader == name])}"
        for name in dict.fromkeys(leaders.values())
    ]
    by_recall = sorted(lines, key=lambda line: -line.recall.at["100"])
    place = next(n for n, line in enumerate(by_recall) if line.name == TOWERLAB)
    distances = [
        f"{abs(points):.1f} points {'above' if points > 0 else 'below'} {line.name}"
        for line in by_recall
        if line.name not in (TOWERLAB, "random list")
        for points in [100 * (by_recall[place].recall.at["100"] - line.recall.at["100"])]
    ]
    return (
        f"Most is found by {', '.join(leading)}. At 100 Towerlab is number {place + 1} of {len(lines)}: "
        f"{', '.join(distances)}."
    )


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def described(config: ResolvedConfig) -> str:
    """The columns of both towers, crosses by ×."""
    columns = {
        name: [*(f"`{feature.column}`" for feature in tower.features), *(cross.name for cross in tower.crosses)]
        for name, tower in (("customer", config.query), ("product", config.candidate))
    }
    return "; ".join(f"{name} tower {', '.join(names)}" for name, names in columns.items())


def introduction() -> str:
    shown = named({name: value for name, value in DEFAULTS.items() if name not in ("schema", "seed", "replicates")})
    als, neighbours = (named(settings) for settings in (ALS, NEIGHBOURS))
    return f"""# Towerlab beside simpler ways to recommend

Written by `make baselines` (`benchmarks/baselines.py`). All lines of a table are judged on the same rows: the quick
test's own training and evaluation rows and its whole catalogue, ranked exactly, and what a customer bought before may
be recommended again. Figures are means over seeds 1 to {SEEDS} where there are seeds. The best of a column is bold.
Intervals are over customers and leave the seeds out; differences smaller than those between the seeds mean nothing.

The comparison is not quite even: Towerlab's defaults were chosen among some 25 settings that were tried on judged rows
of these datasets (some are in [trainer-defaults.md](trainer-defaults.md)), which flatters it a little. ALS and item-kNN
have one setting for all datasets, which was not searched for: with a search they may find more.

- **random list**: what a random order gives on average.
- **popularity**: by training rows, the same list for everyone.
- **repeat purchase**: the customer's own products by how often, then all others by popularity.
- **ALS** and **item-kNN**: of the Python package implicit, on log(1 + rows). ALS: {als}. item-kNN: {neighbours};
  products are alike by the cosine of their BM25 weights, or by the product of these as implicit's BM25Recommender has
  it. Equal scores go by popularity, so who bought nothing in training is shown that list.
- **{TOWERLAB}**: the trainer's defaults ({shown}) and the
  config that smart defaults choose, which sees nothing that is known only after the purchase.

Ties count against models; half of them count against popularity and repeat purchase, as on the product's ruler.

The split by time judges the newest 10 % of all rows; "the last fifth" judges each customer's last 20 % of rows."""


def named(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def main() -> None:
    asked = arguments("measure Towerlab beside simple lists, ALS and item-kNN")
    if not PYTHON.exists():
        raise SystemExit("the baselines environment is not there: make baselines")
    with tempfile.TemporaryDirectory() as scratch:
        measure(asked.shared, asked.keep or Path(scratch))


def measure(shared: Path, folder: Path) -> None:
    """Print every table; write the page when none is missing."""
    started, written, missing = time.monotonic(), [introduction()], False
    folder.mkdir(parents=True, exist_ok=True)
    with Runner(folder) as runner:
        for part in PARTS:
            source = source_of(part.source, shared)
            if not is_there(part.title, source):
                missing = True
                continue
            data = registered(source, folder / "snapshots")
            lines = list(section(part, data, *measured(part, data, runner, folder)))
            print("\n".join(lines), flush=True)
            written += lines
    spent = f"after {time.monotonic() - started:.0f} s"
    if missing:
        print(f"\n{PAGE} stays as it is, because datasets are missing ({spent})")
        return
    (ROOT / PAGE).write_text("\n".join(written) + "\n")
    print(f"\nwrote {PAGE} {spent}")


if __name__ == "__main__":
    main()
