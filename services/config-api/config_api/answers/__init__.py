"""Marshmallow schemas of what the API answers: the OpenAPI document is made from them, tests hold answers to them."""
