"""README.md of a generated package: what the config is, what each tower gets, how it is checked and trained."""

from __future__ import annotations

import json
import re

from towerlab.configs.lists import MODEL_TITLE
from towerlab.domain.outputs import Bag, Dense, Output, tower_width
from towerlab.emit.plan import Plan, PlannedOutput, PlannedTower

_PLAIN = re.compile(r"[A-Za-z0-9_-]+( [A-Za-z0-9_-]+)*")

_TEXT = """# A two-tower recommender

Made by Towerlab from this version of a feature config:

```json
{config}
```

| file | what |
| --- | --- |
| `preprocessing.py` | `preprocessing_fn` for TensorFlow Transform: raw columns in, ids and numbers out |
| `trainer.py` | `run_fn` for the TFX Trainer: BuyerModel, ProductModel and TwoTowerModel (TensorFlow Recommenders) |
| `config.json` | the config with every default filled in, and the inputs of `preprocessing_fn` |

{towers}

Ids get learned vectors in the trainer. Tensor dimensions are those of a tower's features side by side; one linear layer
brings both towers to the same width.

## Check it and train it

The bundle, `GET /api/feature-configs/{{id}}/versions/{version}/bundle/`, has these files beside them. They need Python
3.11 and what `requirements.txt` pins, and nothing of Towerlab.

```sh
python -m venv env && env/bin/pip install --no-deps --require-hashes -r requirements.txt
env/bin/python verify.py               # TensorFlow Transform gives the expected tensors for the golden rows
env/bin/python train.py data.parquet   # split, transform, train, and print recall@10, 50 and 100
env/bin/python train.py --help
```

| file | what |
| --- | --- |
| `golden_rows.json` | rows as `preprocessing_fn` gets them: real ones, one of missing values, one of unknown values |
| `golden_tensors.json` | what it must make of them |
| `verify.py` | says whether it does |
| `sample_query.sql` | DuckDB's query for the splits `fit`, `train`, `eval` and `catalogue` |
| `train.py` | the whole way from a Parquet file to recall |
| `requirements.txt` | the environment, with hashes |

In a TFX pipeline, give `preprocessing.py` to Transform and `trainer.py` to Trainer as their `module_file`.
"""


def readme(plan: Plan, name: str, version: int, config_hash: str) -> str:
    """The text. What a person wrote stands in it as JSON inside a fence, or as an escaped table cell."""
    identity = {"name": name, "version": version, "config_hash": config_hash}
    towers = "\n\n".join(_tower(tower) for tower in plan.towers)
    return _TEXT.format(config=_json(identity), towers=towers, version=version)


def _tower(tower: PlannedTower) -> str:
    """The tower's outputs as a table, in the order in which they enter it."""
    width = tower_width(planned.output for planned in tower.outputs)
    return "\n".join(
        [
            f"## {MODEL_TITLE[tower.side]}: the {tower.side} tower, {width} dimensions",
            "",
            "| output | of | what | dimensions |",
            "| --- | --- | --- | ---: |",
            *(_row(planned) for planned in tower.outputs),
            f"| | | | **{width}** |",
        ]
    )


def _row(planned: PlannedOutput) -> str:
    output = planned.output
    return f"| `{output.name}` | {cell(planned.column)} | {_what(output)} | {output.width} |"


def _what(output: Output) -> str:
    match output:
        case Dense():
            return "a number as it is" if output.width == 1 else f"{output.width} numbers as they are"
        case Bag():
            return (
                f"mean of the vectors of up to {output.slots} ids, {_ids(output.vocabulary, output.size, output.oov)}"
            )
        case _:
            return f"vector of an id, {_ids(output.vocabulary, output.size, output.oov)}"


def _ids(vocabulary: str | None, size: int | None, oov: int) -> str:
    known = f"places in `{vocabulary}`" if vocabulary else f"{size or 0:,} known"
    return f"{known} and {oov:,} beside" if oov else known


def cell(text: str) -> str:
    """`text` inside a Markdown table: as it is when it is plain, else as ASCII in which every mark is an entity, so
    that it can neither end the cell nor mean anything."""
    if _PLAIN.fullmatch(text):
        return f"`{text}`"
    written = json.dumps(text, ensure_ascii=True)
    return "".join(mark if mark.isalnum() or mark == " " else f"&#{ord(mark)};" for mark in written)


def _json(value: object) -> str:
    """JSON without a character that could end the fence around it."""
    return json.dumps(value, indent=2, ensure_ascii=True).replace("`", "\\u0060")
