"""Watches running quick tests, computes their results from stored ranks, keeps each config's best."""
