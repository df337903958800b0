"""All ideas of all kinds."""

from __future__ import annotations

from collections.abc import Iterator

from towerlab.configs.ideas.columns import columns
from towerlab.configs.ideas.crosses import crosses
from towerlab.configs.ideas.idea import Idea, Told
from towerlab.configs.ideas.numbers import numbers
from towerlab.configs.ideas.texts import texts
from towerlab.configs.ideas.times import times
from towerlab.configs.ideas.widths import widths

KINDS = (widths, texts, times, numbers, columns, crosses)


def ideas(told: Told) -> Iterator[Idea]:
    """Some may make no sense together with the rest of the config: whoever builds them finds out."""
    for kind in KINDS:
        yield from kind(told)
