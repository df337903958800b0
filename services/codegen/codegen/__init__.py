"""Turns a config version into the code that the pipeline runs."""
