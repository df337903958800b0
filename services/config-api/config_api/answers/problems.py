"""Refusals: RFC 9457 with every fault of the request."""

from __future__ import annotations

from config_api.answers.parts import Answered, several, text, whole


class Fault(Answered):
    pointer = text(description="RFC 6901 pointer into the request, '' for the whole of it")
    code = text()
    message = text()
    remedy = text()


class ProblemAnswer(Answered):
    type = text()
    title = text()
    status = whole(minimum=400, maximum=599)
    detail = text()
    errors = several(Fault)
    correlation_id = text(description="The log has this request under it")
