"""Hashing of a combination of values into a fixed number of ids; crosses are made of features, not of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from towerlab.transforms.fingerprints import siphash
from towerlab.transforms.graph import graph, tf

if TYPE_CHECKING:
    from towerlab.transforms.arrays import Array

KEY = (42, 4242)


@graph
def cross_ids(parts: list[Any], size: int) -> Any:
    """Id per row in [0, size) of the combination. Each part is preceded by its length in bytes, so that no value can
    imitate a separator ('a' + 'bc' is not 'ab' + 'c'); SipHash with a fixed key is the same on every machine."""
    texts = [part if part.dtype == tf.string else tf.strings.as_string(part) for part in parts]
    sized = [tf.strings.join([tf.strings.as_string(tf.strings.length(part)), ":", part]) for part in texts]
    return tf.strings.to_hash_bucket_strong(tf.strings.join(sized), size, key=[42, 4242])


def cross_reference(parts: Sequence[Array], size: int) -> Array:
    """What `cross_ids` gives: each part is an array of byte strings or of ids."""
    from towerlab.transforms.arrays import per_value, texts

    joined = texts(hash_input(row) for row in zip(*(part.tolist() for part in parts), strict=True))
    return per_value(lambda text: siphash(text, KEY) % size, joined)


def hash_input(row: Sequence[bytes | int]) -> bytes:
    """The text that is hashed for one combination; no other combination has the same."""
    written = [value if isinstance(value, bytes) else b"%d" % value for value in row]
    return b"".join(b"%d:%s" % (len(value), value) for value in written)
