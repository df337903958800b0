"""Starts quick tests when their code is there, cancels them, and sweeps up what was left behind."""
