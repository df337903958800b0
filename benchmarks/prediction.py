"""Does a quick test predict? Configs tested on a quarter of the customers and on all, and the product's own report.

    make prediction [PREDICTION='--only online_retail.parquet']

Uses the stack that is up at TOWERLAB_PORT, as a person would. Measures the shipped sample, and movielens_100k.parquet
where it lies in the folder --shared (default: shared/data beside this checkout; it may not be part of this project).
Tests that the stack has are not run again, so what was broken off goes on. Writes docs/prediction.md when both were
there. Exits with 1 when a promise is not kept. Takes an hour on two busy cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from datasets import MOVIELENS, ROOT, SHARED, SHIPPED, is_there, source_of
from local_stack.layout import layout_from_environment
from predicted import IN_ORDER, LOSES, Found, found_by
from prediction_tables import section
from tested import FULL, Experiment

PAGE = "docs/prediction.md"
COMMAND = "make prediction"
QUICK = 25  # percent of the customers
SEEDS = {SHIPPED: 2, MOVIELENS: 1}  # runs of each test
PROMISED = SHIPPED


def introduction() -> str:
    return f"""# Does a quick test predict?

Written by `{COMMAND}`. Configs are tested on {QUICK} % of the customers and on {FULL} %, and the product is asked how
well the one orders them as the other does: `GET /api/datasets/{{id}}/prediction-report/`. Promised for the shipped
sample: of the pairs of configs at least 1 point of recall@100 apart on the full data, at least {100 * IN_ORDER:g} %
stand in the same order by the quick test, and its winner is at most {100 * LOSES:g} point below the full data's. Of tau
nothing is promised: it counts pairs that nothing tells apart. Of the other dataset nothing is promised either.

The configs were chosen before any of them was tested here: the product's templates, and its smart defaults with one
thing changed. None sees an outcome of the purchase or goes without the customer's id: the one would win, the other
lose, by so much that every pair with it stands in the right order. Both tests of a config have the same settings, those
that the product recommends for the dataset, but for the share of its customers; the customers of the quick test are
judged on purchases of their own. The product's report is over the means of all runs. Where there are two of each, with
two seeds, what one of them would have said stands beside it, and how well a run on the full data orders configs as the
other one there: more than that cannot be asked of a quick test.

Intervals of tau are for other configs of the kind. They do not cover other data, or other customers. What is compared
is the order: a quick test's recall is lower or higher than that on the full data, because it learns from fewer rows and
is judged on other customers."""


def page(found: Sequence[Found]) -> Iterator[str]:
    yield introduction()
    for each in found:
        yield from section(each, promised=each.source == PROMISED)


def measured(url: str, source: Path) -> Found:
    experiment = Experiment(url, source, QUICK)
    for line in experiment.run(SEEDS[source.name]):
        print(line, flush=True)
    return found_by(source.name, experiment)


def main() -> int:
    parser = argparse.ArgumentParser(description="measure how well quick tests order configs as the full data does")
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of the other datasets (%(default)s)")
    parser.add_argument("--only", choices=tuple(SEEDS), help="this dataset alone; writes no page")
    asked = parser.parse_args()
    names = (asked.only,) if asked.only else tuple(SEEDS)
    sources = [source for name in names if is_there(name, source := source_of(name, asked.shared))]
    found = [measured(layout_from_environment().public_url, source) for source in sources]
    written = "\n".join(page(found))
    print(written)
    if len(found) == len(SEEDS):
        (ROOT / PAGE).write_text(f"{written}\n")
    return 0 if all(each.kept for each in found if each.source == PROMISED) else 1


if __name__ == "__main__":
    raise SystemExit(main())
