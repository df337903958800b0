"""make bench: what the product costs in time and memory. Prints a table per part and writes JSON; `startup` asserts:
a container that starts slowly keeps people waiting."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.stacks import REPOSITORY

PARTS: Mapping[str, str] = {
    "imports": "importing each service's app",
    "startup": "each service as its image has it: from the start of gunicorn to the first answer; under 2 s",
    "generation": "generating code: 200 features; the handler; the embedded stack from event to stored code",
    "api": "requests over 10,000 configs and 50,000 tests, beside a bare Flask route",
    "profiling": "statistics of 2.4 million rows; the leak probe of the sample with a planted leak",
    "speed": "a quick test beside stock TFX and beside training from memory (20 minutes)",
    "clone": "set-up and two demos from a fresh clone",
}

OPTIONS: Mapping[str, tuple[str, ...]] = {"speed": ("rows", "without_stock")}


def main() -> None:
    listed = "\n".join(f"  {name:<12}{what}" for name, what in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=__doc__,
        epilog=f"parts (all, unless ONLY names some: make bench ONLY='imports generation'):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", help="what to measure")
    parser.add_argument("--runs", type=int, default=5, help="repetitions of what is quick (default 5)")
    rows = "of speed, from 10000 to 2400000, one number or several (default 240000)"
    parser.add_argument("--rows", type=int, nargs="+", default=[240_000], help=rows)
    parser.add_argument("--without-stock", action="store_true", help="of speed: leave stock TFX out")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "build" / "bench.json", help="where figures go")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    figures = {}
    for part in options.parts or PARTS:
        print(f"\n== {part}: {PARTS[part]}", flush=True)
        more = {name: getattr(options, name) for name in OPTIONS.get(part, ())}
        figures[part] = importlib.import_module(f"tests.bench.{part}").measure(options.runs, **more)
        print_table(figures[part])
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"\nwritten to {options.json}")


def print_table(figures: Mapping[str, Any]) -> None:
    """A line per measurement, its figures beside it."""
    for name, found in figures.items():
        inner = found if isinstance(found, Mapping) else {"": found}
        shown = "  ".join(f"{key} {_shown(value)}".strip() for key, value in inner.items())
        print(f"  {name:<34}{shown}")


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


main()
