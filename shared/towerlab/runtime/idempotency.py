"""POSTs that may be repeated: the answer is kept under the caller's key in the very commit that has the effect."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from towerlab.domain.errors import Invalid, Problem, TowerlabError
from towerlab.domain.times import rfc3339
from towerlab.ports.documents import Put
from towerlab.runtime import records
from towerlab.runtime.records import Answered
from towerlab.runtime.wiring import Deps

LIFETIME = timedelta(hours=24)
_KEY = re.compile(r"[!-~]{1,255}")
Answer = tuple[dict[str, Any], int, dict[str, str]]


class AnsweredBefore(TowerlabError):
    """The same request was carried out already, perhaps a moment ago; `answer` is what it was given."""

    def __init__(self, answered: Answered) -> None:
        self.answer: Answer = (dict(answered.body), answered.status, dict(answered.headers))
        super().__init__("this request was answered before")


@dataclass(frozen=True)
class Receipt:
    """What makes one request the same as another: `id` of caller, path and key; `fingerprint` of the body.
    `show` makes the answer that will be kept from what the command gives."""

    id: str
    fingerprint: str
    show: Callable[[Any], Answer]


def receipt(caller: str, path: str, key: str, body: bytes, show: Callable[[Any], Answer]) -> Receipt:
    """Raises Invalid for a key that is too long or not visible."""
    if not _KEY.fullmatch(key):
        message = "an Idempotency-Key has 1 to 255 visible ASCII characters"
        raise Invalid([Problem("", "idempotency_key", message, "Use a random UUID.")])
    named = "\n".join([caller, path.rstrip("/"), key])
    return Receipt(hashlib.sha256(named.encode()).hexdigest(), hashlib.sha256(body).hexdigest(), show)


def refuse_repetition(deps: Deps, asked: Receipt) -> None:
    """Raises AnsweredBefore for a request that was carried out, and Invalid for its key with another body."""
    held = records.find(deps.documents, Answered, asked.id)
    if held is None or _expired(held.value, deps.clock.now()):
        return
    if held.value.fingerprint != asked.fingerprint:
        message = "this Idempotency-Key was used for another body"
        raise Invalid([Problem("", "idempotency_key_reused", message, "Use a new key for a new request.")])
    raise AnsweredBefore(held.value)


def kept(deps: Deps, asked: Receipt, outcome: object) -> Put:
    """The write that keeps the answer to `outcome`; it fails when the same request was a moment faster."""
    body, status, headers = asked.show(outcome)
    expires = rfc3339(deps.clock.now() + LIFETIME)
    stale = records.find(deps.documents, Answered, asked.id)
    expect = stale.revision if stale and _expired(stale.value, deps.clock.now()) else None
    return records.put(Answered(asked.fingerprint, status, headers, body, expires), asked.id, expect)


def _expired(answered: Answered, now: datetime) -> bool:
    return datetime.fromisoformat(answered.expires_at) <= now
