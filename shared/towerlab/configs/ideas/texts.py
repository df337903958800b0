"""Vocabularies that take in more or fewer values, and texts by their words."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from towerlab.configs.ideas.idea import Idea, Raw, Told, changed
from towerlab.configs.lists import Side
from towerlab.domain.columns import ColumnProfile, ColumnType

SEPARATORS = ("|", ";", ",", " ")
WORDS = 2.0  # on average, from which a text is more than a name
MUCH = 0.005  # of the training rows, from which rare values are worth vectors of their own
RARE = 20  # rows


def texts(told: Told) -> Iterator[Idea]:
    for side, raw, profile in told.features("string_embedding"):
        if profile.type is ColumnType.STRING and not told.is_identifier(profile.name):
            yield from _words(told, side, raw, profile)
        yield from _frequencies(told, side, raw)


def _words(told: Told, side: Side, raw: Raw, profile: ColumnProfile) -> Iterator[Idea]:
    """Texts of several words, or lists of tags: what two of them share is learned from both."""
    seen = [str(entry["value"]) for entry in profile.top_values] or list(profile.sample_values)
    for separator in SEPARATORS:
        mean = fmean(len([part for part in text.split(separator) if part.strip()]) for text in seen) if seen else 0.0
        if mean < WORDS:
            continue
        parts = "words" if separator == " " else "tags"
        by_parts = {
            "column": raw["column"],
            "type": "multi_hot",
            "separator": separator,
            "embedding_dim": raw["embedding_dim"],
        }
        reason = (
            f"Its most frequent values have {mean:.1f} {parts} on average: a vector for each is learned from "
            f"all of the {profile.unique_count:,} values that have it."
        )
        yield Idea(f"{raw['column']} by its {parts}", told.with_feature(side, by_parts), reason, 80)
        return


def _frequencies(told: Told, side: Side, raw: Raw) -> Iterator[Idea]:
    column, least = raw["column"], raw["vocab_settings"]["min_frequency"]
    outlook = next((one for one in told.outlooks if (one.side, one.column) == (side, column)), None)
    if outlook is None or outlook.train_oov_rate is None:
        return
    share = outlook.train_oov_rate - told.missing.get((side, column), 0.0)  # what is missing is out of it too
    if least > 1 and share >= MUCH:
        reason = f"{share:.1%} of the training rows have a value that occurs in fewer than {least} of them; from one "
        reason += "row on each has a vector of its own."
        lists = told.with_feature(side, changed(raw, {"vocab_settings.min_frequency": 1}))
        yield Idea(f"{column} from 1 row on", lists, reason, 40 + min(round(200 * share), 30))
    elif least < RARE:
        reason = f"{outlook.known:,} values have vectors of their own; those in fewer than {RARE} rows may be better "
        reason += "off sharing one."
        lists = told.with_feature(side, changed(raw, {"vocab_settings.min_frequency": RARE}))
        yield Idea(f"{column} from {RARE} rows on", lists, reason, 14)
