"""docs/events.md and the schemas beside it: what other domains send and receive."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from towerlab.events.catalog import CATALOG, OTHER_DOMAINS, EventType, comes_from_outside
from towerlab.events.codec import MAX_PUSHED_BYTES
from towerlab.events.fields import FIELDS
from towerlab.events.schemas import example, schema_of

_HEAD = """# Events of other domains

Written by `make events-page` from `shared/towerlab/events`; a test compares.

Events are [CloudEvents 1.0](https://github.com/cloudevents/spec) in structured JSON. On Google Cloud each type is a
Pub/Sub topic of that name: the event is the message's data, and the message has the attributes `type` and
`content-type: application/cloudevents+json`. Who may publish or subscribe: [cloud.md](cloud.md). The schemas are JSON
Schema (draft 2020-12), beside this page and at `GET /api/events/<type>/schema/`; `GET /api/events/` lists the types.

- An event comes at least once, in any order. Its `id` says whether it is new; ids are unique among all senders, as
  UUIDs are.
- `schema` is the number of the event's schema, 1 where it is missing. Fields may be added under the same number, so a
  receiver ignores those it does not know. A change that would break a receiver gets a new number.
- `correlationid`, if it is there, binds together the log lines of all services about one thing.
- `replay`, if it is there, marks an event that an administrator has sent once more. Who has handled it, by its `id`,
  has nothing to do.
"""
_SENDING = f"""## What other domains send

{{table}}

What does not fit is kept as a dead letter, with a reason that says what and where, and is not asked for again:

| what was sent | what becomes of it |
|---|---|
| data that does not fit the schema | dead letter: `... /data/dataset_id: 7 is not of type 'string'` |
| a newer schema than this release knows | dead letter, as it was sent; replay it after the update |
| an object that is not known here | dead letter: `no dataset with id 'x'` |
| no CloudEvents 1.0, or over {MAX_PUSHED_BYTES:,} bytes | dead letter without an event; it cannot be replayed |

`towerlab dead-letters list` shows them; [the runbook](runbook.md#replay-dead-letters) says what to do with them.
"""
_RECEIVING = """## What other domains receive

{table}
"""


def files() -> Mapping[str, str]:
    """Paths below docs/, and what is in them."""
    others = [event for event in CATALOG.values() if event.concerns_others]
    schemas = {f"events/{event.name}.json": json.dumps(schema_of(event), indent=2) + "\n" for event in others}
    return {"events.md": page(others), **schemas}


def page(events: Sequence[EventType]) -> str:
    sent = [event for event in events if comes_from_outside(event.name)]
    received = [event for event in events if OTHER_DOMAINS in event.consumers]
    parts = [_HEAD, _SENDING.format(table=_table(sent)), *_examples(sent)]
    parts += [_RECEIVING.format(table=_table(received)), *_examples(received[:1]), _fields(events)]
    return "\n".join(parts)


def _table(events: Sequence[EventType]) -> str:
    rows = [f"| [{one.name}](events/{one.name}.json) | {_named(one.fields)} | {one.about} |" for one in events]
    return "\n".join(["| type | data | what has happened |", "|---|---|---|", *rows])


def _examples(events: Sequence[EventType]) -> Iterator[str]:
    for event in events:
        yield f"```json\n{_json(example(event))}\n```\n"


def _fields(events: Sequence[EventType]) -> str:
    names = dict.fromkeys(name for event in events for name in event.fields)
    rows = [f"| `{name}` | {FIELDS[name].about} | `{_json(FIELDS[name].fits, None)}` |" for name in names]
    return "\n".join(["## What the data means", "", "| field | what | schema |", "|---|---|---|", *rows, ""])


def _named(fields: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in fields)


def _json(value: Any, indent: int | None = 2) -> str:
    return json.dumps(value, indent=indent)


def main(docs: Path) -> None:
    for name, content in files().items():
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text(content, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
