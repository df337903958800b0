"""A dataset's section of the page on prediction: the report beside single runs, pairs by their distance, configs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from predicted import LOSES, Found
from tested import FULL
from towerlab.domain.prediction import Agreement, Pair

BANDS = (0.0, 0.005, 0.01, 0.02, 0.04, 1.0)  # of recall@100


def section(found: Found, promised: bool) -> Iterator[str]:
    yield f"\n## `{found.source}`\n"
    yield f"{len(found.tested)} configs, {_setting(found)} {found.report['reason']}"
    if promised:
        yield f"\nThe promise is {'kept' if found.kept else '**not kept**'}."
    yield from _agreements(found)
    yield from _bands(found.means)
    yield from _configs(found)


def _setting(found: Found) -> str:
    quick, full = (found.tested[0].tests[percent][0] for percent in (found.percent, FULL))
    settings = ", ".join(f"{name} {value}" for name, value in found.settings.items())
    rows = " and ".join(f"{test['rows']['eval']:,} of {test['rows']['eval_customers']:,}" for test in (quick, full))
    best, worst = (choose(pair.full for pair in found.means) for choose in (max, min))
    return (
        f"{settings}, split by {full['protocol']['split']}. Rows and customers judged, quick and full: {rows}. On the "
        f"full data the configs lie within {100 * (best - worst):.1f} points."
    )


def _agreements(found: Found) -> Iterator[str]:
    yield f"\n| | tau | 95 % interval | pairs ≥ {100 * LOSES:g} point apart | of them in order | winner loses, points |"
    yield "|---|---|---|---|---|---|"
    runs = f"means of {len(found.seeds)} runs" if len(found.seeds) > 1 else "one run of each"
    yield _agreement(f"**the product's report: {runs}**", found.reported)
    for seed in found.seeds if len(found.seeds) > 1 else ():
        yield _agreement(f"one run of each, seed {seed + 1}", found.single(seed))
    for left, right in combinations(found.seeds, 2):
        yield _agreement(f"full data by itself, seed {left + 1} and seed {right + 1}", found.itself(left, right))


def _agreement(name: str, of: Agreement) -> str:
    low, high = of.interval
    tau = "" if of.tau is None else f"{of.tau:.2f}"
    in_order = f"{of.in_order} ({100 * of.in_order / of.pairs:.0f} %)" if of.pairs else ""
    return f"| {name} | {tau} | {low:.2f} to {high:.2f} | {of.pairs} | {in_order} | {100 * of.winner_loses:.2f} |"


def _bands(of: Sequence[Pair]) -> Iterator[str]:
    """Of the means: how far a pair must be apart for its order to hold, seen from either side."""
    yield "\n| points apart | on the full data, pairs | in order | by the quick test, pairs | in order |"
    yield "|---|---|---|---|---|"
    for low, high in pairwise(BANDS):
        band = f"{100 * low:g} to {100 * high:g}" if high < 1 else f"{100 * low:g} or more"
        by_full = [(a, b) for a, b in combinations(of, 2) if low <= abs(a.full - b.full) < high]
        by_quick = [(a, b) for a, b in combinations(of, 2) if low <= abs(a.quick - b.quick) < high]
        counts = " | ".join(f"{len(inside)} | {_in_order(inside)}" for inside in (by_full, by_quick))
        yield f"| {band} | {counts} |"


def _in_order(pairs: Sequence[tuple[Pair, Pair]]) -> int:
    return sum((a.quick - b.quick) * (a.full - b.full) > 0 for a, b in pairs)


def _configs(found: Found) -> Iterator[str]:
    yield f"\n| config | {found.percent} % | by seed | place | full data | by seed | place |"
    yield "|---|---|---|---|---|---|---|"
    quick, full = (sorted((getattr(pair, side) for pair in found.means), reverse=True) for side in ("quick", "full"))
    lines = zip(found.tested, found.means, strict=True)
    for tested, pair in sorted(lines, key=lambda line: -line[1].full):
        at_quick = _recalls(tested.recalls(found.percent), pair.quick, quick)
        at_full = _recalls(tested.recalls(FULL), pair.full, full)
        yield f"| {tested.variant.name} | {at_quick} | {at_full} |"


def _recalls(by_seed: Sequence[float], mean: float, ordered: Sequence[float]) -> str:
    return f"**{mean:.3f}** | {' '.join(f'{recall:.3f}' for recall in by_seed)} | {ordered.index(mean) + 1}"
