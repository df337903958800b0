"""The HTTP API of datasets, feature configs and quick tests."""
