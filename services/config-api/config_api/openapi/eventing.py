"""Operations about events: their types, and those that could not be handled."""

from __future__ import annotations

from collections.abc import Mapping

from towerlab.events.schemas import MEDIA_TYPE

from config_api.answers.dead_letters import DeadLetterAnswer, DeadLetterLine, DeadLetterPage
from config_api.answers.events import EventTypePage
from config_api.openapi.operation import Operation
from config_api.schemas.dead_letters import DeadLettersSchema
from config_api.schemas.quick_tests import NothingSchema

_LETTER = "/api/dead-letters/<letter:letter_id>/"
EVENTING: Mapping[str, Operation] = {
    "GET /api/events/": Operation("Event types, who sends and who receives them", {200: EventTypePage}),
    "GET /api/events/<string:type>/schema/": Operation(
        "The JSON Schema of an event type", {200: {"type": "object"}}, content=MEDIA_TYPE
    ),
    "GET /api/dead-letters/": Operation(
        "What services could not handle, newest first; for administrators",
        {200: DeadLetterPage},
        query=DeadLettersSchema,
    ),
    f"GET {_LETTER}": Operation("A dead letter with what was sent", {200: DeadLetterAnswer}, etag=True),
    f"POST {_LETTER}replay/": Operation(
        "Send its event again; the letter is gone, and comes again if that fails",
        {202: DeadLetterLine},
        body=NothingSchema,
        may_be_empty=True,
    ),
    f"DELETE {_LETTER}": Operation("Give it up", {204: None}, if_match=True),
}
