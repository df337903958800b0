"""Answers about event types."""

from __future__ import annotations

from marshmallow import fields

from config_api.answers.parts import Answered, page_of, several, text, whole


class EventTypeAnswer(Answered):
    type = text(example="dataset.updated")
    about = text()
    producers = several(fields.String())
    consumers = several(fields.String())
    schema = whole(minimum=1, description="The number of the newest schema.")
    schema_url = text()


EventTypePage = page_of(EventTypeAnswer)
