"""Numbers: buckets on, off, fewer; the logarithm of skewed ones."""

from __future__ import annotations

from collections.abc import Iterator

from towerlab.configs.defaults import SKEWED
from towerlab.configs.ideas.idea import Idea, Raw, Told, changed
from towerlab.configs.lists import Side

FEW, NARROW = 20, 8
BUCKETS = "transforms.bucketize."


def numbers(told: Told) -> Iterator[Idea]:
    for side, raw, profile in told.features("numeric"):
        yield from _buckets(told, side, raw)
        if (profile.skewness or 0.0) > SKEWED and not raw["transforms"]["log_transform"]:
            values = {"transforms.log_transform": True, "transforms.normalize.enabled": True}
            reason = f"Skewness {profile.skewness:.1f} is above {SKEWED:g}: a logarithm spreads it out."
            yield Idea(f"log of {raw['column']}", told.with_feature(side, changed(raw, values)), reason, 42)


def _buckets(told: Told, side: Side, raw: Raw) -> Iterator[Idea]:
    column, now = raw["column"], raw["transforms"]["bucketize"]
    if not now["enabled"]:
        values = {BUCKETS + "enabled": True, BUCKETS + "buckets": FEW, BUCKETS + "embedding_dim": NARROW}
        reason = f"One number lets the tower learn a straight line of {column}; {FEW} buckets any shape."
        yield Idea(f"{column} in {FEW} buckets", told.with_feature(side, changed(raw, values)), reason, 44)
        return
    used = told.known.filled.get((side, column))
    if used is not None and 2 <= used < now["buckets"] // 2:
        reason = f"Equal values leave {used} of its {now['buckets']} buckets in use."
        values = {BUCKETS + "buckets": used}
        yield Idea(f"{column} in {used} buckets", told.with_feature(side, changed(raw, values)), reason, 36)
    if now["buckets"] > FEW:
        values = {BUCKETS + "buckets": FEW, BUCKETS + "embedding_dim": min(NARROW, now["embedding_dim"])}
        reason = f"{now['buckets']} buckets of {now['embedding_dim']} dimensions are learned from few rows each: "
        reason += f"{FEW} of {values[BUCKETS + 'embedding_dim']} from more."
        yield Idea(f"{column} in {FEW} buckets", told.with_feature(side, changed(raw, values)), reason, 38)
    values = {BUCKETS + "enabled": False, "transforms.normalize.enabled": True}
    reason = f"If one number says as much as {now['buckets']} buckets, there is less to learn."
    yield Idea(f"{column} without buckets", told.with_feature(side, changed(raw, values)), reason, 12)
