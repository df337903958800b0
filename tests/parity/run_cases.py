"""Run the generated modules of many cases side by side in one TFT run; started in the pipeline's environment.

python run_cases.py <folder>...: each holds case_<n>.py, inputs.json ({key: {kind, values}}), vocabularies.json ([name])
and gets result.npz (every output, one line a row) and fitted.json (what the analyses found, by name); or seconds.npy
and texts.json, for the calendar and the hashes alone.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from pipeline import local_tft
from tensorflow_transform import nodes
from tensorflow_transform.tf_metadata import schema_utils

ARROW = {"string": pa.binary(), "int64": pa.int64(), "float32": pa.float32()}
FITTED: dict[str, Any] = {}  # of the graph that is being traced: name -> tensor


def listen() -> None:
    """Every analysis with a name also leaves its result in FITTED, as int64 bits where it is a float64."""
    for kind in ("min", "max", "sum", "quantiles"):
        setattr(tft, kind, _heard(getattr(tft, kind)))


def _heard(analysis: Callable[..., Any]) -> Callable[..., Any]:
    def heard(*arguments: Any, **options: Any) -> Any:
        found = analysis(*arguments, **options)
        FITTED[options["name"]] = tf.reshape(found, [arguments[1] - 1 if len(arguments) > 1 else 1])
        return found

    return heard


def in_every_row(rows: Any) -> dict[str, Any]:
    """What was fitted, as one output a type, by type and then by name; a float64 as its bits, for TFT has none."""
    outputs = {}
    for kind in sorted({value.dtype.name for value in FITTED.values()}):
        values = tf.concat([value for _, value in sorted(FITTED.items()) if value.dtype.name == kind], axis=0)
        bits = tf.bitcast(values, tf.int64) if kind == "float64" else values
        outputs[f"fitted_{kind}"] = tf.tile(bits[tf.newaxis, :], [rows, 1])
    return outputs


def what_was_fitted(found: dict[str, Any]) -> dict[str, list[float]]:
    """The values of every analysis by its name."""
    values: dict[str, list[float]] = {}
    for kind in {value.dtype.name for value in FITTED.values()}:
        row = found.pop(f"fitted_{kind}")[0]
        row = row.view(np.float64) if kind == "float64" else row
        names = sorted(name for name, value in FITTED.items() if value.dtype.name == kind)
        parts = np.split(row, np.cumsum([FITTED[name].shape[0] for name in names])[:-1])
        values |= {name: part.tolist() for name, part in zip(names, parts, strict=True)}
    return values


def preprocessing(folder: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """All cases in one; what was fitted stands in every row."""
    modules = [_module(path) for path in sorted(folder.glob("case_*.py"))]

    def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
        FITTED.clear()
        outputs = {name: value for module in modules for name, value in module.preprocessing_fn(inputs).items()}
        return outputs | in_every_row(inputs["row_id"].dense_shape[0])

    return preprocessing_fn


def run(folder: Path) -> None:
    inputs = json.loads((folder / "inputs.json").read_text())
    spec = {key: tf.io.VarLenFeature(getattr(tf, entry["kind"])) for key, entry in inputs.items()}
    schema = schema_utils.schema_from_feature_spec(spec)
    lists = {key: [[] if v is None else [v] for v in entry["values"]] for key, entry in inputs.items()}
    with tempfile.TemporaryDirectory() as scratch:
        found = carried_out(schema, inputs, lists, preprocessing(folder), scratch)
        names = json.loads((folder / "vocabularies.json").read_text())
        vocabularies = {name: _entries(next(Path(scratch).glob(f"**/{name}"))) for name in names}
    fitted = {"analyses": what_was_fitted(found), "vocabularies": vocabularies}
    (folder / "fitted.json").write_text(json.dumps(fitted))
    np.savez(folder / "result.npz", **found)


def _entries(file: Path) -> list[str]:
    return file.read_bytes().decode().removesuffix("\n").split("\n")


def carried_out(schema: Any, inputs: Any, lists: Any, function: Any, scratch: str) -> dict[str, Any]:
    """As the pipeline does it, except that the transform is not saved: tests/pipeline sees to that."""
    columns = {key: _arrow(entry["kind"], lists[key]) for key, entry in inputs.items()}
    transform = local_tft.LocalTransform(schema, function)
    (batch,) = transform.batches(pa.table(columns))
    analysis = local_tft._Analysis(function, transform.specs, scratch)
    whole, effects = analysis.nodes()
    traverser = nodes.Traverser(local_tft._Interpreter(analysis, [batch], lambda *_: None))
    (replacements,) = traverser.visit_value_node(whole)
    for effect in effects:
        traverser.visit_value_node(effect)
    return {name: np.asarray(value) for name, value in analysis._traced(replacements, None)(batch).items()}


def _arrow(kind: str, lists: list[list[Any]]) -> pa.Array:
    if kind == "float32":
        with np.errstate(over="ignore"):
            lists = [np.array(entry).astype(np.float32) for entry in lists]
    return pa.array(lists, pa.list_(ARROW[kind]))


def calendar_and_hashes(folder: Path) -> None:
    """The generated module's cycles of every second in seconds.npy, and TensorFlow's two hashes of texts.json."""
    module = _module(folder / "calendar_case.py")
    names = ["annual", "quarterly", "monthly", "weekly", "daily"]
    seconds = np.load(folder / "seconds.npy").astype(np.float64)
    waves = tf.function(lambda x: module.cyclical(x, names))(tf.constant(seconds))
    np.save(folder / "waves.npy", waves.numpy())
    texts = [bytes.fromhex(text) for text in json.loads((folder / "texts.json").read_text())]
    strong = tf.strings.to_hash_bucket_strong(texts, 2**62 + 1, key=[42, 4242])
    fast = tf.strings.to_hash_bucket_fast(texts, 2**62 + 1)
    np.savez(folder / "hashes.npz", strong=strong.numpy(), fast=fast.numpy())


def _module(path: Path) -> Any:
    """Imported under its own name and known by it: Beam sends functions of an unknown module without their globals."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    listen()
    for argument in sys.argv[1:]:
        folder = Path(argument)
        (run if (folder / "inputs.json").exists() else calendar_and_hashes)(folder)
