"""Sample, split, ranks, recall and loss from their definitions alone, in plain numpy: nothing of this project is
imported here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

BLOCK_BYTES = 64_000_000  # of scores looked at at once
SMALLEST_SHARE = 1e-6  # of the training rows, as TensorFlow Recommenders clips candidate_sampling_probability


def in_sample(customer: np.ndarray, percent: int) -> np.ndarray:
    """Whether each row's customer is in the sample: the first 8 hex digits of md5('s|' + id), modulo 10,000."""
    ids, row = np.unique(customer, return_inverse=True)
    digits = [hashlib.md5(f"s|{id}".encode()).hexdigest()[:8] for id in ids]
    chosen = np.array([int(eight, 16) % 10_000 < percent * 100 for eight in digits])
    return np.asarray(chosen[row])


def is_judged(customer: np.ndarray, moment: np.ndarray, row_id: np.ndarray, split: str) -> np.ndarray:
    """Whether each row is an evaluation row. 'time': the newest tenth of all rows, 'last': the newest fifth of every
    customer's; rounded up, of one moment the later row is newer."""
    group = np.unique(customer, return_inverse=True)[1] if split == "last" else np.zeros(len(customer), np.int64)
    kept, of = (4, 5) if split == "last" else (9, 10)
    order = np.lexsort((row_id, moment, group))
    rows = np.bincount(group)
    first = np.cumsum(rows) - rows
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - first[group[order]]
    return np.asarray((place >= rows[group] * kept // of) & (rows[group] > 1))


@dataclass(frozen=True)
class Places:
    """0-based places of each row's true product: the number of other candidates whose score is not below its own, so
    ties count against the model. Scores rounded to float32 can give every place from `fewest` to `most`."""

    place: np.ndarray
    fewest: np.ndarray
    most: np.ndarray

    def unexplained(self, recorded: np.ndarray) -> np.ndarray:
        """Which of the recorded places rounding does not explain."""
        return np.asarray((recorded < self.fewest) | (recorded > self.most))


def places(query: np.ndarray, candidate: np.ndarray, true: np.ndarray) -> Places:
    """query: [rows, dim], candidate: [candidates, dim], true: [rows], the candidate that was bought. Scores are dot
    products in float64. Raises ValueError for vectors that are not finite."""
    query, candidate = query.astype(np.float64), candidate.astype(np.float64)
    if not (np.isfinite(query).all() and np.isfinite(candidate).all()):
        raise ValueError("vectors that are not finite have no ranks")
    step = max(1, BLOCK_BYTES // (8 * len(candidate)))
    blocks = [slice(start, start + step) for start in range(0, len(query), step)]
    found = [_block(query[block], candidate, true[block]) for block in blocks]
    return Places(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _block(query: np.ndarray, candidate: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    own = np.arange(len(true)), true
    lead = query @ candidate.T
    lead -= lead[own][:, np.newaxis]
    lead[own] = -np.inf  # no rival of itself
    slack = rounding(query, candidate)[:, np.newaxis]
    return (lead >= 0).sum(axis=1), (lead > slack).sum(axis=1), (lead >= -slack).sum(axis=1)


def rounding(query: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """By how much the difference of two float32 scores of a row may be off: each dot product of n terms by up to
    n * eps/2 * |query| * |candidate| (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1)."""
    longest = np.linalg.norm(candidate, axis=1).max()
    return np.asarray(np.finfo(np.float32).eps * query.shape[1] * longest * np.linalg.norm(query, axis=1))


def recall(place: np.ndarray, k: int) -> float:
    """Share of rows whose 0-based place is below k."""
    return float(np.mean(place < k))


def log_shares(product: np.ndarray, products: int) -> np.ndarray:
    """Log of each product's share of the training rows, the sampling probability Q of in-batch negatives (Yi et al.
    2019, Sampling-bias-corrected neural modeling)."""
    rows = np.bincount(product, minlength=products)
    return np.asarray(np.log(np.maximum(rows / len(product), SMALLEST_SHARE)))


def batch_loss(
    query: np.ndarray, candidate: np.ndarray, product: np.ndarray, log_q: np.ndarray, remove_accidental_hits: bool
) -> float:
    """The sum over a batch's rows of -log softmax of the row's own candidate among those of all rows, in float64.

    query, candidate: [batch, dim], one candidate a row. product: [batch]. log_q: [batch], of the row's product, zeros
    without the correction. An accidental hit is another row's candidate that is the row's own product.
    """
    logits = query.astype(np.float64) @ candidate.astype(np.float64).T - log_q
    own = logits.diagonal().copy()
    if remove_accidental_hits:
        hits = product[:, np.newaxis] == product
        np.fill_diagonal(hits, False)
        logits[hits] = -np.inf
    highest = logits.max(axis=1)
    total = np.log(np.exp(logits - highest[:, np.newaxis]).sum(axis=1)) + highest
    return float((total - own).sum())
