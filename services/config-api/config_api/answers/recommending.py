"""Answers with templates and recommendations."""

from __future__ import annotations

from marshmallow import fields

from config_api.answers.parts import Answered, choice, flag, mapped, number, page_of, several, text, whole


class TemplateAnswer(Answered):
    key = text(example="ids_only")
    title = text()
    description = text()


class EmbeddingAnswer(Answered):
    column = text()
    type = text()
    unique_count = whole(minimum=0)
    exact = flag()
    embedding_dim = whole(minimum=4, example=64)
    low = whole(minimum=4)
    high = whole(minimum=4)
    parameters = whole(minimum=0)
    reason = text(example="Recommended: 32-64 for 43K unique values")


class CrossAnswer(Answered):
    model = choice(("buyer", "product"))
    features = several(fields.String())
    hash_bucket_size = whole(minimum=100, example=5000)
    embedding_dim = whole(minimum=4, example=16)
    unique_counts = mapped(fields.Integer())
    possible = whole(minimum=0)
    observed = whole(minimum=0, null=True)
    expected_collisions = number(minimum=0)
    determined_by = text(null=True)
    reason = text()


TemplatePage = page_of(TemplateAnswer)
EmbeddingPage = page_of(EmbeddingAnswer)
