"""A quick test in a terminal: its progress while it runs, its result on the ruler when it is done."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

MARKS = {"completed": "✓", "cached": "✓", "running": "▶", "failed": "✗", "cancelled": "✗"}
KS = ("10", "50", "100")
BAR = 40


def progress_view(test: dict[str, Any]) -> RenderableType:
    """One bar, then a line per stage."""
    filled = round(test["progress"] * BAR)
    head = Text(f"{'█' * filled}{'░' * (BAR - filled)} {test['progress']:.0%}  {test['phase']}")
    table = Table(box=None, show_header=False, padding=(0, 2))
    for stage in test["stages"]:
        done = f"{stage['seconds']:.1f} s" if stage["seconds"] is not None else ""
        doing = stage["detail"] if stage["status"] == "running" else ""
        table.add_row(MARKS.get(stage["status"], "·"), stage["name"], stage["status"], done, doing)
    return Group(head, table)


def result_view(test: dict[str, Any]) -> RenderableType:
    """Recall on the ruler, loss, vocabularies, stage times, warnings."""
    parts: list[RenderableType] = [_heading(_measured_on(test)), _recall_table(test), Text(_loss_line(test))]
    parts += [_heading("Vocabularies"), _vocabulary_table(test), _heading(_times(test)), _stage_table(test), Text()]
    for warning in test["warnings"]:
        parts.append(Text(f"⚠ {warning['message']} {warning['remedy']}"))
    if not test["warnings"]:
        parts.append(Text("Warnings: none"))
    if test["verdict"]:
        parts.append(Text(_verdict_line(test)))
    return Group(*parts, Text())


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _measured_on(test: dict[str, Any]) -> str:
    sample = f"{test['data_sample_percent']}% of customers, {test['epochs']} epochs, split {test['protocol']['split']}"
    return f"Recall, indicative ({sample}; all on the same evaluation rows)"


def _times(test: dict[str, Any]) -> str:
    expected = f" (expected {test['estimated_seconds']:.0f} s)" if test["estimated_seconds"] is not None else ""
    return f"Stages: {test['duration_seconds']:.0f} s from start to result{expected}"


def _recall_table(test: dict[str, Any]) -> Table:
    table = Table("", box=box.SIMPLE_HEAD)
    for k in KS:
        table.add_column(f"recall@{k}", justify="right")
    table.add_column("95% interval @100", justify="right", no_wrap=True)
    ruler = test["ruler"]
    for name, label in (
        ("random", "random"),
        ("popularity", "popularity"),
        ("repeat_purchase", "repeat purchase"),
        ("previous_best", "previous best"),
    ):
        if ruler.get(name):
            table.add_row(*_row(label, ruler[name], ruler[name].get("interval")))
    table.add_row(*_row("this config", test, test["intervals"]), style="bold")
    return table


def _row(label: str, figures: dict[str, Any], interval: dict[str, Any] | None) -> list[str]:
    bounds = (interval or {}).get("recall_at_100")
    spread = f"{bounds[0]:.1%} to {bounds[1]:.1%}" if bounds else ""
    return [label, *(f"{figures[f'recall_at_{k}']:.1%}" for k in KS), spread]


def _loss_line(test: dict[str, Any]) -> str:
    beside = test["metrics"].get("loss_minus_ln_batch")
    return f"Loss per training row {test['loss']:.3f} (loss − ln(batch) {beside:.3f}); it never ranks configs"


def _vocabulary_table(test: dict[str, Any]) -> Table:
    table = Table("feature", box=box.SIMPLE_HEAD)
    for column in ("size", "OOV in evaluation", "OOV in training"):
        table.add_column(column, justify="right")
    table.add_column("status")
    for feature, stats in test["vocabulary_stats"].items():
        rates = (f"{stats['oov_rate']:.1%}", f"{stats['train_oov_rate']:.1%}")
        table.add_row(feature, f"{stats['vocab_size']:,}", *rates, stats["status"].capitalize())
    return table


def _stage_table(test: dict[str, Any]) -> Table:
    table = Table("stage", "ended", box=box.SIMPLE_HEAD)
    for name in ("seconds", "CPU seconds", "peak MB"):
        table.add_column(name, justify="right")
    for stage in test["stages"]:
        wall, cpu, memory = (stage[name] for name in ("seconds", "cpu_seconds", "peak_memory_mb"))
        table.add_row(stage["name"], stage["status"], _known(wall, 1), _known(cpu, 1), _known(memory, 0))
    return table


def _known(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _verdict_line(test: dict[str, Any]) -> str:
    words = {"better": "↑ Better", "worse": "↓ Worse", "cannot_tell": "≈ Cannot tell"}
    best = test["ruler"]["previous_best"]
    return f"{words[test['verdict']]}, against {best['name']}: {test['verdict_reason']}"
