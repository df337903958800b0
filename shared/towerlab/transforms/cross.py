"""Hashing of a combination of values into a fixed number of ids; crosses are made of features, not of columns."""

from __future__ import annotations

from typing import Any

from towerlab.transforms.graph import graph, tf


@graph
def cross_ids(parts: list[Any], size: int) -> Any:
    """Id per row in [0, size) of the combination. Each part is preceded by its length in bytes, so that no value can
    imitate a separator ('a' + 'bc' is not 'ab' + 'c'); SipHash with a fixed key is the same on every machine."""
    texts = [part if part.dtype == tf.string else tf.strings.as_string(part) for part in parts]
    sized = [tf.strings.join([tf.strings.as_string(tf.strings.length(part)), ":", part]) for part in texts]
    return tf.strings.to_hash_bucket_strong(tf.strings.join(sized), size, key=[42, 4242])
