"""Whether an event's data fits the schema of its type."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from towerlab.domain.errors import pointer
from towerlab.events.catalog import CATALOG
from towerlab.events.envelope import SCHEMA, Event
from towerlab.events.schemas import data_schema

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

MAX_FAULTS, MAX_MESSAGE = 20, 300  # enough to mend an event by; what was sent is kept whole beside it


def misfit(event: Event) -> str:
    """What of `event`'s data does not fit the schema of its type, each with its JSON pointer; '' when all of it fits.
    The type is one of the catalog."""
    errors = sorted(_validator(event.type).iter_errors(event.data), key=lambda error: list(map(str, error.path)))
    told = [f"{pointer('data', *error.path)}: {error.message[:MAX_MESSAGE]}" for error in errors[:MAX_FAULTS]]
    return f"it does not fit schema {SCHEMA} of {event.type}: {'; '.join(told)}" if told else ""


@cache
def _validator(type: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # slow to import: the first event pays, not every start

    return Draft202012Validator(data_schema(CATALOG[type]))
