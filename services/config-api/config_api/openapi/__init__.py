"""The OpenAPI 3.1 document: made from the route table, the marshmallow schemas and a line per operation."""
