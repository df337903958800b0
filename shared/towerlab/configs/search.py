"""Words by which configs are found: every beginning of every word of their names."""

from __future__ import annotations

import re
import unicodedata

LONGEST, MOST_WORDS = 16, 40
_WORD = re.compile(r"[^\W_]+")


def tokens(name: str, number: int) -> tuple[str, ...]:
    """What `words` of a search may be equal to. config-042 is found as config, 042 and 42."""
    named = [*words(name)[:MOST_WORDS], "config", f"{number:03d}", str(number)]
    return tuple(sorted({word[:length] for word in named for length in range(1, len(word) + 1)}))


def words(text: str) -> tuple[str, ...]:
    """The words of a search, longest first: the rarest is probably among the long ones."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = dict.fromkeys(word[:LONGEST] for word in _WORD.findall(plain))
    return tuple(sorted(found, key=len, reverse=True))
