"""TFT's analysis graph, carried out in this process over Arrow batches instead of element by element on Beam.

The graph, the combiners and the saved transform are TFT's own; only the plumbing between them is here. It leans on
TFT internals, which nothing else imports. A node that is not known here raises Unsupported: the caller uses Beam.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import analyzers, annotators, graph_tools, impl_helper, nodes
from tensorflow_transform.beam import analysis_graph_builder
from tensorflow_transform.beam import impl as beam_impl
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io
from tfx_bsl.tfxio import tensor_adapter, tensor_to_arrow, tf_example_record

from pipeline import fitted

BATCH_ROWS = 65536

PreprocessingFn = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Apply = Callable[[pa.RecordBatch], dict[str, Any]]


class Unsupported(Exception):
    """The analysis graph has a node that this module does not know."""


class _Interpreter(nodes.Visitor):
    """Visits the analysis graph; the value of every node is the list of its elements, where Beam has a PCollection."""

    def __init__(
        self, transform: LocalTransform, batches: Sequence[pa.RecordBatch], fingerprint: Any, folder: str
    ) -> None:
        self.transform, self.batches, self.fingerprint, self.folder = transform, batches, fingerprint, folder
        self.fitted = fitted.Values()

    def validate_value(self, value: Any) -> None:
        assert isinstance(value, list), type(value)

    def visit(self, operation: Any, inputs: Sequence[list[Any]]) -> tuple[list[Any], ...]:
        handler = getattr(self, f"on_{type(operation).__name__}", None)
        if handler is None:
            raise Unsupported(type(operation).__name__)
        result = handler(operation, *inputs)
        return result if isinstance(result, tuple) else (result,)

    # the graph itself

    def on_ExtractInputForSavedModel(self, _: Any) -> list[Any]:
        return list(self.batches)

    def on_CreateTensorBinding(self, operation: Any, values: list[Any]) -> list[Any]:
        (value,) = values
        self.fitted.add(operation.tensor_name, operation.is_asset_filepath, value)
        return [
            beam_impl._TensorBinding(value, operation.tensor_name, operation.dtype_enum, operation.is_asset_filepath)
        ]

    def on_CreateSavedModel(self, operation: Any, *bindings: list[Any]) -> list[Any]:
        replacements = beam_impl._get_tensor_replacement_map(None, *[b for (b,) in bindings]) if bindings else None
        outputs = operation.output_signature
        plain = all(isinstance(value, tf.Tensor) for value in outputs.values())
        names = {key: value.name for key, value in outputs.items()} if plain else {}
        transform = self.transform
        return [
            beam_impl._create_v2_saved_model(
                replacements, self.folder, transform.preprocessing_fn, transform.specs, self.fingerprint, names, None
            )
        ]

    def on_ApplySavedModel(self, _: Any, models: list[Any], batches: list[Any]) -> list[Any]:
        apply = self.transform.applier(models[0])
        return [{key: _as_array(value) for key, value in apply(batch).items()} for batch in batches]

    def on_ExtractFromDict(self, operation: Any, values: list[Any]) -> list[Any]:
        keys = operation.keys
        return [tuple(v[key] for key in keys) if isinstance(keys, tuple) else v[keys] for v in values]

    def on_Flatten(self, _: Any, *collections: list[Any]) -> list[Any]:
        return [value for collection in collections for value in collection]

    def on_FlattenLists(self, _: Any, values: list[Any]) -> list[Any]:
        return [element for value in values for element in value]

    def on_AddKey(self, operation: Any, values: list[Any]) -> list[Any]:
        return [(operation.key, value) for value in values]

    # combiners

    def on_CacheableCombineAccumulate(self, operation: Any, values: list[Any]) -> list[Any]:
        return [_accumulate(operation.combiner, values)]

    def on_CacheableCombineMerge(self, operation: Any, accumulators: list[Any]) -> list[Any]:
        return [_merged_output(operation.combiner, accumulators)]

    def on_PackedCombineAccumulate(self, operation: Any, values: list[Any]) -> list[Any]:
        return [
            {c.label: _accumulate(c.combiner, [tuple(v[key] for key in c.keys) for v in values])
             for c in operation.combiners}
        ]  # fmt: skip

    def on_PackedCombineMerge(self, operation: Any, keyed: list[Any]) -> list[Any]:
        by_key = defaultdict(list)
        for key, accumulator in keyed:
            by_key[key].append(accumulator)
        return [{c.label: _merged_output(c.combiner, by_key[c.keys[0]]) for c in operation.combiners}]

    def _extract_outputs(self, operation: Any, values: list[Any]) -> tuple[list[Any], ...]:
        (outputs,) = values
        assert len(outputs) == operation.num_outputs
        return tuple([output] for output in outputs)

    on_ExtractCombineMergeOutputs = _extract_outputs
    on_ExtractPackedCombineMergeOutputs = _extract_outputs

    # vocabularies: one element (tokens, counts) of two Arrow columns, where Beam has one element a token

    def on_VocabularyAccumulate(self, operation: Any, values: list[Any]) -> list[Any]:
        if operation.vocab_ordering_type != analyzers._VocabOrderingType.FREQUENCY:
            raise Unsupported(f"VocabularyAccumulate by {operation.vocab_ordering_type}")
        tokens = pa.chunked_array([_tokens(value[0]) for value in values])
        counted = pc.value_counts(tokens)
        return [(counted.field("values"), counted.field("counts"))]

    def on_VocabularyMerge(self, _: Any, counted: list[Any]) -> list[Any]:
        if len(counted) != 1:
            raise Unsupported("VocabularyMerge of several caches")
        return counted

    def on_VocabularyCount(self, _: Any, counted: list[Any]) -> list[Any]:
        return [np.int64(max(len(counted[0][0]), 1))]  # an empty vocabulary is written with one dummy token

    def on_VocabularyPrune(self, operation: Any, counted: list[Any]) -> list[Any]:
        if operation.coverage_top_k or operation.key_fn:
            raise Unsupported("VocabularyPrune by key")
        tokens, counts = counted[0]
        if operation.frequency_threshold:
            frequent = pc.greater_equal(counts, int(operation.frequency_threshold))
            tokens, counts = tokens.filter(frequent), counts.filter(frequent)
        tokens, counts = _most_frequent_first(tokens, counts)
        if operation.top_k is not None:
            tokens, counts = tokens.slice(0, operation.top_k), counts.slice(0, operation.top_k)
        return [(tokens, counts)]

    def on_VocabularyOrderAndWrite(self, operation: Any, counted: list[Any], reserved: Any = None) -> list[Any]:
        if reserved or operation.file_format != "text" or operation.fingerprint_shuffle:
            raise Unsupported("VocabularyOrderAndWrite with reserved tokens, shuffled, or not as text")
        tokens, counts = (column.to_pylist() for column in _most_frequent_first(*counted[0]))
        if not tokens:
            ((count, token),) = [analyzers.get_empy_vocabulary_dummy_value(operation.input_dtype)]
            tokens, counts = [tf.compat.as_bytes(tf.compat.as_str_any(token))], [count]
        path = os.path.join(self.folder, operation.vocab_filename)
        with open(path, "wb") as file:
            for token, count in zip(tokens, counts, strict=True):
                file.write(b"%d %s\n" % (count, token) if operation.store_frequency else token + b"\n")
        return [np.array(path)]


def _as_array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, tf.Tensor) else value


def _accumulate(combiner: Any, batches: Sequence[Any]) -> Any:
    accumulator = combiner.create_accumulator()
    for batch in batches:
        accumulator = combiner.add_input(accumulator, batch)
    return combiner.compact(accumulator) if hasattr(combiner, "compact") else accumulator


def _merged_output(combiner: Any, accumulators: Sequence[Any]) -> Any:
    return combiner.extract_output(combiner.merge_accumulators([a for a in accumulators if a is not None]))


def _tokens(values: np.ndarray) -> pa.Array:
    return pa.array(values.ravel().tolist(), pa.binary() if values.dtype == object else None)


def _most_frequent_first(tokens: pa.Array, counts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """By count, then by token, both descending, as TFT orders them."""
    if not pa.types.is_binary(tokens.type):
        tokens = pc.cast(pc.cast(tokens, pa.string()), pa.binary())
    keys = [("count", "descending"), ("token", "descending")]
    order = pc.sort_indices(pa.table({"count": counts, "token": tokens}), sort_keys=keys)
    return tokens.take(order), counts.take(order)


class LocalTransform:
    """A preprocessing_fn fitted on one split and applied to others."""

    def __init__(self, schema: schema_pb2.Schema, preprocessing_fn: PreprocessingFn) -> None:
        self.schema, self.preprocessing_fn = schema, preprocessing_fn
        source = tf_example_record.TFExampleRecord("unused", schema=schema, telemetry_descriptors=["Transform"])
        self.arrow_schema = source.ArrowSchema()
        self._adapter_config = source.TensorAdapterConfig()
        self._adapter = tensor_adapter.TensorAdapter(self._adapter_config)
        self.specs = self._adapter.OriginalTypeSpecs()
        self._appliers: dict[str, Apply] = {}

    def batches(self, table: pa.Table) -> list[pa.RecordBatch]:
        """The split's list columns as the tensor adapter expects them."""
        columns = []
        for field in self.arrow_schema:
            lists = table.column(field.name).combine_chunks()
            lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
            values = lists.values.cast(field.type.value_type)
            columns.append(pa.LargeListArray.from_arrays(lists.offsets.cast(pa.int64()), values))
        whole = pa.RecordBatch.from_arrays(columns, schema=self.arrow_schema)
        return [whole.slice(start, BATCH_ROWS) for start in range(0, whole.num_rows, BATCH_ROWS)]

    def applier(self, model: str) -> Apply:
        """The function that a saved transform is, over Arrow batches; loaded once."""
        if model not in self._appliers:
            self._appliers[model] = self._load(model)
        return self._appliers[model]

    def _load(self, model: str) -> Apply:
        state = beam_impl._RunMetaGraphDoFn._GraphStateV2(model, set(self._adapter_config.tensor_representations), [])
        adapter = self._adapter

        def apply(batch: pa.RecordBatch) -> dict[str, Any]:
            tensors = adapter.ToBatchTensors(batch, produce_eager_tensors=True)
            outputs: dict[str, Any] = state.callable_get_outputs(tensors)
            return outputs

        return apply

    def fit(self, batches: Sequence[pa.RecordBatch], transform_graph: str, scratch: str) -> None:
        """Analyse `batches` and write the transform graph, laid out as TFX Transform does. Raises Unsupported."""
        tf.io.gfile.makedirs(scratch)
        graph, inputs, outputs = impl_helper.trace_preprocessing_function(
            self.preprocessing_fn, self.specs, False, scratch
        )
        assets = annotators.get_asset_annotations(graph)
        annotators.clear_asset_annotations(graph)
        fingerprint = graph_tools.get_analyzers_fingerprint(graph, inputs)
        model, _, side_effects = analysis_graph_builder.build(graph, inputs, outputs, {}.keys(), cache_dict=None)
        interpreter = _Interpreter(self, batches, fingerprint, scratch)
        traverser = nodes.Traverser(interpreter)
        (saved_model,) = traverser.visit_value_node(model)
        for node in side_effects:
            traverser.visit_value_node(node)
        self._write(transform_graph, saved_model, assets)
        interpreter.fitted.write(transform_graph)

    def _write(self, transform_graph: str, saved_model: str, assets: Mapping[str, str]) -> None:
        metadata = beam_impl._infer_metadata_from_saved_model_v2(saved_model)
        folder = os.path.join(transform_graph, tft.TFTransformOutput.TRANSFORMED_METADATA_DIR)
        metadata_io.write_metadata(metadata, folder)
        with tf.io.gfile.GFile(os.path.join(folder, tft.TFTransformOutput.ASSET_MAP), "w") as file:
            file.write(json.dumps(assets))
        raw = os.path.join(transform_graph, tft.TFTransformOutput.RAW_METADATA_DIR)
        metadata_io.write_metadata(dataset_metadata.DatasetMetadata(self.schema), raw)
        self.model = os.path.join(transform_graph, tft.TFTransformOutput.TRANSFORM_FN_DIR)
        _copy_tree(saved_model, self.model)
        self.transformed_schema = metadata.schema

    def apply(self, batches: Sequence[pa.RecordBatch], transform_graph: str) -> Iterator[pa.RecordBatch]:
        """The transformed columns of `batches`, as list columns."""
        specs = tft.TFTransformOutput(transform_graph).transformed_feature_spec()
        tensors = {name: tf.TensorSpec([None, *spec.shape], spec.dtype) for name, spec in specs.items()}
        converter = tensor_to_arrow.TensorsToRecordBatchConverter(tensors)
        apply = self.applier(self.model)
        for batch in batches:
            yield converter.convert(apply(batch))


def _copy_tree(source: str, target: str) -> None:
    """Copy a folder, also from this machine to a bucket."""
    for folder, _, files in tf.io.gfile.walk(source):
        destination = os.path.join(target, os.path.relpath(folder, source)) if folder != source else target
        tf.io.gfile.makedirs(destination)
        for name in files:
            tf.io.gfile.copy(os.path.join(folder, name), os.path.join(destination, name), overwrite=True)
