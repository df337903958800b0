"""Answers about what services could not handle."""

from __future__ import annotations

from config_api.answers.parts import Answered, anything, flag, moment, page_of, text, whole


class DeadLetterLine(Answered):
    id = text(example="config-api.01k2m3n4p5q6r7s8t9v0w1x2y3")
    at = moment()
    consumer = text(null=True, example="config-api")
    type = text(null=True, example="dataset.updated", description="null where no event was sent.")
    event_id = text(null=True)
    source = text(null=True)
    reason = text()
    attempts = whole(minimum=0, description="Deliveries in vain; 0: it was delivered, and set aside.")
    replayable = flag()


class DeadLetterAnswer(DeadLetterLine):
    event = anything(type=["object", "null"], description="As it was sent.")
    content = text(null=True, description="What came instead of an event.")


DeadLetterPage = page_of(DeadLetterLine)
