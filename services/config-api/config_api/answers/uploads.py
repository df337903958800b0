"""Answers about uploads."""

from __future__ import annotations

from config_api.answers.parts import Answered, text, whole


class UploadAnswer(Answered):
    uri = text(description="What a dataset's source names")
    sha256 = text()
    bytes = whole(minimum=1)
